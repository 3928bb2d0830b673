"""Policies of many layers, whose rules call the same rules again and again, and a counter of Python calls."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from tests.support.small_records import Block, Grant, Request

READ = "allow(_s: Reader, action: String, request: Request) if action = request.action and "
CODES = ("A",)
PAIRS = "a in request.grants and b in request.grants and r0(a, b, request);"


def layers(depth: int, entry: str, rule: str, last: str) -> str:
    """A policy of many layers: `{this}` and `{next}` in `rule` are the names of a layer and of the next one."""
    texts = [
        rule.replace("{this}", f"r{i}").replace("{next}", f"r{i + 1}").replace("{i}", str(i)) for i in range(depth)
    ]
    reason = f'reason(request: Request, "A") if not ok(request);ok(request: Request) if {entry}'
    return "\n".join([f"{READ}ok(request);", reason, *texts, last.replace("{this}", f"r{depth}")])


def twice(depth: int) -> str:
    return layers(
        depth,
        "r0(request);",
        '{this}(request: Request) if {next}(request) and ({next}(request) or request.name = "x{i}");',
        '{this}(request: Request) if request.name = "u";',
    )


def alternatives(depth: int) -> str:
    return layers(
        depth,
        "r0(request);",
        '{this}(request: Request) if request.name != "x{i}" and {next}(request);'
        '{this}(request: Request) if {next}(request) and request.name = "y{i}";'
        '{this}(request: Request) if not request.other = "z" and {next}(request) and request.name = "w{i}";',
        '{this}(request: Request) if request.name = "v";',
    )


def swapped_values(depth: int) -> str:
    return layers(
        depth,
        "r0(request.name, request.other, request);",
        "{this}(a: String, b: String, r: Request) if {next}(a, b, r);"
        "{this}(a: String, b: String, r: Request) if {next}(b, a, r);",
        '{this}(a: String, b: String, r: Request) if a = "v" and b = r.name;',
    )


def swapped_rows(depth: int) -> str:
    return layers(
        depth,
        PAIRS,
        "{this}(a: Grant, b: Grant, r: Request) if {next}(a, b, r) and a.level >= 0;"
        "{this}(a: Grant, b: Grant, r: Request) if {next}(b, a, r);",
        "{this}(a: Grant, b: Grant, _r: Request) if a.level > 90 and b.level > 91;",
    )


def negated_loops(depth: int) -> str:
    return layers(
        depth,
        "r0(request);",
        "{this}(request: Request) if g in request.grants and {next}(request)"
        " and g.level >= 0 and not not_{this}(request);"
        "not_{this}(request: Request) if not {next}(request);",
        '{this}(request: Request) if request.name = "u";',
    )


def once_more_under_a_negation(depth: int) -> str:
    return layers(
        depth,
        "r0(request);",
        "{this}(request: Request) if {next}(request) and not not_{this}(request);"
        "not_{this}(request: Request) if not {next}(request);",
        '{this}(request: Request) if request.name = "u";',
    )


def a_loop_a_layer(depth: int) -> str:
    return layers(
        depth,
        "g in request.grants and r0(g, request);",
        "{this}(g: Grant, r: Request) if h in r.grants and h.level >= g.level and {next}(h, r);",
        "{this}(g: Grant, r: Request) if g.level > 90 and r.open;",
    )


SHAPES = (twice, alternatives, swapped_values, swapped_rows, negated_loops, once_more_under_a_negation, a_loop_a_layer)


def request_of(rows: int, name: str = "u") -> Request:
    grants = tuple(Grant(level=level) for level in range(rows))
    return Request(action="read", name=name, other="o", open=True, grants=grants, blocks=(Block(),))


def calls(run: Callable[[], object], most: int) -> int:
    """The number of Python calls that a function makes. It is ended after `most`."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"
        if count > most:
            raise AssertionError(f"more than {most} calls")

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count
