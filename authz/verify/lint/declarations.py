"""Lint of the TOML files: what they declare and nothing uses."""

from collections.abc import Iterator
from pathlib import Path

from authz.bundle.derived import source_paths
from authz.bundle.files import MANIFEST, REASONS, VOCABULARY
from authz.bundle.loading import Bundle
from authz.bundle.report import Report
from authz.bundle.vocabulary import PARAMETERS, Vocabulary
from authz.documents.text import read_policy_text
from authz.language.diagnostics import Diagnostic, did_you_mean
from authz.language.ir import Access, Compare, Constant, Member, Program, Variable, subformulas, values
from authz.language.types import Collection, Optional, Record, Type
from authz.verify import catalogue


def unused_parameters(bundle: Bundle) -> list[Diagnostic]:
    """Parameters that no rule and no derived field reads."""
    report, vocabulary = _report(bundle, MANIFEST), bundle.vocabulary
    paths = [path.split(".") for table in vocabulary.derived.values() for path in source_paths(table)]
    read = {path[1] for path in paths if path[0] == "parameters"}
    for access in _accesses(bundle.program):
        names = access.fields if access.root.type == Record(PARAMETERS) else access.fields[1:]
        if names and (len(names) == len(access.fields) or access.fields[0] == "parameters"):
            read.add(names[0])
    for name in vocabulary.parameters:
        if name not in read:
            problem = "no rule and no derived field reads this parameter"
            report.add(catalogue.UNUSED_PARAMETER, ("parameters", name), problem, "use it, or remove it")
    return report.diagnostics


def unused_enumerations(bundle: Bundle) -> list[Diagnostic]:
    """Enumerations of no field, and values that rules do not tell from each other although they name others.

    One value that rules do not name is what remains when the others are excluded, and no warning.
    """
    report, vocabulary = _report(bundle, VOCABULARY), bundle.vocabulary
    types = {_plain(kind) for kind in _declared_types(vocabulary)}
    named, compared = _constants(bundle.program) | _declared_constants(vocabulary), _compared(bundle.program)
    for name, enumeration in vocabulary.enumerations.items():
        if enumeration not in types:
            problem = "no field, property or parameter is of this enumeration"
            report.add(catalogue.UNUSED_ENUMERATION, ("enumerations", name), problem, "use it, or remove it")
        unnamed = [index for index, value in enumerate(enumeration.values) if value not in named]
        if 1 < len(unnamed) < len(enumeration.values) and enumeration not in compared:
            for index in unnamed:
                problem = f"rules name other values of `{name}`, and not `{enumeration.values[index]}`"
                loc = ("enumerations", name, index)
                report.add(catalogue.UNUSED_VALUE, loc, problem, "name it in a rule, or remove it")
    return report.diagnostics


def misspelt_layers(bundle: Bundle) -> list[Diagnostic]:
    """Layers of one reason that are spelt nearly as a layer of several."""
    report = _report(bundle, REASONS)
    layers = [reason.layer for reason in bundle.reasons.values()]
    common = {layer for layer in layers if layers.count(layer) > 1}
    for index, layer in enumerate(layers):
        if layer not in common and (near := did_you_mean(layer, common)):
            problem = f"no other reason is of the layer `{layer}`"
            report.add(catalogue.MISSPELT_LAYER, ("reason", index, "layer"), problem, near)
    return report.diagnostics


def _report(bundle: Bundle, name: str) -> Report:
    """A report on a TOML file of the bundle."""
    path = Path(bundle.path) / name
    return Report(str(path), [], read_policy_text(path, str(path)))


def _accesses(program: Program) -> Iterator[Access]:
    for rules in program.rules.values():
        for rule in rules:
            yield from (value for value in values(rule.body) if isinstance(value, Access))


def _declared_types(vocabulary: Vocabulary) -> Iterator[Type]:
    for record in vocabulary.schema.records.values():
        yield from (field.type for field in record.fields.values())
    yield from vocabulary.ignored.values()


def _plain(kind: Type) -> Type:
    """The type without `?`, or of the elements of a list."""
    return kind.of if isinstance(kind, Optional | Collection) else kind


def _constants(program: Program) -> set[object]:
    """Every constant of the rules."""
    all_rules = [rule for rules in program.rules.values() for rule in rules]
    heads = (parameter for rule in all_rules for parameter in rule.parameters)
    bodies = (value for rule in all_rules for value in values(rule.body))
    return {each.value for each in (*heads, *bodies) if isinstance(each, Constant)}


def _declared_constants(vocabulary: Vocabulary) -> set[object]:
    """The values of enumerations that the TOML files name, in actions, defaults and constraints."""
    variants = (value for row in vocabulary.rows.values() for values in row.when.values() for value in values)
    parts = (part for action in vocabulary.actions for part in (action, *action.partition("_")))
    defaults = (property.default for property in vocabulary.properties.values())
    return {*variants, *parts, *defaults}


def _compared(program: Program) -> set[Type]:
    """The enumerations of which rules compare two values that are no constants."""
    compared: set[Type] = set()
    for rules in program.rules.values():
        for rule in rules:
            for part in subformulas(rule.body):
                pair: tuple[object, ...] = ()
                match part:
                    case Compare(left=left, right=right):
                        pair = (left, right)
                    case Member(value=value, collection=collection):
                        pair = (value, collection)
                typed = [each for each in pair if isinstance(each, Access | Variable)]
                if len(typed) == 2:
                    compared |= {_plain(each.type) for each in typed}
    return compared
