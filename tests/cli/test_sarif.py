"""`authz check --sarif`: a sound SARIF 2.1.0 log, whatever diagnostics and paths hold."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

import authz.cli
from authz import load_bundle
from authz.language.diagnostics import Diagnostic, Span
from authz.verify.sarif import as_sarif
from tests.support.cli import authz as run

sarif_pydantic = pytest.importorskip("sarif_pydantic")
from pydantic import BaseModel  # noqa: E402

STARTER = Path(authz.cli.__file__).parent / "starter"
TEXT = st.text(st.characters(exclude_categories=("Cs",)))
SPANS = st.builds(
    lambda path, line, column: Span(path, line, column if line else 0),
    st.one_of(TEXT, st.binary().map(os.fsdecode)),
    st.integers(0, 9),
    st.integers(1, 9),
)
DIAGNOSTICS = st.lists(st.builds(Diagnostic, SPANS, TEXT, TEXT, TEXT, st.sampled_from(["", "unknown-type", "cycle"])))


def unknown_members(value: object) -> Iterator[str]:
    """The members of a log that the model of SARIF does not know; a bag of properties may hold any."""
    if isinstance(value, BaseModel):
        if type(value).__name__ != "PropertyBag":
            yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from unknown_members(getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            yield from unknown_members(item)


def results_of(text: str) -> list[dict[str, object]]:
    """The results of a log that is held to the model of SARIF."""
    log = sarif_pydantic.Sarif.model_validate_json(text)
    # SARIF 2.1.0 has `columnKind` in section 3.14.17; the model leaves it out.
    assert list(unknown_members(log)) == ["columnKind"]
    data = json.loads(text)
    assert (data["version"], len(data["runs"])) == ("2.1.0", 1)
    return list(data["runs"][0]["results"])


@given(DIAGNOSTICS, DIAGNOSTICS, TEXT)
def test_every_diagnostic_is_a_result_at_its_place(
    errors: list[Diagnostic], warnings: list[Diagnostic], path: str
) -> None:
    results = results_of(json.dumps(as_sarif(errors, warnings, {"path": path})))
    assert [result["level"] for result in results] == ["error"] * len(errors) + ["warning"] * len(warnings)
    for result, diagnostic in zip(results, [*errors, *warnings], strict=True):
        place = result["locations"][0]["physicalLocation"]  # type: ignore[index]
        uri = place["artifactLocation"]["uri"]
        assert unquote_to_bytes(uri.removeprefix("file://")) == os.fsencode(Path(diagnostic.span.path))
        assert uri.isascii() and " " not in uri
        assert ("region" in place) is bool(diagnostic.span.line)
        assert result.get("ruleId", "") == diagnostic.code


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STARTER, tmp_path / "a bundle"))


def test_the_command_writes_errors_with_their_lines(bundle: Path, tmp_path: Path) -> None:
    rules = bundle / "access.polar"
    rules.write_text(rules.read_text() + "broken(request: Requst) if request.x = 1;\n")
    result = run("check", bundle, "--sarif", tmp_path / "log.sarif")
    assert (result.code, result.out) == (1, "") and "unknown type `Requst`" in result.err
    results = results_of((tmp_path / "log.sarif").read_text())
    first = next(found for found in results if "Requst" in json.dumps(found))
    place = first["locations"][0]["physicalLocation"]  # type: ignore[index]
    assert place["artifactLocation"]["uri"] == rules.as_uri()
    assert place["region"]["startLine"] == len(rules.read_text().splitlines())
    assert (first["ruleId"], first["level"]) == ("unknown-type", "error")


def test_the_command_writes_warnings_and_names_the_bundle(bundle: Path, tmp_path: Path) -> None:
    (bundle / "scenarios" / "broken.json").write_text("{")
    assert run("check", bundle, "--json", "--sarif", tmp_path / "log.sarif").code == 0
    text = (tmp_path / "log.sarif").read_text()
    assert {result["level"] for result in results_of(text)} == {"warning"}
    expected = {"bundle": "documents", "path": str(bundle), "policy": load_bundle(bundle).digest}
    assert json.loads(text)["runs"][0]["properties"] == expected


def test_a_log_that_cannot_be_written_is_an_error(bundle: Path) -> None:
    result = run("check", bundle, "--sarif", bundle / "nowhere" / "log.sarif")
    assert result.code == 1 and result.err.startswith("authz: Invalid value for --sarif: ")
