"""Load a bundle from its folder: three TOML files, every `*.polar` beside them, and nothing that runs."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from authz.bundle.records import Classes, record_classes
from authz.bundle.requests import RequestReader, request_reader
from authz.bundle.toml_schema import (
    LawTable,
    ManifestTable,
    ReasonsTable,
    ReasonTable,
    SubstituteTable,
    VocabularyTable,
)
from authz.bundle.values import read_value
from authz.bundle.vocabulary import PARAMETERS, Vocabulary, attribute, resolve
from authz.documents.places import Loc, diagnostic_at
from authz.documents.text import read_text
from authz.documents.toml import parse_toml
from authz.documents.validation import diagnostics_of
from authz.language import ast as syntax
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span, did_you_mean
from authz.language.ir import Program
from authz.language.parser import parse
from authz.language.typecheck.program import check
from authz.language.types import Record

MANIFEST, VOCABULARY, REASONS = "bundle.toml", "vocabulary.toml", "reasons.toml"
Table = TypeVar("Table")


class PolicyError(DiagnosticError):
    """A bundle that is not admitted; `faults` holds every reason."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle: its vocabulary, reasons, program, record classes, and its parameters' values."""

    path: str
    name: str
    version: str
    digest: str
    schema_digest: str
    """The digest of manifest and vocabulary alone: facts with another schema digest are facts of another bundle."""
    vocabulary: Vocabulary = field(repr=False)
    reasons: Mapping[str, ReasonTable] = field(repr=False)
    substitute: SubstituteTable = field(repr=False)
    program: Program = field(repr=False)
    classes: Classes = field(repr=False)
    requests: RequestReader = field(repr=False)
    files: tuple[syntax.File, ...] = field(repr=False)
    parameters: Any
    laws: tuple[LawTable, ...] = field(repr=False, default=())


def load(folder: str | Path) -> Bundle:
    """The bundle in a folder, checked.

    Raises:
        PolicyError: with every fault of every file, each with its place.
    """
    directory, shown = Path(folder), str(folder)
    if not directory.is_dir():
        raise PolicyError(
            [
                Diagnostic(
                    Span(shown),
                    "is a file, not a folder" if directory.exists() else "there is no such folder",
                    "name a bundle's folder: one with a `bundle.toml`",
                )
            ]
        )
    faults: list[Diagnostic] = []
    texts: dict[str, str] = {}
    for path in [directory / name for name in (MANIFEST, VOCABULARY, REASONS)] + sorted(directory.glob("*.polar")):
        try:
            texts[path.name] = read_text(path, str(path))
        except DiagnosticError as unreadable:
            faults += unreadable.diagnostics
    manifest = _table(ManifestTable, texts, MANIFEST, directory, faults)
    vocabulary = _table(VocabularyTable, texts, VOCABULARY, directory, faults)
    reasons = _table(ReasonsTable, texts, REASONS, directory, faults)
    files, problems = _parse(texts, directory)
    faults += problems
    if manifest is None or vocabulary is None or reasons is None:
        raise PolicyError(faults)
    faults += _codes(reasons, str(directory / REASONS))
    try:
        resolved = resolve(
            manifest,
            vocabulary,
            tuple(r.code for r in reasons.reason),
            (str(directory / MANIFEST), str(directory / VOCABULARY)),
        )
        classes = record_classes(resolved)
        parameters = _defaults(resolved, classes, str(directory / MANIFEST))
        program = check(shown, files, resolved.schema)
        faults += _laws(manifest.laws, resolved, program, str(directory / MANIFEST))
    except DiagnosticError as more:
        raise PolicyError([*faults, *more.diagnostics]) from None
    if faults:
        raise PolicyError(faults)
    return Bundle(
        shown,
        manifest.name,
        manifest.version,
        _digest(texts),
        _digest({name: texts[name] for name in (MANIFEST, VOCABULARY)}),
        resolved,
        {reason.code: reason for reason in reasons.reason},
        reasons.substitute,
        program,
        classes,
        request_reader(resolved),
        files,
        parameters,
        manifest.laws,
    )


def _table(
    kind: type[Table], texts: Mapping[str, str], name: str, directory: Path, faults: list[Diagnostic]
) -> Table | None:
    if name not in texts:
        return None
    try:
        return TypeAdapter(kind).validate_python(parse_toml(texts[name], str(directory / name)))
    except ValidationError as error:
        faults += diagnostics_of(error, str(directory / name))
    except DiagnosticError as unreadable:
        faults += unreadable.diagnostics
    return None


def _parse(texts: Mapping[str, str], directory: Path) -> tuple[tuple[syntax.File, ...], list[Diagnostic]]:
    files: list[syntax.File] = []
    faults: list[Diagnostic] = []
    for name, text in texts.items():
        if name.endswith(".polar"):
            file, problems = parse(str(directory / name), text)
            files.append(file)
            faults += problems
    return tuple(files), faults


def _codes(reasons: ReasonsTable, shown: str) -> list[Diagnostic]:
    codes = [reason.code for reason in reasons.reason]
    faults = [
        diagnostic_at(shown, ("reason", i, "code"), f"`{code}` stands here twice")
        for i, code in enumerate(codes)
        if code in codes[:i]
    ]
    if reasons.substitute.code in codes:
        faults.append(diagnostic_at(shown, ("substitute", "code"), f"`{reasons.substitute.code}` is a reason itself"))
    return faults


def _laws(laws: tuple[LawTable, ...], vocabulary: Vocabulary, program: Program, shown: str) -> Iterator[Diagnostic]:
    """What is wrong with the laws of a manifest."""
    listed = {row.facts: row.name for row in vocabulary.rows.values() if row.facts}
    for index, law in enumerate(laws):
        loc: Loc = ("laws", index)
        record = listed.get(law.never_grants)
        if record is None:
            near = did_you_mean(law.never_grants, listed)
            yield diagnostic_at(shown, (*loc, "never_grants"), f"facts have no list `{law.never_grants}`", near)
        elif law.when is not None:
            rules = program.rules.get(law.when)
            if rules is None:
                yield diagnostic_at(
                    shown, (*loc, "when"), f"there is no rule `{law.when}`", did_you_mean(law.when, program.rules)
                )
                continue
            given = [getattr(parameter, "type", None) for parameter in rules[0].parameters]
            schema = vocabulary.schema
            wanted = [schema.request, Record(record)][-len(given) :] if given else []
            if len(given) != len(wanted) or not all(
                isinstance(one, Record) and schema.is_subtype(other, one)
                for one, other in zip(given, wanted, strict=True)
            ):
                yield diagnostic_at(
                    shown,
                    (*loc, "when"),
                    f"`{law.when}` is no rule over a request and a row of `{law.never_grants}`",
                    f"write `{law.when}(request: {schema.request}, row: {record}) if ...`",
                )


def _digest(texts: Mapping[str, str]) -> str:
    hashed = hashlib.sha256()
    for name in sorted(texts):
        data = texts[name].encode()
        hashed.update(f"{name}\0{len(data)}\0".encode() + data)
    return hashed.hexdigest()


def _defaults(vocabulary: Vocabulary, classes: Classes, shown: str) -> Any:
    given = {name: table.default for name, table in vocabulary.parameters.items()}
    values, faults = _read(vocabulary, given, shown, ("parameters",), "default")
    if faults:
        raise DiagnosticError(faults)
    return classes[PARAMETERS](**{attribute(name): value for name, value in values.items()})


def read_parameters(bundle: Bundle, given: object, shown: str = "parameters", at: Loc = ()) -> Any:
    """The bundle's parameters with some of them set otherwise.

    Raises:
        DiagnosticError: a parameter is unknown, of another type, or out of bounds.
    """
    if not isinstance(given, Mapping):
        raise DiagnosticError([diagnostic_at(shown, at, "is not an object")])
    known = bundle.vocabulary.parameters
    faults = [
        diagnostic_at(shown, (*at, name), "is not known here", did_you_mean(name, known))
        for name in given
        if name not in known
    ]
    values, problems = _read(bundle.vocabulary, {n: v for n, v in given.items() if n in known}, shown, at)
    if faults or problems:
        raise DiagnosticError([*faults, *problems])
    kept = {attribute(name): getattr(bundle.parameters, attribute(name)) for name in known}
    return bundle.classes[PARAMETERS](**{**kept, **{attribute(name): value for name, value in values.items()}})


def _read(
    vocabulary: Vocabulary, given: Mapping[str, Any], shown: str, at: Loc, last: str = ""
) -> tuple[dict[str, Any], list[Diagnostic]]:
    values: dict[str, Any] = {}
    faults: list[Diagnostic] = []
    for name, value in given.items():
        table = vocabulary.parameters[name]
        loc = (*at, name, last) if last else (*at, name)
        try:
            values[name] = read_value(vocabulary.parameter_types[name], value, vocabulary.bare_date_zone)
        except ValueError as error:
            faults.append(diagnostic_at(shown, loc, str(error)))
            continue
        for number in (value,) if isinstance(value, int) else ():
            if table.minimum is not None and number < table.minimum:
                faults.append(diagnostic_at(shown, loc, f"`{number}` is less than {table.minimum}"))
            if table.maximum is not None and number > table.maximum:
                faults.append(diagnostic_at(shown, loc, f"`{number}` is more than {table.maximum}"))
    return values, faults
