"""Explanations: the conditions of a decision, and the smallest change that would allow."""
