"""Compile checked rules to Python: readable source, one function a rule, that a debugger can step through.

The source has two halves that mean the same. The first is for requests with few rows: rules without loops are
inlined, loops too where a statement can hold them, and cheap tests come first. Its entry points hand requests with
many rows to the second half, in which every rule that loops remembers its answers and looks rows up by key: there
the work grows with the square of the rows and no faster.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authz.codegen.generated import compile_source
from authz.codegen.python.module import MANY, Module
from authz.language.ir import Program


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy as two functions, and the source they came from."""

    source: str
    allow: Callable[[Any, str, Any], bool]
    reasons: Callable[[Any], tuple[str, ...]]


def compile_program(program: Program, attribute: Callable[[str], str] = str, many: int = MANY) -> Compiled:
    """The compiled form of a checked program.

    `attribute` says under which name a record holds a field; requests with more than `many` rows go to the half that
    remembers.
    """
    source = generate(program, attribute, many)
    names = compile_source(source, "compiled policy")
    return Compiled(source, names["allow"], names["reasons"])


def generate(program: Program, attribute: Callable[[str], str] = str, many: int = MANY) -> str:
    """The Python source of a checked program."""
    return Module(program, attribute, many).source()
