"""JSON made to cost its reader much: the work is linear in the text, and at most ten problems are named."""

import itertools
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from authz import DiagnosticError
from authz.documents.json import MAX_CONTAINERS, parse_json_bytes
from authz.documents.strictness import MAX_PROBLEMS

PARTS = {
    "integers": b"0",
    "floats": b"1.0",
    "NaN": b"NaN",
    "numbers past all": b"1e999",
    "texts": '"\u00e9"'.encode(),
    "half pairs": b'"\\ud800"',
    "empty lists": b"[]",
    "empty objects": b"{}",
    "objects": b'{"a":0}',
    "names that are no text": b'{"\\ud800":0}',
    "names twice": b'{"a":0,"a":0}',
    "deep lists": b"[" * 90 + b"]" * 90,
    "lists too deep": b"[" * 102 + b"]" * 102,
}
LAST = {"nothing": b"", "a short float": b",1E2", "NaN": b",NaN", "a name twice": b',{"a":0,"a":0}'}
DEPTHS = (1, 50, 99)
SHAPES = [*itertools.product(PARTS, LAST, DEPTHS)]
MAX_STEPS_PER_BYTE = 8


def list_of(part: str, last: str, depth: int, size: int) -> bytes:
    """A list of equal parts, and of a last one that only a careful reader refuses, within other lists."""
    count = size // (len(PARTS[part]) + 1)
    return b"[" * depth + b",".join([PARTS[part]] * count) + LAST[last] + b"]" * depth


def objects(size: int) -> Iterator[bytes]:
    """Objects of many members, in which names stand twice."""
    count = size // 20
    once = b",".join(b'"%06d":1' % number for number in range(count))
    yield b"{" + once + b',"000000":1' * count + b"}"
    yield b"{" + once + b"," + once + b"}"
    yield b"{" + b",".join(b'"\\u0061%06d":1,"a%06d":1' % (number, number) for number in range(count // 2)) + b"}"
    yield b"{" + once + b',"x":NaN}'


def cut_off(size: int) -> Iterator[bytes]:
    """Texts that end too early, or that are no JSON at their end."""
    yield b'["' + b'\\"' * (size // 2) + b"\\"
    yield b"[" + b'"a"' * (size // 3)
    yield b"\n" * size + b"{,}"
    yield b" " * size + b"{,}"
    yield b'["' + b"{" * size + b'", 1E2'


def outcome(data: bytes) -> list[str]:
    """The problems of a text."""
    try:
        parse_json_bytes(data, "body")
    except DiagnosticError as error:
        return [str(each) for each in error.diagnostics]
    return []


def steps(data: bytes) -> int:
    """The lines of Python that reading a text runs."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        outcome(data)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(("part", "last", "depth"), SHAPES)
def test_a_list_is_read_in_few_steps_and_ten_problems_are_named(part: str, last: str, depth: int) -> None:
    data = list_of(part, last, depth, 6_000)
    assert steps(data) <= MAX_STEPS_PER_BYTE * len(data)
    assert len(outcome(data)) <= MAX_PROBLEMS


def test_the_corpus_holds_texts_with_more_than_ten_problems() -> None:
    refused = [shape for shape in SHAPES if len(outcome(list_of(*shape, 6_000))) == MAX_PROBLEMS]
    assert {part for part, _, _ in refused} == {
        "NaN",
        "numbers past all",
        "half pairs",
        "names that are no text",
        "names twice",
        "lists too deep",
    }


def processor_time(data: bytes) -> float:
    def once() -> float:
        began = time.process_time()
        outcome(data)
        return time.process_time() - began

    return min(once() for _ in range(5))


@pytest.mark.parametrize("shape", range(9))
def test_eight_times_the_text_takes_no_thirty_times_the_work(shape: int) -> None:
    """Work in C cannot be counted, so two sizes are compared: square growth would be sixty-four times."""
    small, large = (next(itertools.islice((*objects(size), *cut_off(size)), shape, None)) for size in (12_500, 100_000))
    assert processor_time(large) <= 30 * max(processor_time(small), 1e-4)


@pytest.mark.parametrize("size", [12_500, 100_000])
def test_of_a_member_that_repeats_ten_names_are_named(size: int) -> None:
    assert [len(outcome(data)) for data in objects(size)] == [1, MAX_PROBLEMS, MAX_PROBLEMS, 1]


def test_objects_and_lists_are_counted_before_any_is_made() -> None:
    empty = b"[" + b",".join([b"{}"] * (MAX_CONTAINERS - 1)) + b"]"
    assert outcome(empty) == []
    more = [f"body: more than {MAX_CONTAINERS} objects and lists\ncode: unbounded-document"]
    assert outcome(empty[:-1] + b",[]]") == more
    assert outcome(b'["' + b"[{" * MAX_CONTAINERS + b'"]') == []
    assert outcome(b'["\\"' + b"[{" * MAX_CONTAINERS + b'"]') == []
    assert outcome(b'["\\\\",' + b"[{" * MAX_CONTAINERS + b'"]') == more


def test_a_problem_repeats_little_of_a_long_name() -> None:
    name = b"x" * 100_000
    assert [len(each) for each in outcome(b'{"' + name + b'":1,"' + name + b'":2}')] == [
        len("body: : this key stands here twice\ncode: ambiguous-document") + 101
    ]
    assert outcome(b'{"' + name + b'"') == ["body:1:100004: not JSON: expecting ':' delimiter\ncode: not-json"]
