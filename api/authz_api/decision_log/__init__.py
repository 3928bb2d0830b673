"""The decision log: one entry a call, written before the response leaves."""
