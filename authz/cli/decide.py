"""`authz decide`: one decision, from a request in a file or on standard input."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authz.cli.errors import invalid
from authz.cli.options import (
    EvaluatorName,
    EvaluatorOption,
    Exit,
    FactsOption,
    JsonOption,
    PolicyOption,
    find_bundle,
    load_policy,
)
from authz.cli.output import print_error, print_json, print_lines
from authz.language.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from authz.engine.policy import ExplainableDecision, Policy

STANDARD_INPUT = "-"

RequestArgument = Annotated[
    str,
    typer.Argument(metavar="REQUEST", help="A file with a request, as in a scenario or AuthZEN; `-` reads stdin."),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="INSTANT", help="Decide as at this instant; by default the request's, or now."),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Show each condition, and the smallest change that would allow.")
]
ScenarioOption = Annotated[
    str | None,
    typer.Option("--scenario", metavar="ID", help="REQUEST is a scenario file: decide its scenario with this id."),
]


def decide(
    request: RequestArgument,
    facts: FactsOption = None,
    at: AtOption = None,
    explain: ExplainOption = False,
    as_json: JsonOption = False,
    policy: PolicyOption = None,
    evaluator: EvaluatorOption = EvaluatorName.COMPILED,
    scenario: ScenarioOption = None,
) -> None:
    """Decide one request.

    Exits 0 to allow, 2 to deny, 1 if it could not be judged.
    """
    from authz.cli.render import as_data, as_text
    from authz.verify.scenarios import decide_scenario

    if scenario is not None and (facts is not None or at is not None or request == STANDARD_INPUT):
        raise invalid(
            "--scenario", "a scenario in a file has its own facts and instant: leave out --facts, --at and `-`"
        )
    paths = [Path(request)] if request != STANDARD_INPUT else []
    loaded = load_policy(policy or find_bundle(*paths, *([facts] if facts else [])), evaluator)
    if scenario is not None:
        decision = decide_scenario(loaded, Path(request), scenario)
    else:
        decision = _decide_request(loaded, request, facts, at)
    if as_json:
        print_json(as_data(decision, loaded.bundle, explain))
    else:
        print_lines(as_text(decision, loaded.bundle, explain))
    if decision.error:
        print_error(f"could not judge: {decision.error}")
        raise typer.Exit(Exit.FAILED)
    raise typer.Exit(Exit.OK if decision else Exit.DENY)


def _decide_request(policy: "Policy", request: str, facts: Path | None, at: str | None) -> "ExplainableDecision":
    """The decision on a request in a file or on standard input."""
    from authz.documents.files import read_document
    from authz.documents.json import parse_json
    from authz.documents.text import decode
    from authz.engine.loading import load_facts
    from authz.instants import parse_instant

    if request == STANDARD_INPUT:
        source = "standard input"
        document = parse_json(decode(sys.stdin.buffer.read(), source), source)
    else:
        source = request
        document = read_document(Path(request), source)
    try:
        evaluation = policy.bundle.requests.read(document, source)
    except DiagnosticError:
        if isinstance(document, dict) and "scenarios" in document:
            raise invalid("REQUEST", f"`{source}` is a scenario file: choose its scenario with --scenario ID") from None
        raise
    instant = evaluation.at or datetime.now(UTC)
    if at is not None:
        try:
            instant = parse_instant(at, policy.bundle.vocabulary.bare_date_zone)
        except ValueError as error:
            raise invalid("--at", str(error)) from None
    records = load_facts(facts or Path(policy.bundle.path) / "facts.json", policy)
    return policy.decide(evaluation, records, at=instant)
