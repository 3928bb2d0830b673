"""Compile a checked program to Python: readable source that a debugger can step through.

The source has two forms of the same rules. In the direct form, for requests with few rows, rules are inlined and
cheap tests come first. Its entry points hand requests with many rows to the memoized form, which remembers the
answers of rules and looks rows up by indexes. A program whose rules call each other so often that the direct form
could take exponential time has the memoized form alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authz.codegen.generated import compile_source
from authz.codegen.python import direct, memoized
from authz.codegen.python.plan import plan_program
from authz.language.ir import Program

MANY_ROWS = 16
"""Requests with more rows than this, in the collections that nested loops range over, go to the memoized form."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy as two functions, and the source that defines them."""

    source: str
    allow: Callable[[Any, str, Any], bool]
    reasons: Callable[[Any], tuple[str, ...]]


def compile_program(program: Program, attribute: Callable[[str], str] = str, many: int = MANY_ROWS) -> Compiled:
    """Compile a checked program.

    `attribute` gives the attribute of a record that holds a field. Requests with more than `many` rows, in the
    collections that nested loops range over, go to the memoized form; with a negative `many`, all requests do.

    Raises:
        RecursionError: the rules nest too deep.
    """
    source = generate(program, attribute, many)
    names = compile_source(source, "compiled policy")
    return Compiled(source, names["allow"], names["reasons"])


def generate(program: Program, attribute: Callable[[str], str] = str, many: int = MANY_ROWS) -> str:
    """The Python source of a checked program; arguments as for `compile_program`."""
    plan = plan_program(program, attribute, many)
    head = '"""A compiled policy: `allow(subject, action, request)` and `reasons(request)`."""\n'
    if plan.many < 0:
        return "\n\n".join([head, *memoized.emit(plan), memoized.ENTRY_POINTS])
    if not plan.nested_collections:
        return "\n\n".join([head, *direct.emit(plan)])
    note = "# The memoized form of the same rules, for requests with many rows.\n"
    return "\n\n".join([head, *direct.emit(plan), note, *memoized.emit(plan)])
