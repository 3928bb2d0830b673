"""The parser and the type checker take time near linear in the text, whatever its shape."""

import contextlib
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from authz.language.diagnostics import DiagnosticError
from authz.language.parser import parse
from authz.language.sources import Sources
from authz.language.typecheck.program import check_program
from authz.language.typecheck.scope import RuleState
from tests.support.small_schema import PATH, SCHEMA, with_allow

HEAD = "rule(request: Request) if r0(request);\n"


def chain(step: str, last: str) -> Callable[[int], str]:
    """Rules that call the next one; `@` is the number of a rule, `#` that of the next."""

    def text(size: int) -> str:
        lines = [f"r@(request: Request) if {step};".replace("@", str(i)).replace("#", str(i + 1)) for i in range(size)]
        return HEAD + "\n".join([*lines, f"r{size}(request: Request) if {last};"])

    return text


def joined(part: str, operator: str) -> Callable[[int], str]:
    """One rule with many conditions."""
    return lambda size: (
        "rule(request: Request) if " + operator.join(part.replace("@", str(i)) for i in range(size)) + ";"
    )


def lines(line: str) -> Callable[[int], str]:
    """Many rules."""
    return lambda size: "\n".join(line.replace("@", str(i)) for i in range(size))


SHAPES: dict[str, Callable[[int], str]] = {
    "alternatives": lines('rule(request: Request) if request.name = "x@";'),
    "rules": lines("r@(request: Request) if request.open;"),
    "constants in heads": lines('rule("x@");'),
    "the same rule": lines("rule(request: Request) if request.open;"),
    "declarations": lines("type r@(request: Request);\nr@(request: Request) if request.open;"),
    "a chain": chain("request.open and r#(request)", "request.open"),
    "a chain of loops": chain("g in request.grants and g.level = 1 and r#(request)", "request.open"),
    "a chain of negations": chain("not r#(request)", "request.open"),
    "a conjunction": joined("request.level != @", " and "),
    "a disjunction": joined('request.name = "x@"', " or "),
    "loops in branches": joined("(g in request.grants and g.level = @)", " or "),
    "loops of names of their own": joined("(g@ in request.grants and g@.level = 1)", " or "),
    "nameless loops in branches": joined("_ in request.grants", " or "),
    "loops in negations": joined("not (g in request.grants and g.level = @)", " and "),
    "named values": joined("x@ := request.level and x@ = 1", " and "),
    "guards": joined("request.limit != nil and request.limit = @", " and "),
    "a list": lambda size: f"rule(request: Request) if request.level in [{', '.join(map(str, range(size)))}];",
    "comments": lines("# é 🏫 a comment"),
    "malformed rules": lines("rule(request: Request) if request.open request.open;"),
    "unknown fields": lines("r@(request: Request) if request.zzzzzzzzzzzz@;"),
}


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python run during some work."""
    count = 0

    def tracer(_frame: object, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def read(text: str) -> None:
    """Parse and check a text, whatever is wrong with it."""
    file, _ = parse(PATH, with_allow(text))
    with contextlib.suppress(DiagnosticError):
        check_program("bundle", [file], SCHEMA)


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_takes_about_twice_the_work(shape: str) -> None:
    read("rule(request: Request) if request.open;")
    small, large = (lines_run(partial(read, SHAPES[shape](size))) for size in (100, 200))
    assert large < 2.3 * small


def test_many_variables_of_one_name_get_names_of_their_own_in_linear_time() -> None:
    def names(count: int) -> list[str]:
        state = RuleState({}, SCHEMA, Sources("bundle", {}))
        return [state.fresh_name(name) for name in ["x", "x_3", *["x"] * count]]

    assert len(set(names(2000))) == 2002
    small, large = (lines_run(partial(names, count)) for count in (500, 1000))
    assert large < 2.3 * small
