"""What the commands share: options, exit codes, and which bundle a call is about."""

from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authz.cli.errors import invalid

if TYPE_CHECKING:
    from authz.bundle.loading import Bundle
    from authz.engine.policy import Policy

MANIFEST = "bundle.toml"
FALLBACK_BUNDLE = Path("policies/student_data")


class Exit(IntEnum):
    """The exit codes of the command."""

    OK = 0
    FAILED = 1
    DENY = 2


class EvaluatorName(StrEnum):
    """The evaluators that `--evaluator` can select."""

    COMPILED = "compiled"
    OSO = "oso"


BundleArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="The folder of the bundle; by default the bundle of the current folder."),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="DIR",
        help="The folder of the bundle; by default the nearest folder with a bundle.toml at or above the path given.",
    ),
]
FactsOption = Annotated[
    Path | None,
    typer.Option("--facts", metavar="FILE", help="The facts document; by default facts.json of the bundle."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs; its form is stable.")]
EvaluatorOption = Annotated[
    EvaluatorName, typer.Option("--evaluator", help="The compiled policy, or oso as the reference.")
]


def find_bundle(*paths: Path) -> Path:
    """The folder of the bundle that a call without `--policy` is about.

    It is the nearest folder with a `bundle.toml` at or above the paths given; else at or above the current folder; else
    `policies/student_data`.

    Raises:
        typer.BadParameter: the paths lie in different bundles, or there is no bundle.
    """
    bundles = {bundle.resolve(): bundle for path in paths if (bundle := _nearest(path)) is not None}
    if len(bundles) > 1:
        listed = " and ".join(f"`{bundle}`" for bundle in bundles.values())
        raise invalid("--policy", f"the paths lie in the bundles {listed}: choose one")
    folder = next(iter(bundles.values()), None) or _nearest(Path()) or FALLBACK_BUNDLE
    if not folder.is_dir():
        places = ", ".join(f"`{path}`" for path in paths) or "the current folder"
        raise invalid(
            "the bundle", f"there is no `{MANIFEST}` at or above {places}, and no {FALLBACK_BUNDLE}: name one"
        )
    return folder


def bundle_folder(argument: Path | None) -> Path:
    """The folder of the bundle that the argument `DIR` means: it, the nearest bundle above it, or the default."""
    if argument is None:
        return find_bundle()
    # A path that is no bundle and stands in none is kept, so that loading reports what is wrong with it.
    return (_nearest(argument) if argument.exists() else None) or argument


def _nearest(path: Path) -> Path | None:
    """The nearest folder with a manifest at or above a path, written as the path is."""
    if ".." in path.parts:
        path = path.resolve()
    above = () if path.is_absolute() else Path.cwd().parents
    return next((folder for folder in (path, *path.parents, *above) if (folder / MANIFEST).is_file()), None)


def load_policy(folder: Path, evaluator: EvaluatorName = EvaluatorName.COMPILED) -> "Policy":
    """The checked policy of a bundle, with the evaluator chosen.

    Raises:
        PolicyError: the bundle has faults.
        typer.BadParameter: oso is chosen and not installed.
    """
    from authz.engine.loading import load_bundle

    policy = load_bundle(folder)
    if evaluator is EvaluatorName.COMPILED:
        return policy
    from authz.verify import oso

    if not oso.available():
        raise invalid("--evaluator", "oso is not installed: it has no release for this version of Python")
    return policy.with_evaluator(oso.Reference)


def identify(bundle: "Bundle") -> str:
    """The line that names the bundle of a call, and its digest."""
    return f"bundle {bundle.name} {bundle.version} in {bundle.path}   policy {bundle.digest[:8]}"
