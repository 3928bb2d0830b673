"""Constructs of Polar outside the profile are refused, each with its place and a repair."""

import re
from importlib import resources

import pytest

from authz.language.reserved import KEYWORDS
from authz.language.unsupported import UNSUPPORTED_WORDS
from tests.support.refusals import assert_refused, condition_refused, rules_refused

ARITHMETIC = ("arithmetic is not in the profile", "declare a derived field in the vocabulary, or a parameter")
BRACES = ("dictionaries, patterns and blocks are not in the profile", "compare the fields one by one")
BLOCKS = ("resource and actor blocks are not in the profile", "write rules: `allow(...) if ...;`")
METHOD = ("method calls are not in the profile", "declare the value as a field of the vocabulary")
DYNAMIC = ("fields named at run time are not in the profile", "name the field: `x.field`")
PATTERN = ("list patterns are not in the profile", "write `x in xs`")
KEYWORD = ("keyword arguments and patterns are not in the profile", "give the arguments in order, without names")


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        condition_refused(
            "cut",
            "request.open and «cut»",
            "unsupported-cut",
            "`cut` is not in the profile: rules have no order",
            "write the condition that excludes the other rules",
        ),
        condition_refused("a dictionary", "request.open = «{»a: 1}", "unsupported-braces", *BRACES),
        rules_refused("a pattern in a head", "f(r: Request«{»open: true}) if r.open", "unsupported-braces", *BRACES),
        condition_refused(
            "new",
            "y := «new» Grant(level: 1) and request.open",
            "unsupported-new",
            "`new` is not in the profile: rules make no objects",
            "take the value from the request or a parameter",
        ),
        condition_refused("addition", "request.level «+» 1 = 2", "unsupported-arithmetic", *ARITHMETIC),
        condition_refused("subtraction", "request.level «-1» = 2", "unsupported-arithmetic", *ARITHMETIC),
        condition_refused("mod", "request.level «mod» 2 = 1", "unsupported-arithmetic", *ARITHMETIC),
        condition_refused(
            "a fraction",
            "request.level = «1.5»",
            "unsupported-fraction",
            "numbers with a fraction are not in the profile",
            "count in whole units",
        ),
        condition_refused("a method", "request.owner.get«(»1)", "unsupported-method-call", *METHOD),
        condition_refused("a dynamic field", "request.«(»name)", "unsupported-dynamic-field", *DYNAMIC),
        condition_refused("an index", "request«[»name]", "unsupported-dynamic-field", *DYNAMIC),
        condition_refused(
            "print",
            "«print»(request)",
            "unsupported-output",
            "`print` is not in the profile: a rule has no effects",
            "ask for the reasons: `authz decide --explain`",
        ),
        condition_refused(
            "debug",
            "«debug»()",
            "unsupported-output",
            "`debug` is not in the profile: a rule has no effects",
            "ask for the reasons: `authz decide --explain`",
        ),
        condition_refused("a keyword argument", "f(request, a«:» 1)", "unsupported-keyword-argument", *KEYWORD),
        condition_refused(
            "an inline query",
            "«?=» f();\nf() if true",
            "unsupported-query",
            "an inline query is not in the profile",
            "put the expectation in a scenario file",
        ),
        rules_refused(
            "a resource block",
            '«resource» Grant { roles = ["a"]; }\nf(r: Request) if r.open',
            "unsupported-block",
            *BLOCKS,
        ),
        rules_refused("an actor block", "«actor» Reader {}\nf(r: Request) if r.open", "unsupported-block", *BLOCKS),
        rules_refused("a list pattern in a head", "f(«[»a, *b]) if a", "unsupported-list-pattern", *PATTERN),
        condition_refused(
            "a list pattern with a rest", "request.names = [a «|» b]", "unsupported-list-pattern", *PATTERN
        ),
    ],
)
def test_an_unsupported_construct_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert_refused(marked, code, problem, help)


def test_each_keyword_of_the_grammar_is_reserved() -> None:
    grammar = resources.files("authz.language.parser").joinpath("polar.lark").read_text(encoding="utf-8")
    words = set(re.findall(r'"([a-z]+)"', grammar))
    assert {"and", "or", "not", "in", "if", "true", "false", "type"} <= words
    assert words | {"nil"} | UNSUPPORTED_WORDS.keys() == KEYWORDS
