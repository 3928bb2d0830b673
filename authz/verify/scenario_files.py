"""Read scenario files, and build the facts that each scenario is decided on.

The facts of a scenario are built in this order, the later over the earlier: the facts of the file that its file
`extends`, the file's own `facts` and the scenario's `facts` (a key replaces the whole key), the rows in `remove`,
the rows in `add`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from authz.bundle.files import is_hidden
from authz.bundle.vocabulary import Vocabulary
from authz.documents.files import inspect_policy_document
from authz.documents.places import Loc, diagnostic_at
from authz.documents.validation import diagnostics_of
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.verify.placed_facts import PlacedFacts, list_fault, with_rows, without_rows
from authz.verify.scenario_schema import Scenario

ENDINGS = (".json", ".yaml", ".yml")
FILE_KEYS = ("scenarios", "facts", "extends")


@dataclass(frozen=True, slots=True)
class ScenarioDocument:
    """A scenario file as read: its scenarios unchecked, and the facts that they share."""

    shown: str
    scenarios: Sequence[object]
    facts: PlacedFacts | None
    """None if they have faults."""
    faults: tuple[Diagnostic, ...]
    """The faults of the file that are not in one of its scenarios."""
    unsound: tuple[tuple[Loc, str], ...] = ()
    extends: bool = False
    """Whether it builds on the facts of another file."""

    def text(self, index: int, key: str) -> str:
        """A text of a scenario, such as its id; empty if there is none."""
        scenario = self.scenarios[index]
        text = scenario.get(key) if isinstance(scenario, dict) else None
        return text if isinstance(text, str) else ""

    def scenario(self, index: int) -> Scenario:
        """The scenario at an index.

        Raises:
            DiagnosticError: it has faults; each with its place.
        """
        at = ("scenarios", index)
        faults = [diagnostic_at(self.shown, loc, problem) for loc, problem in self.unsound if loc[:2] == at]
        id = self.text(index, "id")
        if id and any(self.text(before, "id") == id for before in range(index)):
            faults.append(diagnostic_at(self.shown, (*at, "id"), f"`{id}` stands here twice"))
        if faults:
            raise DiagnosticError(faults)
        try:
            return TypeAdapter(Scenario).validate_python(self.scenarios[index])
        except ValidationError as error:
            raise DiagnosticError(diagnostics_of(error, self.shown, at)) from None

    def facts_of(self, scenario: Scenario, index: int, vocabulary: Vocabulary) -> PlacedFacts:
        """The facts that a scenario is decided on.

        Raises:
            DiagnosticError: `add` or `remove` names what is not there, or the facts of the file have faults.
        """
        at: Loc = ("scenarios", index)
        if self.facts is None:
            raise DiagnosticError([diagnostic_at(self.shown, at, "the facts of this file have faults")])
        facts = self.facts.overlaid(scenario.facts, self.shown, (*at, "facts"))
        faults: list[Diagnostic] = []
        for word, lists in (("remove", scenario.remove), ("add", scenario.add)):
            for name in lists:
                loc = (*at, word, name)
                if problem := list_fault(name, facts.values, vocabulary, self.shown, loc):
                    faults.append(problem)
                elif word == "remove":
                    facts, missing = without_rows(facts, name, lists[name], self.shown, loc)
                    faults += missing
                else:
                    facts = with_rows(facts, name, lists[name], self.shown, loc)
        if faults:
            raise DiagnosticError(faults)
        return facts


def scenario_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The scenario files that paths name: files as they are, and all of a folder's, in order.

    A bundle's folder stands for the `scenarios` folder in it.
    """
    for path in paths:
        place = path / "scenarios" if (path / "bundle.toml").is_file() else path
        if place.is_dir():
            yield from sorted(file for file in place.rglob("*") if _is_scenario_file(file.relative_to(place), file))
        else:
            yield place


def _is_scenario_file(inside: Path, file: Path) -> bool:
    """Whether a file of a folder is read; dot files, such as those that macOS and editors leave behind, are not."""
    return file.suffix in ENDINGS and not any(map(is_hidden, inside.parts)) and file.is_file()


def read_scenario_file(path: Path) -> ScenarioDocument:
    """A scenario file, with its faults.

    Raises:
        DiagnosticError: it cannot be read, or is no JSON or YAML.
    """
    shown = str(path)
    document, unsound = inspect_policy_document(path, shown)
    if not isinstance(document, dict):
        return ScenarioDocument(shown, (), None, (diagnostic_at(shown, (), "is not an object"),))
    faults = list(_file_faults(shown, document, unsound))
    facts: PlacedFacts | None = None
    try:
        facts = _shared_facts(path, shown, document, unsound, ())
    except DiagnosticError as faulty:
        faults += faulty.diagnostics
    scenarios = document.get("scenarios")
    scenarios = scenarios if isinstance(scenarios, list) else ()
    extends = document.get("extends") is not None
    return ScenarioDocument(shown, scenarios, facts, tuple(sorted(faults)), tuple(unsound), extends)


def _file_faults(shown: str, document: Mapping[str, Any], unsound: list[tuple[Loc, str]]) -> Iterator[Diagnostic]:
    """The faults of a file that are neither in its facts nor in one of its scenarios."""
    for loc, problem in unsound:
        if loc == ("scenarios",) or loc[:1] not in (("scenarios",), ("facts",)):
            yield diagnostic_at(shown, loc, problem)
    for key in document.keys() - set(FILE_KEYS):
        yield diagnostic_at(shown, (key,), "is not known here", did_you_mean(key, FILE_KEYS))
    scenarios = document.get("scenarios")
    if scenarios is None:
        yield diagnostic_at(shown, ("scenarios",), "is missing")
    elif not isinstance(scenarios, list):
        yield diagnostic_at(shown, ("scenarios",), "is not a list")
    elif not scenarios:
        yield diagnostic_at(shown, ("scenarios",), "there is no scenario in it")


def _shared_facts(
    path: Path, shown: str, document: Mapping[str, Any], unsound: list[tuple[Loc, str]], extending: tuple[Path, ...]
) -> PlacedFacts:
    """The facts that the scenarios of a file share, those of the file that it extends included.

    Raises:
        DiagnosticError: with every fault in them.
    """
    faults = [diagnostic_at(shown, loc, problem) for loc, problem in unsound if loc[:1] == ("facts",)]
    facts = document.get("facts", {})
    if not isinstance(facts, dict):
        faults.append(diagnostic_at(shown, ("facts",), "is not an object"))
    base = PlacedFacts()
    if document.get("extends") is not None:
        try:
            base = _extended_facts(path, shown, document["extends"], (*extending, path.resolve()))
        except DiagnosticError as faulty:
            faults += faulty.diagnostics
    if faults:
        raise DiagnosticError(faults)
    return base.overlaid(facts, shown, ("facts",))


def _extended_facts(path: Path, shown: str, extends: object, extending: tuple[Path, ...]) -> PlacedFacts:
    """The facts of the file that `extends` names.

    Raises:
        DiagnosticError: there is no such scenario file in the folder, it extends a file that extends it, or its facts
            have faults.
    """
    at = ("extends",)
    if not isinstance(extends, str):
        raise DiagnosticError([diagnostic_at(shown, at, "is not a string")])
    folder, base = path.parent.resolve(), (path.parent / extends)
    if not base.resolve().is_relative_to(folder):
        raise DiagnosticError([diagnostic_at(shown, at, f"`{extends}` is outside the folder of this file")])
    if not base.is_file() or base.suffix not in ENDINGS:
        near = did_you_mean(extends, (str(file.relative_to(path.parent)) for file in scenario_files([path.parent])))
        raise DiagnosticError([diagnostic_at(shown, at, f"there is no scenario file `{extends}`", near)])
    if base.resolve() in extending:
        circle = " -> ".join(file.name for file in (*extending[extending.index(base.resolve()) :], base))
        raise DiagnosticError([diagnostic_at(shown, at, f"files extend each other in a circle: {circle}")])
    document, unsound = inspect_policy_document(base, str(base))
    if not isinstance(document, dict):
        raise DiagnosticError([diagnostic_at(str(base), (), "is not an object")])
    return _shared_facts(base, str(base), document, unsound, extending)
