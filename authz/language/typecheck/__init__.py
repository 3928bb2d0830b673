"""The type checker: parsed files in, typed rules or every diagnostic out."""
