"""HTTP in, Decision out: the AuthZEN endpoints."""
