"""Fact stores, the gathering of the records that rules read, and the changes that facts can have."""
