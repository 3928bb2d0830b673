"""Code generation: checked rules become code, one package for each target."""
