"""Passes over the IR: definitions, substitution, simplification, and what rules read."""
