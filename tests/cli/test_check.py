"""`authz check`: warnings, `--strict`, and its report as JSON."""

import json
import shutil
from pathlib import Path

import pytest
import typer

from authz.cli.check import check
from authz.verify import oso
from tests.support.cli import authz
from tests.support.paths import AUTHZEN


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(AUTHZEN, tmp_path / "bundle"))


def exit_code(folder: Path, strict: bool) -> int:
    with pytest.raises(typer.Exit) as end:
        check(folder, strict=strict)
    return int(end.value.exit_code)


def test_the_report_for_programs_of_a_bundle_that_is_admitted(bundle: Path) -> None:
    result = authz("check", bundle, "--json")
    report = json.loads(result.out)
    assert (result.code, report["admitted"], report["diagnostics"]) == (0, True, [])
    assert (report["bundle"], report["path"]) == ("authzen", str(bundle))
    assert report["compared_with_oso"] is oso.available()
    assert bool(report["warnings"]) is not oso.available()


def test_the_report_for_programs_of_a_bundle_that_is_not(bundle: Path) -> None:
    rules = bundle / "access.polar"
    rules.write_text(rules.read_text() + "broken(request: Requst) if request.x = 1;\n")
    result = authz("check", bundle, "--json")
    report = json.loads(result.out)
    assert (result.code, report["admitted"], result.err) == (1, False, "")
    first = report["diagnostics"][0]
    assert (first["path"], first["problem"]) == (str(rules), "unknown type `Requst`")
    assert first["line"] == len(rules.read_text().splitlines())


def test_warnings_fail_under_strict_alone(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(oso, "available", lambda: False)
    assert (exit_code(bundle, strict=False), exit_code(bundle, strict=True)) == (0, 1)
    warning = f"warning: {bundle}: decisions were not compared with oso: it is not installed here\ncode: not-compared\n"
    assert capsys.readouterr().err == warning * 2


def test_a_scenario_with_a_fault_is_a_warning(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "scenarios" / "broken.json").write_text("{")
    assert exit_code(bundle, strict=True) == 1
    assert "have faults: run `authz test`" in capsys.readouterr().err


@pytest.mark.skipif(not oso.available(), reason="without oso there is a warning")
def test_a_bundle_without_warnings_passes_strict(bundle: Path) -> None:
    assert exit_code(bundle, strict=True) == 0
