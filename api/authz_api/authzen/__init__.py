"""The AuthZEN endpoints: one pipeline from a call to its response."""
