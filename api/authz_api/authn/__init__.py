"""Authentication: API keys, signed tokens, and the callers they belong to."""
