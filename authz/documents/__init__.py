"""Read JSON, YAML 1.2 and TOML strictly, and report each problem with its place.

Duplicate keys, NaN, lone surrogates and unbounded nesting are errors: each lets two readers of one document disagree
on its content.
"""
