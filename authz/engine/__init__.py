"""Deciding: a request's records in, a Decision out; knows nothing of students."""
