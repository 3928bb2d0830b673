"""A pytest plugin: collects a bundle's scenario files, each scenario a test by its title (`pytest policies/`).

A file is collected if it stands in a `scenarios` folder beside a `bundle.toml`. Each scenario gets what it expects from
the compiled form, as with `authz test`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from authz.engine.policy import Policy

ENDINGS = (".json", ".yaml", ".yml")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The scenario file at this path, if it is one."""
    folder = _bundle(file_path)
    if file_path.suffix not in ENDINGS or folder is None:
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


def _bundle(path: Path) -> Path | None:
    """The bundle whose scenarios a file is among."""
    for folder in path.parents:
        if folder.name == "scenarios" and (folder.parent / "bundle.toml").is_file():
            return folder.parent
    return None


class ScenarioFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its scenarios by id and title; the file itself if none can be read."""
        from authz.verify.scenarios import titles

        found = titles(self.path)
        for index, (id, title) in enumerate(found):
            yield Scenario.from_parent(self, name=f"{id} {title}".strip() or str(index), index=index)
        if not found:
            yield Scenario.from_parent(self, name="no scenario can be read", index=None)


class Scenario(pytest.Item):
    """One scenario."""

    def __init__(self, *, index: int | None, **more: Any) -> None:
        super().__init__(**more)
        self.index = index

    def runtest(self) -> None:
        """Decide it.

        Raises:
            Failed: it does not get what it expects.
        """
        from authz.verify.scenarios import run_file

        folder = _bundle(self.path)
        assert folder is not None  # it was collected
        results = list(run_file(_policy(self.session, folder), self.path, only=self.index))
        problems = [problem for result in results for problem in result.problems]
        if problems:
            raise Failed("\n".join(problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong, in the reader's words."""
        from authz.language.diagnostics import DiagnosticError

        if isinstance(excinfo.value, Failed | DiagnosticError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, self.name


class Failed(Exception):
    """A scenario did not get what it expects."""


KEPT = pytest.StashKey[dict[Path, "Policy"]]()


def _policy(session: pytest.Session, folder: Path) -> "Policy":
    """The policy of a folder, loaded once a session."""
    from authz.engine.loading import load_bundle

    kept = session.stash.setdefault(KEPT, {})
    if folder not in kept:
        kept[folder] = load_bundle(folder)
    return kept[folder]
