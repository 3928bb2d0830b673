"""`authz fuzz`: try generated worlds on a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from authz.cli.errors import file_error
from authz.cli.options import BundleArgument, Exit, bundle_folder, identify, load_policy
from authz.cli.output import interruptible, print_lines, print_text, progress


def fuzz(
    folder: BundleArgument = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="How long to generate worlds.")] = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="The seed of the random stream.")] = 0,
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", metavar="DIR", help="Where worlds are kept; by default .authz-fuzz/ and the bundle."),
    ] = None,
) -> None:
    """Fuzz a bundle with generated worlds.

    Each world is decided in several ways: against the laws of the bundle, its search and oso. Exits 1 on a difference.
    """
    from authz.verify.fuzz import fuzz as fuzz_policy

    policy = load_policy(bundle_folder(folder))
    kept = corpus or Path(".authz-fuzz") / policy.bundle.name
    with progress("worlds") as show, interruptible() as interrupted:
        print_text(identify(policy.bundle))
        try:
            report = fuzz_policy(policy, seconds, seed, kept, show, stopped=interrupted)
        except OSError as error:
            raise file_error("--corpus", kept, error) from None
    print_lines(report.lines())
    if interrupted():
        raise KeyboardInterrupt
    raise typer.Exit(Exit.FAILED if report.counterexample else Exit.OK)
