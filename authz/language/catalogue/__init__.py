"""The catalogue of the language's diagnostics: every code of the parser and the type checker."""
