"""Conditions that rules ask for again and again are explained in few steps. The tests count calls, and time nothing."""

from collections.abc import Callable

import pytest

from authz.analysis.fields_read import fields_read
from authz.bundle.vocabulary import attribute
from authz.explain.render import conditions_as_data
from authz.explain.tree import condition_tree, deciding_leaves
from authz.explain.unmet import unmet_conditions
from authz.interpreter.evaluate import two_valued
from tests.support.layered_rules import CODES, SHAPES, calls, request_of
from tests.support.small_records import Reader
from tests.support.small_schema import checked

DEPTH = 30


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["u", "v"])
def test_the_calls_of_an_explanation_grow_with_the_number_of_layers(shape: Callable[[int], str], name: str) -> None:
    program, request = checked(shape(DEPTH), CODES), request_of(4, name)
    arguments = Reader(), "read", request

    def explain() -> None:
        interpreter = two_valued(program, attribute)
        tree = condition_tree(interpreter, *arguments)
        assert tree.holds is interpreter.call("allow", *arguments)
        list(deciding_leaves(tree))
        conditions_as_data(tree)
        list(unmet_conditions(interpreter, fields_read(program), arguments))

    calls(explain, 200_000)
