"""The policy decision point: policies, decisions, their expiry, and search."""
