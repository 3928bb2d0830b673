"""The language: Polar text in, checked and typed rules out; knows nothing of students."""
