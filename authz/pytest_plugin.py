"""A pytest plugin that collects a bundle's scenario files, each scenario a test by its title: `pytest policies/`.

It collects the files in a `scenarios` folder beside a `bundle.toml`. The compiled form decides each scenario, as in
`authz test`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from authz.engine.policy import Policy

ENDINGS = (".json", ".yaml", ".yml")
POLICIES = pytest.StashKey[dict[Path, "Policy"]]()


class ScenarioFailedError(Exception):
    """A scenario did not get what it expects."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The collector of a scenario file; None for any other file."""
    folder = _bundle_of(file_path)
    if file_path.suffix not in ENDINGS or folder is None:
        return None
    if any(part.startswith(".") for part in file_path.relative_to(folder).parts):
        return None
    return ScenarioCollector.from_parent(parent, path=file_path)


def _bundle_of(path: Path) -> Path | None:
    """The folder of the bundle that a scenario file belongs to."""
    for folder in path.parents:
        if folder.name == "scenarios" and (folder.parent / "bundle.toml").is_file():
            return folder.parent
    return None


class ScenarioCollector(pytest.File):
    """Collects the scenarios of one file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Each scenario by its id and title; one item for the file as a whole if none can be read."""
        from authz.verify.scenarios import titles

        scenarios = titles(self.path)
        for index, (id, title) in enumerate(scenarios):
            yield ScenarioItem.from_parent(self, name=f"{id} {title}".strip() or str(index), index=index)
        if not scenarios:
            yield ScenarioItem.from_parent(self, name="no scenario can be read", index=None)


class ScenarioItem(pytest.Item):
    """One scenario as a test; `index` is its place in the file, or None for the file as a whole."""

    def __init__(self, *, index: int | None, **more: Any) -> None:
        super().__init__(**more)
        self.index = index

    def runtest(self) -> None:
        """Decide the scenario.

        Raises:
            ScenarioFailedError: it does not get what it expects.
            DiagnosticError: the bundle has faults.
        """
        from authz.verify.scenarios import run_file

        folder = _bundle_of(self.path)
        assert folder is not None  # only files of a bundle are collected
        results = list(run_file(_policy(self.session, folder), self.path, only=self.index))
        problems = [problem for result in results for problem in result.problems]
        if problems:
            raise ScenarioFailedError("\n".join(problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The problems alone, without a traceback, for a failed scenario or a bundle with faults."""
        from authz.language.diagnostics import DiagnosticError

        if isinstance(excinfo.value, ScenarioFailedError | DiagnosticError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file and the name of the scenario."""
        return self.path, None, self.name


def _policy(session: pytest.Session, folder: Path) -> "Policy":
    """The policy of a folder, loaded once a session."""
    from authz.engine.loading import load_bundle

    policies = session.stash.setdefault(POLICIES, {})
    if folder not in policies:
        policies[folder] = load_bundle(folder)
    return policies[folder]
