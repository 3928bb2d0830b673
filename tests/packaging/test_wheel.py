"""The wheel, installed into a fresh environment beside a foreign package called `api`: typed, and serving."""

import json
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.paths import ROOT, STUDENT
from tests.support.server import free_port, until_ready

FOREIGN = 'NAME = "a package of somebody else"\n'
PROGRAM = """\
import api
from authz import Decision, __version__, load_bundle, load_facts
from authz.client import Client, Evaluation, EvaluationResponse
from authz_api.app import create_app

policy = load_bundle("student_data")
facts = load_facts("student_data/facts.json", policy)
decision: Decision = policy.decide({request}, facts)
codes: tuple[str, ...] = decision.reasons


def ask(client: Client, evaluation: Evaluation) -> EvaluationResponse:
    return client.evaluate(evaluation)


print(api.NAME, __version__, bool(decision), callable(create_app))
"""
REQUEST = {
    "supplier": "X", "institute": "A", "school": "S1", "student": "tim",
    "action": "read_grades", "at": "2025-03-10T12:00:00Z",
}  # fmt: skip
EVALUATION = {
    "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A"}},
    "action": {"name": "read_schedule"},
    "resource": {"type": "student", "id": "sara", "properties": {"school": "S1"}},
}


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel, and an environment with it and a user's files."""

    wheel: Path
    python: Path
    folder: Path

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a command in the user's folder, away from this repository."""
        return subprocess.run(
            [*map(str, command)], cwd=self.folder, capture_output=True, text=True, check=False, timeout=300
        )


def run(*command: object) -> None:
    subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel without its dependencies: those are borrowed from the environment of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "api").mkdir()
    (packages / "api" / "__init__.py").write_text(FOREIGN)
    (packages / "api" / "py.typed").touch()
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel)
    # A plain path in a .pth file: the editable install in that folder stays switched off.
    (packages / "borrowed.pth").write_text(f"{Path(httpx.__file__).parent.parent}\n")
    shutil.copytree(STUDENT, folder / "student_data")
    return Installed(wheel, python, folder)


def test_the_wheel_holds_its_two_packages_and_the_licence(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"authz", "authz_api"}
    assert {"authz/py.typed", "authz_api/py.typed"} <= set(names)
    assert any(name.startswith("authz/language/") and name.endswith("/polar.lark") for name in names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_a_program_of_a_user_runs_beside_a_package_called_api(installed: Installed) -> None:
    (installed.folder / "program.py").write_text(PROGRAM.replace("{request}", json.dumps(REQUEST)))
    done = installed.run(installed.python, "program.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"a package of somebody else {version(installed)} True True\n"


def version(installed: Installed) -> str:
    return installed.wheel.name.split("-")[1]


@pytest.mark.parametrize(("codes", "errors"), [("tuple[str, ...]", 0), ("list[int]", 1)])
def test_a_program_of_a_user_is_type_checked(installed: Installed, codes: str, errors: int) -> None:
    program = installed.folder / f"typed_{errors}.py"
    text = PROGRAM.replace("{request}", json.dumps(REQUEST))
    program.write_text(text.replace("tuple[str, ...]", codes))
    done = installed.run(
        sys.executable, "-m", "mypy", "--strict", "--python-executable", installed.python, "--cache-dir",
        installed.folder / "mypy", program,
    )  # fmt: skip
    assert done.stdout.count("error:") == errors, done.stdout
    assert done.returncode == (1 if errors else 0), done.stderr
    if errors:
        assert "Incompatible types in assignment" in done.stdout


def test_the_installed_command_prints_its_version(installed: Installed) -> None:
    done = installed.run(installed.python.parent / "authz", "--version")
    assert (done.returncode, done.stdout) == (0, f"authz {version(installed)}\n")


def test_the_installed_command_begins_a_bundle_in_an_empty_folder(installed: Installed) -> None:
    command, empty = installed.python.parent / "authz", installed.folder / "empty"
    empty.mkdir()
    runs = [
        subprocess.run([command, *words], cwd=empty, capture_output=True, text=True, check=False, timeout=300)
        for words in (["check"], ["init", "."], ["check"], ["test"])
    ]
    assert [run.returncode for run in runs] == [1, 0, 0, 0]
    assert "there is no `bundle.toml`" in runs[0].stderr
    assert runs[3].stdout.endswith("1 passed, 0 failed\n")


def test_the_installed_command_serves(installed: Installed) -> None:
    port = free_port()
    log = installed.folder / "log.jsonl"
    command = [str(installed.python.parent / "authz"), "serve", "--policy", "student_data", "--port", str(port)]
    with log.open("wb") as errors:
        process = subprocess.Popen(command, cwd=installed.folder, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            until_ready(client, process, log)
            response = client.post("/access/v1/evaluation", json=EVALUATION)
        assert (response.status_code, response.json()["decision"]) == (200, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
