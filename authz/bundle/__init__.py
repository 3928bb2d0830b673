"""Bundles: a policy with its vocabulary, parameters and reasons, all of it data; loading one runs no code from it."""
