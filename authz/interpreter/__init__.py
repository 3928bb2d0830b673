"""Evaluate the IR directly: two-valued with a trace, and three-valued."""
