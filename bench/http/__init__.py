"""HTTP under load: our service, a plain route that does the same, and Cerbos, one core each in turn."""
