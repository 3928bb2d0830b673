"""Which bundle a call is about: the nearest to the path given, else that of the current folder, else a default."""

from pathlib import Path

import pytest
import typer

from authz.cli.options import FALLBACK_BUNDLE, bundle_folder, find_bundle
from tests.support.cli import authz
from tests.support.paths import AUTHZEN


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two bundles, one inside the other, and a folder beside them."""
    for name in ("outer/inner/scenarios", "outer/scenarios", "beside", FALLBACK_BUNDLE):
        (tmp_path / name).mkdir(parents=True)
    for name in ("outer", "outer/inner"):
        (tmp_path / name / "bundle.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "bundle"),
    [
        ("outer", "outer"),
        ("outer/scenarios/a.json", "outer"),
        ("outer/inner/scenarios/a.json", "outer/inner"),
        ("outer/inner", "outer/inner"),
    ],
)
def test_the_nearest_bundle_at_or_above_the_path_counts_and_is_shown_as_given(
    tree: Path, path: str, bundle: str
) -> None:
    assert find_bundle(Path(path)) == Path(bundle)
    assert find_bundle(tree / path) == tree / bundle


def test_a_relative_path_is_looked_up_above_the_current_folder_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "outer" / "scenarios")
    assert find_bundle(Path("a.json")) == tree / "outer"
    assert find_bundle(Path("../inner/a.json")).resolve() == tree / "outer" / "inner"


def test_without_a_path_it_is_the_bundle_of_the_current_folder(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "outer" / "inner")
    assert find_bundle() == Path()
    assert bundle_folder(None) == Path()


def test_a_path_outside_every_bundle_leaves_the_current_folder_and_the_default(
    tree: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.json"
    assert find_bundle(elsewhere) == FALLBACK_BUNDLE
    monkeypatch.chdir(tree / "outer")
    assert find_bundle(elsewhere) == Path()


def test_where_there_is_no_bundle_the_error_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for paths, places in (((), "the current folder"), ((Path("a"), Path("b")), "`a`, `b`")):
        with pytest.raises(typer.BadParameter) as unknown:
            find_bundle(*paths)
        expected = f"there is no `bundle.toml` at or above {places}, and no policies/student_data: name one"
        assert unknown.value.message == expected


def test_paths_in_two_bundles_are_an_error(tree: Path) -> None:
    with pytest.raises(typer.BadParameter, match="the paths lie in the bundles"):
        find_bundle(Path("outer/scenarios"), Path("outer/inner/scenarios"))
    assert find_bundle(Path("outer/scenarios"), tree / "outer") == tree / "outer"


def test_a_folder_that_is_in_no_bundle_is_never_replaced_by_another(tree: Path) -> None:
    assert bundle_folder(Path("beside")) == Path("beside")
    assert bundle_folder(Path("nowhere")) == Path("nowhere")
    assert bundle_folder(Path("outer/nowhere")) == Path("outer/nowhere")
    assert bundle_folder(Path("outer/scenarios")) == Path("outer")
    (tree / "outer" / "access.polar").touch()
    assert bundle_folder(Path("outer/access.polar")) == Path("outer")


def test_the_command_uses_the_bundle_of_the_path_and_names_it() -> None:
    result = authz("test", AUTHZEN / "scenarios")
    assert result.code == 0
    assert result.out.startswith("bundle authzen ")
    refused = authz("test", AUTHZEN / "scenarios", "policies/student_data/scenarios")
    assert refused.code == 1
    assert "choose one" in refused.err
    assert authz("test", AUTHZEN / "scenarios", "--policy", "policies/student_data").code == 1
