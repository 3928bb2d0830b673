"""Rules that call the same rules again and again are decided in few steps. The tests count calls, and time nothing."""

from collections.abc import Callable

import pytest

from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.codegen.python.expansion import DEEPEST_MEMOIZED
from authz.language.ir import Program
from tests.support.layered_rules import CODES, READ, SHAPES, calls, layers, request_of, twice
from tests.support.naive_evaluator import holds
from tests.support.small_records import Reader, Request
from tests.support.small_schema import checked

shapes = pytest.mark.parametrize("shape", SHAPES)


def expected(program: Program, request: Request) -> tuple[bool, tuple[str, ...]]:
    permits = holds(program, "allow", Reader(), request.action, request)
    return permits, tuple(code for code in CODES if holds(program, "reason", request, code))


@shapes
@pytest.mark.parametrize("rows", [2, 12, 20])
def test_the_calls_of_a_decision_grow_with_the_number_of_layers(shape: Callable[[int], str], rows: int) -> None:
    compiled = compile_program(checked(shape(60), CODES), attribute)
    request = request_of(rows)
    most = 20 * 60 * rows * rows
    calls(lambda: compiled.allow(Reader(), "read", request), most)
    calls(lambda: compiled.reasons(request), most)


@shapes
@pytest.mark.parametrize("many", [16, 0, -1])
def test_few_layers_are_decided_as_the_naive_evaluator_decides(shape: Callable[[int], str], many: int) -> None:
    for depth in (1, 3, 6):
        program = checked(shape(depth), CODES)
        compiled = compile_program(program, attribute, many)
        for request in (request_of(2), request_of(2, "v"), request_of(0), request_of(1, "x0")):
            verdict = compiled.allow(Reader(), "read", request), compiled.reasons(request)
            assert verdict == expected(program, request), (depth, request)


def test_deep_layers_have_the_verdict_of_few() -> None:
    deep, few = (compile_program(checked(twice(depth), CODES), attribute) for depth in (60, 2))
    for name in ("u", "v"):
        request = request_of(1, name)
        assert deep.allow(Reader(), "read", request) is few.allow(Reader(), "read", request) is (name == "u")
        assert deep.reasons(request) == few.reasons(request) == (() if name == "u" else ("A",))


def test_the_calls_of_a_compilation_grow_with_the_number_of_rules() -> None:
    def loops(count: int) -> str:
        rule = "{this}(request: Request) if g in request.grants and g.level = 1 and {next}(request);"
        return layers(count, "r0(request);", rule, "{this}(request: Request) if request.open;")

    def compile_calls(text: str) -> int:
        program = checked(text, CODES)
        return calls(lambda: compile_program(program, attribute), 10_000_000)

    for shape in (loops, many_alternatives):
        assert compile_calls(shape(160)) < 3 * compile_calls(shape(80)), shape.__name__


def many_alternatives(count: int) -> str:
    rules = "".join(f'ok(request: Request) if request.name = "x{i}";' for i in range(count))
    return f'{READ}ok(request);reason(request: Request, "A") if not ok(request);{rules}'


def test_equal_parts_are_compared_by_their_hash() -> None:
    """Comparing each alternative with each other one would take half a million calls of `__eq__` a pass."""
    program = checked(many_alternatives(1_000), CODES)
    calls(lambda: compile_program(program, attribute), 400_000)


def test_rules_too_deep_for_the_memoized_form_do_not_compile() -> None:
    compile_program(checked(twice(DEEPEST_MEMOIZED - 2), CODES), attribute)
    with pytest.raises(RecursionError):
        compile_program(checked(twice(DEEPEST_MEMOIZED + 1), CODES), attribute)
