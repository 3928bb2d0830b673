"""The decision log: one entry for each call, written before the response leaves."""
