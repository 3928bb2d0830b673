"""Code generation from checked programs: one folder a target language."""
