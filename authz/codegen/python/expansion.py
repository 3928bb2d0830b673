"""The cost of rules when no answer is remembered: static upper bounds that choose what the generated code memoizes.

A rule that calls the next one twice doubles the cost with every layer, and so does a pair of swapped arguments. The
memoized form evaluates a rule once for each combination of arguments, so its cost grows with the text of the rules.
"""

from collections.abc import Mapping, Sequence

from authz.analysis.definitions import Definition
from authz.language.ir import And, Exists, Formula, Invoke, Not, Or, invocations, subformulas

LARGEST_EXPANDED = 2_000
"""The direct form may evaluate this many conditions and calls, and `EXPANDED_PER_CONDITION` for each one written."""

EXPANDED_PER_CONDITION = 4
"""See `LARGEST_EXPANDED`."""

LARGEST_EXPANDED_MANY = 50_000_000
"""The direct form may evaluate this many conditions and calls with `MANY` rows in every loop."""

LARGEST_REPEATED = 200
"""A rule about several rows is evaluated anew at each call where it costs no more than this with one row a loop."""

LARGEST_REPEATED_MANY = 100_000
"""As `LARGEST_REPEATED`, with `MANY` rows a loop."""

MANY = 16
"""The rows of a loop for which the costs with many rows are bounded."""

DEEPEST_MEMOIZED = 200
"""Rules that nest deeper than this would exhaust Python's stack in the memoized form."""


def needs_memo(entries: Sequence[Definition], rules: Mapping[str, Definition]) -> bool:
    """Whether some entry point costs too much in the direct form. `rules` has callees first."""
    written = sum(map(_written, [*rules.values(), *entries]))
    limits = ((1, LARGEST_EXPANDED + EXPANDED_PER_CONDITION * written), (MANY, LARGEST_EXPANDED_MANY))
    for rows, limit in limits:
        costs = expanded_costs(rules, rows)
        if any(expanded_cost(entry.formula, costs, rows) > limit for entry in entries):
            return True
    return False


def cheap_to_repeat(rules: Mapping[str, Definition]) -> frozenset[str]:
    """The rules that cost less to evaluate again than a memo entry for each pair of rows costs."""
    once, many = expanded_costs(rules, 1), expanded_costs(rules, MANY)
    return frozenset(name for name in rules if once[name] <= LARGEST_REPEATED and many[name] <= LARGEST_REPEATED_MANY)


def expanded_costs(rules: Mapping[str, Definition], rows: int) -> dict[str, int]:
    """By rule: the conditions and calls that one call evaluates at most, with `rows` rows in every loop."""
    costs: dict[str, int] = {}
    for name, definition in rules.items():
        costs[name] = 1 + expanded_cost(definition.formula, costs, rows)
    return costs


def expanded_cost(formula: Formula, costs: Mapping[str, int], rows: int) -> int:
    """The conditions and calls that a formula evaluates at most, given what calls of rules cost."""
    match formula:
        case Not(operand=operand):
            return expanded_cost(operand, costs, rows)
        case And(parts=parts) | Or(parts=parts):
            return sum(expanded_cost(part, costs, rows) for part in parts)
        case Exists(body=body):
            return rows * (1 + expanded_cost(body, costs, rows))
        case Invoke(name=name):
            return costs[name]
    return 1


def require_shallow(rules: Mapping[str, Definition]) -> None:
    """Check that calls of the memoized form fit on Python's stack.

    Raises:
        RecursionError: the rules nest too deep.
    """
    heights: dict[str, int] = {}
    for name, definition in rules.items():
        heights[name] = 1 + max((heights[call.name] for call in invocations(definition.formula)), default=0)
    if max(heights.values(), default=0) > DEEPEST_MEMOIZED:
        raise RecursionError("rules nest too deep for the memoized form")


def _written(definition: Definition) -> int:
    return sum(not isinstance(part, And | Or | Not) for part in subformulas(definition.formula))
