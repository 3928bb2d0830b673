"""Load a bundle from its folder: three TOML files and the rules beside them. Loading never runs code of the bundle."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from authz.bundle.audience import check_audiences
from authz.bundle.catalogue import files as catalogue
from authz.bundle.catalogue.reasons import DUPLICATE_REASON, SUBSTITUTE_IS_REASON
from authz.bundle.files import MANIFEST, REASONS, RULES_ENDING, TABLES, VOCABULARY, rule_files
from authz.bundle.known_keys import known_keys
from authz.bundle.laws import check_laws
from authz.bundle.parameters import default_parameters
from authz.bundle.records import Classes, record_classes
from authz.bundle.report import Report
from authz.bundle.requests import RequestReader, request_reader
from authz.bundle.resolve import resolve
from authz.bundle.toml_schema import (
    LawTable,
    ManifestTable,
    ReasonsTable,
    ReasonTable,
    SubstituteTable,
    VocabularyTable,
)
from authz.bundle.vocabulary import Vocabulary
from authz.documents.text import read_policy_text
from authz.documents.toml import parse_toml
from authz.documents.validation import problems_of
from authz.language import ast as syntax
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span, did_you_mean
from authz.language.ir import Program
from authz.language.parser import parse
from authz.language.typecheck.program import check_program

Table = TypeVar("Table")


class PolicyError(DiagnosticError):
    """A bundle that is not admitted; `diagnostics` holds every problem, those of the TOML files before those of rules.

    Rules are checked against what the TOML files declare, so that a problem there can be the cause of one here.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = tuple(sorted(self.diagnostics, key=lambda diagnostic: _stage(diagnostic.span.path)))
        self.args = ("\n".join(map(str, self.diagnostics)),)


def _stage(path: str) -> int:
    """The place of a file in the order in which the files of a bundle are relied on."""
    name = Path(path).name
    return TABLES.index(name) if name in TABLES else len(TABLES)


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
        PolicyError: with every problem of every file, each with its place.
    """
    directory, shown = Path(folder), str(folder)
    _require_folder(directory)
    diagnostics: list[Diagnostic] = []
    texts = _read_texts(directory, diagnostics)
    unread = bool(diagnostics)
    files = _parse(texts, directory, diagnostics)
    reports = {name: Report(str(directory / name), diagnostics, texts.get(name, "")) for name in TABLES}
    manifest, vocabulary_table, reasons = _read_tables(texts, reports)
    if unread:
        # The other files would be blamed for what a file that is not read holds.
        raise PolicyError(diagnostics)
    codes = _check_reasons(reasons, reports[REASONS])
    vocabulary = _resolve(manifest, vocabulary_table, codes, reports)
    classes = record_classes(vocabulary)
    parameters = default_parameters(vocabulary, classes, reports[MANIFEST])
    program = _check_rules(shown, files, manifest, reasons, vocabulary, reports)
    if diagnostics:
        raise PolicyError(diagnostics)
    return Bundle(
        shown,
        manifest.name,
        manifest.version,
        _digest(texts),
        _digest({name: texts[name] for name in (MANIFEST, VOCABULARY)}),
        vocabulary,
        {reason.code: reason for reason in reasons.reason},
        reasons.substitute,
        program,
        classes,
        request_reader(vocabulary),
        files,
        parameters,
        manifest.laws,
    )


def _resolve(
    manifest: ManifestTable, table: VocabularyTable, codes: tuple[str, ...], reports: Mapping[str, Report]
) -> Vocabulary:
    """The vocabulary; its problems beside those of reasons and rules that were found before.

    Raises:
        PolicyError: it has a problem; with every diagnostic so far.
    """
    diagnostics: list[Diagnostic] = []
    apart = {name: Report(report.path, diagnostics, report.text) for name, report in reports.items()}
    try:
        return resolve(manifest, table, codes, apart[MANIFEST], apart[VOCABULARY])
    except DiagnosticError as error:
        raise PolicyError([*reports[MANIFEST].diagnostics, *error.diagnostics]) from None


def _check_rules(
    shown: str,
    files: tuple[syntax.File, ...],
    manifest: ManifestTable,
    reasons: ReasonsTable,
    vocabulary: Vocabulary,
    reports: Mapping[str, Report],
) -> Program:
    """The checked rules, which laws and audiences are about.

    Raises:
        PolicyError: the rules have a problem; with every diagnostic so far.
    """
    try:
        program = check_program(shown, files, vocabulary.schema)
    except DiagnosticError as error:
        raise PolicyError([*reports[MANIFEST].diagnostics, *error.diagnostics]) from None
    check_laws(manifest.laws, vocabulary, program, reports[MANIFEST])
    check_audiences(reasons.reason, vocabulary, program, reports[REASONS])
    return program


def _require_folder(directory: Path) -> None:
    if not directory.is_dir():
        problem = "is a file, not a folder" if directory.exists() else "there is no such folder"
        help = "name a bundle's folder: one with a `bundle.toml`"
        raise PolicyError([catalogue.NO_BUNDLE_FOLDER.at(Span(str(directory)), problem, help)])


def _read_texts(directory: Path, diagnostics: list[Diagnostic]) -> dict[str, str]:
    """The text of each file of the bundle that can be read, by name."""
    texts: dict[str, str] = {}
    for path in [*(directory / name for name in TABLES), *rule_files(directory)]:
        if not path.name.isprintable():
            problem = f"the file name {path.name!a} holds a character that is not printable"
            diagnostics.append(catalogue.UNPRINTABLE_FILE_NAME.at(Span(str(directory)), problem, "rename the file"))
            continue
        try:
            texts[path.name] = read_policy_text(path, str(path))
        except DiagnosticError as error:
            diagnostics += error.diagnostics
    return texts


def _read_tables(
    texts: Mapping[str, str], reports: Mapping[str, Report]
) -> tuple[ManifestTable, VocabularyTable, ReasonsTable]:
    """The tables of the three TOML files.

    Raises:
        PolicyError: one of them has a problem; with every diagnostic so far.
    """
    manifest = _table(ManifestTable, texts, reports[MANIFEST])
    vocabulary = _table(VocabularyTable, texts, reports[VOCABULARY])
    reasons = _table(ReasonsTable, texts, reports[REASONS])
    if manifest is None or vocabulary is None or reasons is None:
        raise PolicyError(reports[MANIFEST].diagnostics)
    return manifest, vocabulary, reasons


def _table(kind: type[Table], texts: Mapping[str, str], report: Report) -> Table | None:
    """The table that a TOML file holds; None if it has a problem."""
    name = Path(report.path).name
    if name not in texts:
        return None
    try:
        return TypeAdapter(kind).validate_python(parse_toml(texts[name], report.path))
    except ValidationError as error:
        for problem in problems_of(error):
            entry = catalogue.BY_ERROR_TYPE.get(problem.type, catalogue.WRONG_TYPE)
            near = (
                did_you_mean(str(problem.loc[-1]), known_keys(kind, problem.loc[:-1]))
                if entry == catalogue.UNKNOWN_KEY
                else ""
            )
            report.add(entry, problem.loc, problem.text, near)
    except DiagnosticError as error:
        report.extend(error.diagnostics)
    return None


def _parse(texts: Mapping[str, str], directory: Path, diagnostics: list[Diagnostic]) -> tuple[syntax.File, ...]:
    files: list[syntax.File] = []
    for name, text in texts.items():
        if name.endswith(RULES_ENDING):
            file, problems = parse(str(directory / name), text)
            files.append(file)
            diagnostics += problems
    return tuple(files)


def _check_reasons(reasons: ReasonsTable, report: Report) -> tuple[str, ...]:
    """The reason codes, in order of precedence; codes that stand twice are reported."""
    codes = tuple(reason.code for reason in reasons.reason)
    for index, code in enumerate(codes):
        if code in codes[:index]:
            report.add(DUPLICATE_REASON, ("reason", index, "code"), f"`{code}` stands here twice")
    if reasons.substitute.code in codes:
        problem = f"`{reasons.substitute.code}` is a reason itself"
        report.add(SUBSTITUTE_IS_REASON, ("substitute", "code"), problem)
    return codes


def _digest(texts: Mapping[str, str]) -> str:
    hashed = hashlib.sha256()
    for name in sorted(texts):
        data = texts[name].encode()
        hashed.update(f"{name}\0{len(data)}\0".encode() + data)
    return hashed.hexdigest()
