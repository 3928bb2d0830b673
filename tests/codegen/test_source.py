"""The generated source: it names the Polar place of each function, and does not depend on the bundle's folder."""

import re
import shutil
import traceback
from pathlib import Path

from authz.bundle.loading import load
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program, generate
from tests.support.paths import STUDENT

FUNCTION = re.compile(r"((?:^# .*\n)*)^def (\w+)\(", re.MULTILINE)
WITHOUT_PLACE = {"reasons", "reasons_many", "rows_where"}


def source_of(folder: Path) -> str:
    return generate(load(folder).program, attribute)


def places(comment: str) -> list[tuple[str, int]]:
    return [(file, int(line)) for file, line in re.findall(r"([\w.]+\.polar):(\d+)", comment)]


def test_a_comment_above_each_function_names_the_places_of_its_rules() -> None:
    lines = {path.name: path.read_text().splitlines() for path in STUDENT.glob("*.polar")}
    functions = FUNCTION.findall(source_of(STUDENT))
    assert {name for comment, name in functions if not comment} == WITHOUT_PLACE
    for comment, name in functions:
        for file, line in places(comment):
            text = lines[file][line - 1]
            if name.startswith("loop_"):
                assert " in " in text, (name, file, line)
            elif code := re.fullmatch(r"reason_([A-Z_]+?)(_many)?", name):
                assert text.startswith("reason(") and f'"{code[1]}"' in text, (name, file, line)
            else:
                rule = re.sub(r"(_of)?_many$", "", name)
                assert text.startswith(f"{rule}("), (name, file, line)


def test_a_function_names_every_alternative_of_its_rule() -> None:
    program = load(STUDENT).program
    functions = {name: comment for comment, name in FUNCTION.findall(source_of(STUDENT))}
    several = {name: rules for name, rules in program.rules.items() if len(rules) > 1 and name in functions}
    assert several
    for name, rules in several.items():
        assert len(places(functions[name])) == len(rules), name


def test_the_source_is_the_same_from_any_folder(tmp_path: Path) -> None:
    shutil.copytree(STUDENT, tmp_path / "elsewhere")
    assert source_of(tmp_path / "elsewhere") == source_of(STUDENT)


def test_a_traceback_shows_the_generated_line() -> None:
    compiled = compile_program(load(STUDENT).program, attribute)
    try:
        compiled.allow(None, "read_grades", object())
    except AttributeError as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
    assert last.filename.startswith("<compiled policy ")
    assert last.line is not None
    assert last.line in compiled.source
