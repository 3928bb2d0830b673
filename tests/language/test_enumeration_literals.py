"""A constant in a head must be a value of the enumeration at its position; oso would only never match it."""

import pytest

from tests.support.small_schema import checker_output

OTHER = 'f(event: Event) if event = "given"; '


@pytest.mark.parametrize(
    ("literal", "fault"), [("given", ""), ("givn", "`givn` is not in"), ("Given", "`Given` is not")]
)
def test_a_constant_in_a_head_is_a_value_of_its_enumeration(literal: str, fault: str) -> None:
    output = checker_output(f'{OTHER}f("{literal}");')
    assert fault in output
    assert bool(output) == bool(fault)
