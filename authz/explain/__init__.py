"""Explaining: why a request is decided so, and the smallest change that would allow it; knows nothing of students."""
