"""The `authz` command: a thin skin over the library.

Exits 0 for yes, 2 for a refusal, 1 for what could not be judged.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from authz.language.diagnostics import CONTROLS, DiagnosticError, did_you_mean

if TYPE_CHECKING:
    from authz_api.authn.callers import Caller
    from authz_api.authn.jwt import Issuer

    from authz.engine.decision import Decision
    from authz.engine.policy import Policy

# What every complaint about the command line is; typer exports no nearer name for it.
UsageError = cast(type[Exception], typer.BadParameter.__mro__[2])

DEFAULT_POLICY = Path("policies/student_data")
DEFAULT_CALLERS = Path("callers.json")
ALLOW, DENY, FAILED = 0, 2, 1

app = typer.Typer(
    help="Policy as code: check, test and run Polar policies.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

BundleArgument = Annotated[Path, typer.Argument(metavar="[DIR]", help="The bundle's folder.", show_default=True)]
PolicyOption = Annotated[Path, typer.Option("--policy", metavar="DIR", help="The bundle's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data for programs, in a stable form.")]


class EvaluatorName(StrEnum):
    """Who decides."""

    COMPILED = "compiled"
    OSO = "oso"


EvaluatorOption = Annotated[EvaluatorName, typer.Option("--evaluator", help="The compiled form, or the reference.")]


class DocumentName(StrEnum):
    """What has a JSON Schema."""

    MANIFEST = "manifest"
    VOCABULARY = "vocabulary"
    REASONS = "reasons"
    FACTS = "facts"
    SCENARIOS = "scenarios"


@app.command()
def decide(
    request: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST", help="A file with a request, a scenario's or AuthZEN's; `-` is standard input."
        ),
    ],
    facts: Annotated[
        Path | None, typer.Option("--facts", metavar="FILE", help="The facts; by default the bundle's facts.json.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="INSTANT", help="Decide as at this instant; by default the request's, or now."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why, condition by condition, and what would change it.")
    ] = False,
    as_json: JsonOption = False,
    policy: PolicyOption = DEFAULT_POLICY,
    evaluator: EvaluatorOption = EvaluatorName.COMPILED,
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="ID", help="REQUEST is a scenario file: decide this one of it."),
    ] = None,
) -> None:
    """Decide one request: exits 0 to allow, 2 to deny, 1 if it could not be judged."""
    from authz.cli.render import as_data, as_text
    from authz.verify.scenarios import decide_one

    loaded = _load(policy, evaluator)
    if scenario is not None and (facts is not None or at is not None or request == "-"):
        raise typer.BadParameter("a scenario in a file has facts and an instant of its own", param_hint="--scenario")
    decision = _decided(loaded, request, facts, at) if scenario is None else decide_one(loaded, Path(request), scenario)
    if as_json:
        _print_json(as_data(decision, loaded.bundle, explain))
    else:
        _print("\n".join(as_text(decision, loaded.bundle, explain)))
    if decision.error:
        _complain(f"could not judge: {decision.error}")
        raise typer.Exit(FAILED)
    raise typer.Exit(ALLOW if decision else DENY)


def _decided(loaded: "Policy", request: str, facts: Path | None, at: str | None) -> "Decision":
    """The decision on a request in a file or on standard input."""
    from authz.documents.files import read_document
    from authz.documents.json import parse_json
    from authz.documents.text import decode
    from authz.engine.policy import load_facts
    from authz.instants import parse_instant

    shown = "standard input" if request == "-" else request
    given = (
        parse_json(decode(sys.stdin.buffer.read(), shown), shown)
        if request == "-"
        else read_document(Path(request), request)
    )
    asked = loaded.request(given, shown)
    try:
        instant = (
            parse_instant(at, loaded.bundle.vocabulary.bare_date_zone)
            if at is not None
            else asked.at or datetime.now(UTC)
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
    known = load_facts(facts or Path(loaded.bundle.path) / "facts.json", loaded)
    return loaded.decide(asked, known, at=instant)


@app.command()
def test(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Scenario files and folders; by default the bundle's own."),
    ] = None,
    policy: PolicyOption = DEFAULT_POLICY,
    evaluator: EvaluatorOption = EvaluatorName.COMPILED,
    as_json: JsonOption = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report too.")] = None,
    words: Annotated[
        str, typer.Option("-k", metavar="WORDS", help="Only scenarios whose id or title has each word.")
    ] = "",
) -> None:
    """Run scenario files: exits 0 if every scenario gets what it expects."""
    from authz.verify import scenarios

    loaded = _load(policy, evaluator)
    results = []
    with _progress("scenarios") as progress:
        for result in scenarios.run(loaded, paths or [policy / "scenarios"], words):
            results.append(result)
            progress(len(results), None)
    if junit is not None:
        _write(junit, scenarios.as_junit(results))
    failed = [result for result in results if not result.passed]
    if as_json:
        _print_json(scenarios.as_data(results))
    else:
        for result in failed:
            _print(f"FAILED {result.path}: {result.id} {result.title}".rstrip())
            _print("\n".join(f"    {line}" for problem in result.problems for line in problem.split("\n")))
        _print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if not results:
        _complain(f"no scenario has the words `{words}`")
    raise typer.Exit(ALLOW if results and not failed else FAILED)


@app.command()
def check(folder: BundleArgument = DEFAULT_POLICY) -> None:
    """Admit a bundle: its files, rules and catalogue, and its agreement with the reference."""
    from authz.verify.check import check as admit

    with _progress("worlds") as progress:
        admission = admit(folder, progress)
    _print("\n".join(admission.lines()))


@app.command()
def fuzz(
    folder: BundleArgument = DEFAULT_POLICY,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="How long to draw worlds.")] = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="Where the stream of worlds begins.")] = 0,
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", metavar="DIR", help="Where worlds are kept; by default .authz-fuzz/ and the bundle."),
    ] = None,
) -> None:
    """Doubt a bundle: generated worlds against its laws, its search and oso; exits 1 if something differs."""
    from authz.verify.fuzz import fuzz as doubt

    loaded = _load(folder, EvaluatorName.COMPILED)
    kept = corpus or Path(".authz-fuzz") / loaded.bundle.name
    with _progress("worlds") as progress:
        try:
            report = doubt(loaded, seconds, seed, kept, progress)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise typer.BadParameter(f"{kept}: {why}", param_hint="--corpus") from None
    _print("\n".join(report.lines()))
    raise typer.Exit(FAILED if report.wrong else ALLOW)


@app.command()
def serve(
    policy: PolicyOption = DEFAULT_POLICY,
    facts: Annotated[
        Path | None, typer.Option("--facts", metavar="FILE", help="The facts; by default the bundle's facts.json.")
    ] = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="How many processes answer.")] = 1,
    public_url: Annotated[
        str, typer.Option("--public-url", metavar="URL", help="Where callers find the service, for its metadata.")
    ] = "",
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Where decisions are recorded; by default standard output."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", help="At least 32 random bytes, for pseudonyms and page tokens; by default new."
        ),
    ] = None,
    admin_reasons: Annotated[
        bool, typer.Option("--admin-reasons", help="Show anyone all reason codes: never to suppliers.")
    ] = False,
    callers: Annotated[
        Path | None, typer.Option("--callers", metavar="FILE", help="Who may call: see `authz callers`.")
    ] = None,
    jwt_issuer: Annotated[
        str, typer.Option("--jwt-issuer", metavar="URL", help="Whose signed tokens are taken, as in `iss`.")
    ] = "",
    jwt_audience: Annotated[
        str, typer.Option("--jwt-audience", metavar="TEXT", help="Whom tokens must be meant for, as in `aud`.")
    ] = "",
    jwt_jwks: Annotated[
        str, typer.Option("--jwt-jwks", metavar="FILE|URL", help="The issuer's keys, fetched anew as they rotate.")
    ] = "",
    jwt_algorithm: Annotated[
        list[str] | None,
        typer.Option("--jwt-algorithm", metavar="NAME", help="An algorithm that tokens may have; by default RS256."),
    ] = None,
    most_calls: Annotated[
        int, typer.Option("--most-calls", min=1, help="How many calls each process answers at once.")
    ] = 512,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Evaluations a second that one caller may ask; 0 is any number.")
    ] = 0,
) -> None:
    """Serve decisions over HTTP (AuthZEN 1.0), until SIGTERM; SIGHUP loads bundle and facts anew."""
    from authz_api.server import ServeError, Settings, run

    if public_url and not public_url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"`{public_url}` is no URL: it begins with https://", param_hint="--public-url")
    settings = Settings(
        policy,
        facts or policy / "facts.json",
        _key(key),
        host,
        port,
        workers,
        public_url,
        record,
        admin_reasons,
        callers,
        _issuer(jwt_issuer, jwt_audience, jwt_jwks, jwt_algorithm or []),
        most_calls,
        rate,
    )
    try:
        code = run(settings)
    except ServeError as wrong:
        _complain(f"authz: {wrong}")
        code = FAILED
    raise typer.Exit(code)


def _issuer(issuer: str, audience: str, jwks: str, algorithms: list[str]) -> "Issuer | None":
    """The issuer whose tokens are taken: named whole, or not at all."""
    from authz_api.authn.jwt import ALGORITHMS, Issuer, loopback_or_https

    given = {"--jwt-issuer": issuer, "--jwt-audience": audience, "--jwt-jwks": jwks}
    if not any(given.values()) and not algorithms:
        return None
    for name, value in given.items():
        if not value:
            raise typer.BadParameter("is missing: the identity of callers would be half configured", param_hint=name)
    for algorithm in algorithms:
        if algorithm not in ALGORITHMS:
            listed = ", ".join(ALGORITHMS)
            raise typer.BadParameter(f"`{algorithm}` is not one of {listed}", param_hint="--jwt-algorithm")
    if not loopback_or_https(jwks):
        raise typer.BadParameter("keys come by https, or from a file", param_hint="--jwt-jwks")
    return Issuer(issuer, audience, jwks, tuple(algorithms) or ("RS256",))


CallersOption = Annotated[Path, typer.Option("--file", metavar="FILE", help="The file of callers.")]
callers_app = typer.Typer(help="Who may call the HTTP service.", rich_markup_mode=None)
app.add_typer(callers_app, name="callers")


@callers_app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the caller is called in records.")],
    right: Annotated[
        list[str],
        typer.Option("--right", metavar="RIGHT", help="evaluate, search, explain or operate; repeat it for each."),
    ],
    file: CallersOption = DEFAULT_CALLERS,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="ID", help="The one subject, such as a supplier, it asks as.")
    ] = None,
    token_subject: Annotated[
        str | None,
        typer.Option("--token-subject", metavar="SUB", help="Known by a signed token of this subject, not by a key."),
    ] = None,
) -> None:
    """Add a caller, and show its new API key: once, for only its digest is kept."""
    from authz_api.authn.callers import Caller, Right, new_key, save_callers

    for each in right:
        if each not in list(Right):
            listed = ", ".join(f"`{known}`" for known in Right)
            raise typer.BadParameter(f"`{each}` is not one of {listed}", param_hint="--right")
    for option, said in (("--subject", subject), ("--token-subject", token_subject)):
        if said and said.startswith("--"):
            raise typer.BadParameter(f"`{said}` is another option: the value is missing", param_hint=option)
    text, key = new_key()
    given = {"name": name, "rights": right, "subject": subject, "token_subject": token_subject}
    try:
        caller = Caller.model_validate({**given, "key": None if token_subject else key})
    except ValueError as wrong:
        from authz.documents.validation import diagnostics_of

        raise DiagnosticError(diagnostics_of(cast(Any, wrong), name)) from None
    with _changing(file):
        others = _callers(file) if file.exists() else []
        if any(each.name == name for each in others):
            raise typer.BadParameter(f"`{name}` is a caller already: revoke it first", param_hint="NAME")
        if token_subject and any(each.token_subject == token_subject for each in others):
            raise typer.BadParameter(f"`{token_subject}` is a caller already", param_hint="--token-subject")
        save_callers(file, [*others, caller])
    if not token_subject:
        _print(text)


@callers_app.command(name="list")
def list_(file: CallersOption = DEFAULT_CALLERS, as_json: JsonOption = False) -> None:
    """List the callers and their rights; nothing that could be used as a key."""
    rows = [
        {
            "name": each.name,
            "rights": sorted(each.rights),
            "subject": each.subject,
            "known_by": f"key {each.key.id}" if each.key else f"token subject {each.token_subject}",
        }
        for each in _callers(file)
    ]
    if as_json:
        _print_json({"callers": rows})
        return
    for row in rows:
        bound = f", only as {row['subject']}" if row["subject"] else ""
        _print(f"{row['name']}: {' '.join(row['rights'] or ())}{bound} ({row['known_by']})")


@callers_app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The caller.")], file: CallersOption = DEFAULT_CALLERS
) -> None:
    """Take a caller out: a service that runs with the file no longer knows it."""
    from authz_api.authn.callers import save_callers

    _callers(file)  # nothing is left beside a file that is not there
    with _changing(file):
        callers = _callers(file)
        left = [each for each in callers if each.name != name]
        if len(left) == len(callers):
            known = did_you_mean(name, [each.name for each in callers])
            raise typer.BadParameter(
                f"`{name}` is no caller in {file}" + (f": {known}" if known else ""), param_hint="NAME"
            )
        save_callers(file, left)


def _callers(file: Path) -> "list[Caller]":
    from authz_api.authn.callers import load_callers

    return list(load_callers(file).all)


@contextmanager
def _changing(file: Path) -> Iterator[None]:
    from authz_api.authn.callers import changing

    try:
        with changing(file):
            yield
    except OSError as error:
        raise typer.BadParameter(f"{file}: {(error.strerror or str(error)).lower()}", param_hint="--file") from None


def _key(path: Path | None) -> bytes:
    """The key in a file, or a new one, which lasts as long as the process."""
    if path is None:
        return os.urandom(32)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {(error.strerror or str(error)).lower()}", param_hint="--key") from None
    if len(key) < 32:
        raise typer.BadParameter(f"{path}: has {len(key)} bytes, and a key has at least 32", param_hint="--key")
    return key


@app.command(name="compile")
def compile_(folder: BundleArgument = DEFAULT_POLICY) -> None:
    """Print the Python that a bundle's rules compile to."""
    from authz.bundle.loading import load
    from authz.bundle.vocabulary import attribute
    from authz.codegen.python import generate

    _print(generate(load(folder).program, attribute).rstrip("\n"))


@app.command()
def vocabulary(
    folder: BundleArgument = DEFAULT_POLICY,
    as_json: JsonOption = False,
    json_schema: Annotated[
        DocumentName | None, typer.Option("--json-schema", help="Print the JSON Schema of a document instead.")
    ] = None,
) -> None:
    """List the types, fields, parameters and reason codes that a rule may use."""
    from authz.bundle.loading import load
    from authz.cli import vocabulary_listing

    if json_schema is not None:
        _print_json(vocabulary_listing.json_schema(json_schema.value, load(folder)))
    elif as_json:
        _print_json(vocabulary_listing.as_data(load(folder)))
    else:
        _print("\n".join(vocabulary_listing.as_text(load(folder))))


def _load(folder: Path, evaluator: EvaluatorName) -> "Policy":
    from authz.engine.policy import load_bundle

    policy = load_bundle(folder)
    if evaluator is EvaluatorName.COMPILED:
        return policy
    from authz.verify import oso as reference

    if not reference.available():
        raise typer.BadParameter("oso is not installed: it has no release for this Python", param_hint="--evaluator")
    return policy.with_evaluator(reference.Reference)


def _print(text: str) -> None:
    # What a document says must not steer a terminal.
    sys.stdout.write(f"{text.translate(CONTROLS)}\n")


def _print_json(data: Any) -> None:
    _print(json.dumps(data, indent=2, ensure_ascii=False))


def _complain(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{text.translate(CONTROLS)}\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {(error.strerror or str(error)).lower()}", param_hint="--junit") from None


@contextmanager
def _progress(what: str) -> Iterator[Any]:
    """Tells how far long work has come, on a terminal alone; a call takes what is done and, if known, of how many."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda done, total: status.update(f"{what}: {done}" + (f" of {total}" if total else ""))


def _said(usage: Any) -> str:
    """What a complaint says."""
    said: str = usage.format_message()
    return said.removesuffix(".").replace("Value error, ", "")


def _path(usage: Any) -> str:
    """The command that a complaint is about."""
    context = getattr(usage, "ctx", None)
    return context.command_path if context else "authz"


def main() -> NoReturn:
    """Run the command; bad input is told on standard error, in the reader's words, and exits 1."""
    # A closed stream is none at all in Python, and nobody is there to read it.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A pipe with an ASCII locale must not make a name unprintable.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="authz", standalone_mode=False)
        sys.stdout.flush()
    except DiagnosticError as faulty:
        _complain("\n".join(map(str, faulty.diagnostics)))
        code = FAILED
    except UsageError as usage:
        _complain(f"authz: {_said(usage)}\nhelp: see `{_path(usage)} --help`")
        code = FAILED
    except (KeyboardInterrupt, typer.Abort):
        _complain("authz: interrupted")
        code = FAILED
    except OSError as error:
        # The reader of a pipe has gone, or a disk is full: nothing more can be said there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _complain(f"authz: {(error.strerror or str(error)).lower()}")
        code = FAILED
    sys.exit(code or 0)
