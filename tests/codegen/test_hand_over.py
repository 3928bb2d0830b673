"""Requests with many rows go to the memoized form, whose indexes spare reads. The tests count, and time nothing."""

import sys
from types import FrameType
from typing import Any

import pytest

from authz.bundle.vocabulary import attribute
from authz.codegen.python import MANY_ROWS, Compiled, compile_program
from tests.support.small_records import Block, Grant, Reader, Request
from tests.support.small_schema import checked

NESTED = (
    "g in request.grants and b in request.blocks and b.holder = g.holder and b.open;"
    "allow(_s: Reader, action: String, request: Request) if action = request.action and ok(request);"
    'reason(request: Request, "A") if not ok(request);'
)
SHAPES = {
    "a key of the row": f"ok(request: Request) if {NESTED}",
    "a key, and the largest row": f"ok(request: Request) if {NESTED}".replace("b.open", "b.level > g.level"),
    "the largest row": f"ok(request: Request) if {NESTED}".replace(
        "b.holder = g.holder and b.open", "b.level > g.level"
    ),
}


def compiled(shape: str, many: int = MANY_ROWS) -> Compiled:
    return compile_program(checked(SHAPES[shape], ("A",)), attribute, many)


class CountingBlock(Block):
    """A block that counts the reads of its fields."""

    reads = 0

    def __getattribute__(self, name: str) -> Any:
        CountingBlock.reads += 1
        return super().__getattribute__(name)


def request_of(grants: int, blocks: int) -> Request:
    """A request that no block matches."""
    return Request(
        grants=tuple(Grant(holder=f"h{i}", level=9) for i in range(grants)),
        blocks=tuple(CountingBlock(holder=f"h{i}", level=2, open=False) for i in range(blocks)),
    )


def functions_called(evaluate: Any, *arguments: Any) -> set[str]:
    """The names of the Python functions that a call runs."""
    names: set[str] = set()

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            names.add(frame.f_code.co_name)

    sys.setprofile(profile)
    try:
        evaluate(*arguments)
    finally:
        sys.setprofile(None)
    return names


@pytest.mark.parametrize(("blocks", "is_many"), [(MANY_ROWS - 2, False), (MANY_ROWS - 1, True)])
def test_a_request_is_handed_over_from_one_row_more_than_the_limit(blocks: int, is_many: bool) -> None:
    policy, request = compiled("a key of the row"), request_of(2, blocks)
    assert ("allow_many" in functions_called(policy.allow, Reader(), "read", request)) is is_many
    assert ("reasons_many" in functions_called(policy.reasons, request)) is is_many


@pytest.mark.parametrize("shape", SHAPES)
def test_an_index_reads_each_row_a_few_times(shape: str) -> None:
    policy, request = compiled(shape), request_of(100, 100)
    for evaluate, arguments in ((policy.allow, (Reader(), "read", request)), (policy.reasons, (request,))):
        CountingBlock.reads = 0
        evaluate(*arguments)
        assert 0 < CountingBlock.reads <= 100 * 5


def test_the_direct_form_reads_each_pair() -> None:
    policy, request = compiled("a key of the row", many=1_000), request_of(100, 100)
    CountingBlock.reads = 0
    policy.allow(Reader(), "read", request)
    assert CountingBlock.reads >= 100 * 100
