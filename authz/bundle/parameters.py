"""The parameters of a policy: their defaults, and values that an operator sets instead."""

from collections.abc import Iterator, Mapping
from typing import Any

from authz.bundle.catalogue import request as catalogue
from authz.bundle.records import Classes
from authz.bundle.report import Report
from authz.bundle.toml_schema import ParameterTable
from authz.bundle.values import read_value, value_help
from authz.bundle.vocabulary import PARAMETERS, Vocabulary, attribute
from authz.documents.places import Loc, diagnostic_at
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import DiagnosticError, did_you_mean


def default_parameters(vocabulary: Vocabulary, classes: Classes, report: Report) -> Any:
    """The parameters record with every default; defaults of another type or out of bounds are reported."""
    defaults = {name: table.default for name, table in vocabulary.parameters.items()}
    values, problems = _read(vocabulary, defaults)
    for name, entry, problem in problems:
        help = value_help(vocabulary.parameter_types[name], defaults[name])
        report.add(entry, ("parameters", name, "default"), problem, help)
    return classes[PARAMETERS](**{attribute(name): values.get(name) for name in defaults})


def read_parameters(
    parameters: Any, vocabulary: Vocabulary, classes: Classes, settings: object, shown: str = "parameters", at: Loc = ()
) -> Any:
    """A parameters record with some parameters set otherwise; `at` is where they stand in the document `shown`.

    Raises:
        DiagnosticError: a parameter is unknown, of another type, or out of bounds.
    """
    if not isinstance(settings, Mapping):
        raise DiagnosticError([diagnostic_at(shown, at, "is not an object")])
    known = vocabulary.parameters
    diagnostics = [
        diagnostic_at(shown, (*at, name), "is not known here", did_you_mean(name, known))
        for name in settings
        if name not in known
    ]
    values, problems = _read(vocabulary, {name: value for name, value in settings.items() if name in known})
    diagnostics += (diagnostic_at(shown, (*at, name), problem) for name, _, problem in problems)
    if diagnostics:
        raise DiagnosticError(diagnostics)
    kept = {attribute(name): getattr(parameters, attribute(name)) for name in known}
    return classes[PARAMETERS](**{**kept, **{attribute(name): value for name, value in values.items()}})


def _read(
    vocabulary: Vocabulary, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[str, CatalogueEntry, str]]]:
    """The values of parameters, and the name, the kind and the text of each problem."""
    values: dict[str, Any] = {}
    problems: list[tuple[str, CatalogueEntry, str]] = []
    for name, value in settings.items():
        try:
            values[name] = read_value(vocabulary.parameter_types[name], value, vocabulary.bare_date_zone)
        except ValueError as error:
            problems.append((name, catalogue.INVALID_DEFAULT, str(error)))
        else:
            bounds = _out_of_bounds(value, vocabulary.parameters[name])
            problems += ((name, catalogue.PARAMETER_OUT_OF_BOUNDS, problem) for problem in bounds)
    return values, problems


def _out_of_bounds(value: object, table: ParameterTable) -> Iterator[str]:
    if isinstance(value, int):
        if table.minimum is not None and value < table.minimum:
            yield f"`{value}` is less than {table.minimum}"
        if table.maximum is not None and value > table.maximum:
            yield f"`{value}` is more than {table.maximum}"
