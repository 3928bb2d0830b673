"""Compiled forms: one file a target, checked rules in; know nothing of students."""
