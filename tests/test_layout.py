"""The layout of tests and benchmarks, held by their imports."""

import ast
from pathlib import Path

from tests.support.paths import ROOT


def imports(file: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def importers(folder: str, *prefixes: str) -> dict[str, list[str]]:
    """The files of a folder that import a module under one of these prefixes, with those modules."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    found = {
        str(file.relative_to(ROOT)): sorted(name for name in imports(file) if name.startswith(prefixes))
        for file in files
    }
    return {file: names for file, names in found.items() if names}


def test_benchmarks_import_nothing_of_the_tests() -> None:
    assert importers("bench", "tests.", "pytest") == {}


def test_tests_import_nothing_of_the_benchmarks() -> None:
    assert importers("tests", "bench.") == {}


def test_the_product_imports_neither() -> None:
    assert {**importers("authz", "tests.", "bench."), **importers("api", "tests.", "bench.")} == {}


def test_tests_share_helpers_in_support_and_not_in_other_tests() -> None:
    rooms = {folder.name for folder in (ROOT / "tests").iterdir() if folder.is_dir()} - {"support"}
    assert importers("tests", "tests.test_", *(f"tests.{room}." for room in rooms)) == {}


def test_every_room_has_tests() -> None:
    rooms = {path.parent.name for path in (ROOT / "authz").glob("*/__init__.py")} | {"api"}
    tested = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert rooms - tested == set()
