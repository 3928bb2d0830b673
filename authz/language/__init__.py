"""The language: parses and type-checks Polar for any vocabulary, and has the IR that the other rooms work on."""
