"""A rule that stands twice is reported with both its places; rules that differ in anything but names are not."""

from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from authz import DiagnosticError, load_bundle
from tests.support.paths import STUDENT
from tests.support.small_schema import checker_output, condition

SAME = {
    "as it is": ("f(r: Request) if r.open;", "f(r: Request) if r.open;"),
    "another name of the parameter": ("f(r: Request) if r.open;", "f(q: Request) if q.open;"),
    "another layout and comments": (
        "f(r: Request) if r.open and r.consent;",
        "f( r:Request )\nif r.open # a\nand r.consent ;",
    ),
    "brackets": (
        "f(r: Request) if r.open and r.consent and r.withdrawn;",
        "f(r: Request) if (r.open) and (r.consent and (r.withdrawn));",
    ),
    "another spelling of equality": ("f(r: Request) if r.level = 1;", "f(r: Request) if r.level == 1;"),
    "another name of an element": (
        "f(r: Request) if g in r.grants and not (b in r.blocks and b.level = g.level);",
        "f(q: Request) if b in q.grants and not (g in q.blocks and g.level = b.level);",
    ),
    "another name of a value": ("f(r: Request) if x := r.open and x;", "f(r: Request) if y := r.open and y;"),
    "nameless elements": (
        "f(r: Request) if _ in r.grants and _ in r.blocks;",
        "f(r: Request) if _g in r.grants and _b in r.blocks;",
    ),
    "a fact and a rule that is true": ("f(_: Request);", "f(_r: Request) if true;"),
    "literals in the head": ('f("a", 1, true);', 'f("a", 1, true);'),
    "calls and lists": (
        'g(r: Request) if r.open;\nf(r: Request) if g(r) or r.name in ["a", "b"];',
        'f(x: Request) if g(x) or x.name in ["a", "b"];',
    ),
    "nil": ("f(r: Request) if r.limit != nil;", "f(r: Request) if r.limit != nil;"),
}
DIFFERENT = {
    "another field": ("f(r: Request) if r.open;", "f(r: Request) if r.consent;"),
    "another constant": ("f(r: Request) if r.level = 1;", "f(r: Request) if r.level = 0;"),
    "another operator": ("f(r: Request) if r.level < 1;", "f(r: Request) if r.level <= 1;"),
    "a negation": ("f(r: Request) if r.open;", "f(r: Request) if not r.open;"),
    "one condition more": ("f(r: Request) if r.open;", "f(r: Request) if r.open and r.consent;"),
    "and for or": ("f(r: Request) if r.open and r.consent;", "f(r: Request) if r.open or r.consent;"),
    "an or in brackets": (
        "f(r: Request) if r.open and (r.consent or r.withdrawn);",
        "f(r: Request) if r.open and r.consent and r.withdrawn;",
    ),
    "parameters the other way round": (
        "f(a: Request, b: Request) if a.open and b.consent;",
        "f(b: Request, a: Request) if a.open and b.consent;",
    ),
    "one name for two": (
        "f(r: Request) if a in r.grants and b in r.grants and a.open and b.open;",
        "f(r: Request) if a in r.grants and b in r.grants and a.open and a.open and _ := b.open;",
    ),
    "a boolean and an integer": ("f(r: Request) if r.level = 1;", "g(r: Request) if r.open = true;"),
    "another literal in the head": ('f("a");', 'f("b");'),
    "another rule": ("f(r: Request) if r.open;", "g(r: Request) if r.open;"),
    "another type": ("f(r: Request) if r.open;", "g(r: Grant) if r.open;"),
}


@pytest.mark.parametrize("name", SAME)
def test_a_rule_that_stands_twice_is_reported_with_both_places(name: str) -> None:
    first, second = SAME[name]
    text = f"{first}\n# between\n{second}"
    place, line = first.count("\n") + 1, first.count("\n") + 3
    output = checker_output(text)
    assert output.startswith(f"rules.polar:{line}:1: this rule `f` stands already at rules.polar:{place}\n"), output
    assert "code: duplicate-rule\nhelp: remove one of the two, or the file that is a copy" in output


@pytest.mark.parametrize("name", DIFFERENT)
def test_rules_that_differ_are_not_reported(name: str) -> None:
    assert "duplicate-rule" not in checker_output("\n".join(DIFFERENT[name]))


def test_each_copy_is_reported_once() -> None:
    output = checker_output("\n".join([condition("request.open")] * 3))
    assert output.count("stands already at rules.polar:1") == 2


def test_a_forgotten_copy_of_a_file_is_reported(tmp_path: Path) -> None:
    bundle = copytree(STUDENT, tmp_path / "bundle", ignore=ignore_patterns("scenarios"))
    rules = (bundle / "student.polar").read_text()
    (bundle / "student (copy).polar").write_text(rules)
    with pytest.raises(DiagnosticError) as refused:
        load_bundle(bundle)
    diagnostics = refused.value.diagnostics
    assert {d.code for d in diagnostics} == {"duplicate-rule"}
    assert len(diagnostics) == rules.count(";\n")
    assert all(str(bundle / "student (copy).polar") in d.problem for d in diagnostics)
    assert {d.span.path for d in diagnostics} == {str(bundle / "student.polar")}
