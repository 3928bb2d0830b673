"""`authz test`: run scenario files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authz.cli.errors import file_error
from authz.cli.options import (
    EvaluatorName,
    EvaluatorOption,
    Exit,
    JsonOption,
    PolicyOption,
    find_bundle,
    identify,
    load_policy,
)
from authz.cli.output import interruptible, print_error, print_json, print_lines, print_text, progress

if TYPE_CHECKING:
    from authz.verify.scenarios import Result

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Scenario files and folders; by default the bundle's own."),
]
JunitOption = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report too.")]
WordsOption = Annotated[
    str, typer.Option("-k", metavar="WORDS", help="Run only scenarios whose id and title have each word.")
]


def test(
    paths: PathsArgument = None,
    policy: PolicyOption = None,
    evaluator: EvaluatorOption = EvaluatorName.COMPILED,
    as_json: JsonOption = False,
    junit: JunitOption = None,
    words: WordsOption = "",
) -> None:
    """Run scenario files.

    Exits 0 if every scenario gets the decision that it expects, and 1 otherwise.
    """
    from authz.verify import reports, scenarios

    folder = policy or find_bundle(*(paths or []))
    loaded = load_policy(folder, evaluator)
    results = []
    with interruptible() as interrupted, progress("scenarios") as show:
        if not as_json:
            print_text(identify(loaded.bundle))
        for result in scenarios.run(loaded, paths or [folder / "scenarios"], words):
            results.append(result)
            show(len(results), None)
            if interrupted():
                break
    if junit is not None:
        _write(junit, reports.as_junit(loaded, results))
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json(reports.as_data(loaded, results))
    else:
        for result in failed:
            _print_failure(result)
        print_text(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if interrupted():
        raise KeyboardInterrupt
    if not results:
        print_error(f"no scenario has the words `{words}`")
    raise typer.Exit(Exit.OK if results and not failed else Exit.FAILED)


def _print_failure(result: "Result") -> None:
    print_text(f"FAILED {result.path}: {result.id} {result.title}".rstrip())
    print_lines(f"    {line}" for problem in result.problems for line in problem.split("\n"))


def _write(junit: Path, report: str) -> None:
    try:
        junit.write_text(report + "\n", encoding="utf-8")
    except OSError as error:
        raise file_error("--junit", junit, error) from None
