"""Verify a bundle: check it, run its scenarios, fuzz it. The functions behind `authz check`, `test` and `fuzz`."""
