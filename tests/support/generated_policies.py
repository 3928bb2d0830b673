"""Generated policies over generated vocabularies: well-typed rules that use every construct of the profile.

Rules call, negate, nest and range at random; the sides of each comparison have one type.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from authz.bundle.loading import Bundle
from authz.language.diagnostics import DiagnosticError
from authz.language.ir import Program
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from tests.support.generated_atoms import Draft
from tests.support.generated_rules import write_policy
from tests.support.generated_vocabularies import GeneratedVocabulary, draw_record, draw_vocabulary

CONSTRUCTS = (
    "and", "or", "not", "call", "field of a field", "=", "==", "!=", ":=", "<", "<=", ">", ">=", "= nil", "!= nil",
    "some element", "membership", "list of constants", "string", "integer", "boolean", "comment", "subtype",
    "declaration", "literal in a head", "negated loop", "nested loop", "alternatives", "word of Python",
)  # fmt: skip
"""The constructs that policies use."""


@dataclass(frozen=True)
class GeneratedPolicy:
    """A policy: its vocabulary, its text, the constructs that it uses, and the checked program."""

    vocabulary: GeneratedVocabulary
    text: str
    uses: frozenset[str]
    program: Program

    @property
    def bundle(self) -> Bundle:
        """As much of a bundle as oso needs."""
        file, _ = parse("rules.polar", self.text)
        bundle = SimpleNamespace(
            path="bundle",
            program=self.program,
            classes=self.vocabulary.classes,
            vocabulary=SimpleNamespace(enumerations=self.program.schema.enumerations),
            files=(file,),
        )
        return cast(Bundle, bundle)

    def request(self, random: Random) -> Any:
        """A request with few rows."""
        return draw_record("Request", self.vocabulary, random, action="read")

    def subject(self) -> Any:
        """The subject, the same each time."""
        return draw_record("Who", self.vocabulary, Random(0))


class Policies:
    """Draws policies. The type checker refuses few of those that are written; they are drawn anew."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.refused = Counter[str]()
        self.drawn = 0

    def draw(self) -> GeneratedPolicy:
        """One policy."""
        for _ in range(200):
            if (policy := self.draw_once()) is not None:
                return policy
        raise AssertionError("the type checker refuses 200 policies in a row")

    def draw_once(self) -> GeneratedPolicy | None:
        """One policy, or None if the type checker refuses it."""
        vocabulary = draw_vocabulary(self.random)
        draft = Draft(self.random, vocabulary.schema)
        text = write_policy(draft)
        self.drawn += 1
        file, diagnostics = parse("rules.polar", text)
        try:
            if diagnostics:
                raise DiagnosticError(diagnostics)
            program = check_program("bundle", [file], vocabulary.schema)
        except DiagnosticError as error:
            self.refused[f"{error.diagnostics[0].problem}\n{text}"] += 1
            return None
        return GeneratedPolicy(vocabulary, text, frozenset(draft.uses), program)
