"""Lint: what is suspect in the rules and the vocabulary of a bundle, although each rule is well-typed."""

from authz.bundle.loading import Bundle
from authz.language.diagnostics import Diagnostic
from authz.language.sources import Sources
from authz.verify.lint.constants import impossible_constants
from authz.verify.lint.declarations import misspelt_layers, unused_enumerations, unused_parameters
from authz.verify.lint.rules import contradictions, double_equals, unused_rules


def lint(bundle: Bundle) -> tuple[Diagnostic, ...]:
    """The warnings about a bundle's TOML files, and then those about its rules in order of place."""
    sources = Sources.of(bundle.path, bundle.files)
    in_rules = (
        *double_equals(bundle.files, sources),
        *unused_rules(bundle, sources),
        *contradictions(bundle.program, sources),
        *impossible_constants(bundle, sources),
    )
    in_tables = (*unused_parameters(bundle), *unused_enumerations(bundle), *misspelt_layers(bundle))
    return (*in_tables, *sorted(in_rules))
