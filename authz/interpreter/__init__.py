"""Evaluate the IR directly over one request's records: with two truth values, or with three."""
