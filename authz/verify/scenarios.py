"""Scenario files: situations with the decision that each must get, run one by one.

A fault in one scenario fails that scenario and hides none of the others; a file without a scenario fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictStr, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as table

from authz.documents.files import inspect_document
from authz.documents.places import Loc, diagnostic_at
from authz.documents.validation import diagnostics_of
from authz.engine.decision import Decision
from authz.engine.policy import Policy
from authz.language.diagnostics import DiagnosticError, did_you_mean

_CLOSED = ConfigDict(extra="forbid", defer_build=True)
ENDINGS = (".json", ".yaml", ".yml")


@table(frozen=True, config=_CLOSED)
class Expectation:
    """What a scenario expects: the decision and, if it says so, the primary code and all codes in order."""

    decision: Literal["allow", "deny"]
    reason: StrictStr | None = None
    reasons: tuple[StrictStr, ...] | None = None


@table(frozen=True, config=_CLOSED)
class Scenario:
    """One situation: facts beside the file's own, parameters set otherwise, a request, and what must come of it."""

    id: Annotated[StrictStr, Field(min_length=1)]
    request: dict[str, Any]
    expect: Expectation
    title: StrictStr = ""
    source: StrictStr = ""
    why: StrictStr = ""
    facts: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)


@table(frozen=True, config=_CLOSED)
class ScenarioFile:
    """A scenario file: facts that its scenarios share, and the scenarios."""

    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1)]
    facts: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one scenario, or of a file that holds none: it passed if there are no problems."""

    path: str
    id: str
    title: str
    problems: tuple[str, ...] = ()
    decision: Decision | None = None

    @property
    def passed(self) -> bool:
        """Whether the scenario got what it expects."""
        return not self.problems


def scenario_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The scenario files that paths name: files as they are, and all of a folder's, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if found.suffix in ENDINGS and found.is_file())
        else:
            yield path


def run(policy: Policy, paths: Sequence[Path], words: str = "") -> Iterator[Result]:
    """The result of every scenario in files and folders; `words` keeps those whose id or title has each word."""
    for path in paths:
        found = list(scenario_files([path]))
        if not found:
            yield Result(str(path), "", "", ("no scenario file in this folder",))
        for file in found:
            yield from run_file(policy, file, words)


def titles(path: Path) -> list[tuple[str, str]]:
    """The id and title of each scenario in a file, in order; none where the file is unsound."""
    try:
        document, _ = inspect_document(path, str(path))
    except DiagnosticError:
        return []
    scenarios = document.get("scenarios") if isinstance(document, dict) else None
    return [(_text(each, "id"), _text(each, "title")) for each in scenarios] if isinstance(scenarios, list) else []


def run_file(policy: Policy, path: Path, words: str = "", only: int | None = None) -> Iterator[Result]:
    """The result of every scenario in one file, or of the one at the index `only`; and what is wrong with the file."""
    shown = str(path)
    try:
        document, unsound = inspect_document(path, shown)
    except DiagnosticError as unreadable:
        yield Result(shown, "", "", tuple(map(str, unreadable.diagnostics)))
        return
    problems = _file_problems(document, unsound, shown)
    if problems:
        yield Result(shown, "", "", tuple(problems))
    if not isinstance(document, dict) or not isinstance(document.get("scenarios"), list):
        return
    shared, seen = document.get("facts", {}), set[str]()
    for index, given in enumerate(document["scenarios"]):
        name, titled = _text(given, "id"), _text(given, "title")
        if only in (None, index) and all(word in f"{name} {titled}".lower() for word in words.lower().split()):
            own = [
                str(diagnostic_at(shown, loc, problem)) for loc, problem in unsound if loc[:2] == ("scenarios", index)
            ]
            if name in seen:
                own.append(str(diagnostic_at(shown, ("scenarios", index, "id"), f"`{name}` stands here twice")))
            yield Result(shown, name, titled, tuple(own)) if own else _run_one(policy, given, shared, shown, index)
        seen.add(name)


def decide_one(policy: Policy, path: Path, id: str) -> Decision:
    """The decision on the scenario of this id in a file, whatever it expects.

    Raises:
        DiagnosticError: there is none, or it has faults.
    """
    shown = str(path)
    document, unsound = inspect_document(path, shown)
    scenarios = document.get("scenarios") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(scenarios, list):
        raise DiagnosticError([diagnostic_at(shown, (), "is no scenario file")])
    for index, given in enumerate(scenarios):
        if _text(given, "id") == id:
            own = [
                diagnostic_at(shown, loc, problem)
                for loc, problem in unsound
                if loc[:2] in (("scenarios", index), ("facts",))
            ]
            if own:
                raise DiagnosticError(own)
            return decide(policy, given, document.get("facts", {}), shown, ("scenarios", index))[1]
    near = did_you_mean(id, (_text(given, "id") for given in scenarios))
    raise DiagnosticError([diagnostic_at(shown, (), f"has no scenario `{id}`", near)])


def _file_problems(document: object, unsound: list[tuple[Loc, str]], shown: str) -> list[str]:
    """What is wrong with a file beside its scenarios."""
    if not isinstance(document, dict):
        return [str(diagnostic_at(shown, (), "is not an object"))]
    problems = [
        str(diagnostic_at(shown, loc, problem)) for loc, problem in unsound if loc[:1] != ("scenarios",) or len(loc) < 2
    ]
    known = ("scenarios", "facts")
    unknown = document.keys() - set(known)
    problems += [str(diagnostic_at(shown, (key,), "is not known here", did_you_mean(key, known))) for key in unknown]
    if "facts" in document and not isinstance(document["facts"], dict):
        problems.append(str(diagnostic_at(shown, ("facts",), "is not an object")))
    scenarios = document.get("scenarios")
    if scenarios is None:
        problems.append(str(diagnostic_at(shown, ("scenarios",), "is missing")))
    elif not isinstance(scenarios, list):
        problems.append(str(diagnostic_at(shown, ("scenarios",), "is not a list")))
    elif not scenarios:
        problems.append(str(diagnostic_at(shown, ("scenarios",), "there is no scenario in it")))
    return problems


def _text(given: object, key: str) -> str:
    text = given.get(key) if isinstance(given, dict) else None
    return text if isinstance(text, str) else ""


def _run_one(policy: Policy, given: object, shared: object, shown: str, index: int) -> Result:
    try:
        scenario, decision = decide(policy, given, shared, shown, ("scenarios", index))
    except DiagnosticError as faulty:
        return Result(shown, _text(given, "id"), _text(given, "title"), tuple(map(str, faulty.diagnostics)))
    return Result(shown, scenario.id, scenario.title, tuple(_mismatches(scenario.expect, decision)), decision)


def decide(policy: Policy, given: object, shared: object, shown: str, at: Loc) -> tuple[Scenario, Decision]:
    """One scenario as read, and its decision.

    Raises:
        DiagnosticError: with every fault in it, each with its place.
    """
    try:
        scenario = TypeAdapter(Scenario).validate_python(given)
    except ValidationError as error:
        raise DiagnosticError(diagnostics_of(error, shown, at)) from None
    faults = list(_expectation_faults(policy, scenario.expect, shown, (*at, "expect")))
    facts = {**(shared if isinstance(shared, dict) else {}), **scenario.facts}
    readings: list[Any] = []
    for read in (
        lambda: policy.with_parameters(scenario.parameters, shown, (*at, "parameters")),
        lambda: policy.facts(facts, shown, (*at, "facts")),
        lambda: policy.request(scenario.request, shown, (*at, "request")),
    ):
        try:
            readings.append(read())
        except DiagnosticError as faulty:
            faults += faulty.diagnostics
    if "at" not in scenario.request:
        faults.append(diagnostic_at(shown, (*at, "request", "at"), "is missing"))
    if faults:
        raise DiagnosticError(faults)
    set_policy, records, request = readings
    decision: Decision = set_policy.decide(request, records)
    return scenario, decision


def _expectation_faults(policy: Policy, expect: Expectation, shown: str, at: Loc) -> Iterator[Any]:
    codes = policy.bundle.reasons
    named: list[tuple[Loc, str]] = [(("reason",), expect.reason)] if expect.reason is not None else []
    named += [(("reasons", i), code) for i, code in enumerate(expect.reasons or ())]
    for loc, code in named:
        if code not in codes:
            yield diagnostic_at(
                shown, (*at, *loc), f"`{code}` is not in the catalogue of reasons", did_you_mean(code, codes)
            )


def _mismatches(expect: Expectation, decision: Decision) -> Iterator[str]:
    if decision.error:
        yield f"broke while deciding: {decision.error}"
    if decision.effect != expect.decision:
        yield f"expected {expect.decision}, got {decision.effect}{_codes(decision.reasons)}"
    if expect.reason is not None and decision.reason != expect.reason:
        yield f"expected {expect.reason} first, got {decision.reason or 'no reason'}"
    if expect.reasons is not None and decision.reasons != expect.reasons:
        yield f"expected the reasons{_codes(expect.reasons) or ' none'}, got{_codes(decision.reasons) or ' none'}"


def _codes(codes: tuple[str, ...]) -> str:
    return f" {', '.join(codes)}" if codes else ""


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """The results for programs; the form is stable."""
    return {
        "passed": sum(r.passed for r in results),
        "failed": sum(not r.passed for r in results),
        "scenarios": [
            {
                "file": r.path,
                "id": r.id,
                "title": r.title,
                "passed": r.passed,
                "problems": list(r.problems),
                "decision": r.decision.effect.value if r.decision is not None else None,
                "reasons": list(r.decision.reasons) if r.decision is not None else [],
            }
            for r in results
        ],
    }


def as_junit(results: Sequence[Result]) -> str:
    """The results as a JUnit report."""
    from xml.etree import ElementTree

    suite = ElementTree.Element(
        "testsuite", name="authz", tests=str(len(results)), failures=str(sum(not r.passed for r in results))
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=result.path,
            name=_printable(f"{result.id} {result.title}".strip() or result.path),
        )
        if not result.passed:
            failure = ElementTree.SubElement(case, "failure", message=_printable(result.problems[0].split("\n")[0]))
            failure.text = _printable("\n".join(result.problems))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return "".join(c if c in "\n\t" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)
