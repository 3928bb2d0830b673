"""Text that is not well-formed is refused, each with its place and a repair."""

import pytest

from tests.support.refusals import assert_refused, condition_refused, rules_refused
from tests.support.small_schema import checker_output, condition

END = "end it with `;`, or continue with `and` or `or`"


MISSING_IF = "write `if` between the head of the rule and its condition"


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        condition_refused(
            "no ASCII", "request.na«é»me", "non-ascii", "`é` is outside ASCII", "keep such characters to comments"
        ),
        condition_refused(
            "no ASCII in a string",
            'request.name = "n«ëé»"',
            "non-ascii",
            "`ëé` is outside ASCII",
            "keep such characters to comments",
        ),
        rules_refused(
            "a no-break space",
            "rule(r: Request) if«\u00a0»r.open",
            "non-ascii",
            "`\u00a0` is outside ASCII",
            "keep such characters to comments",
        ),
        condition_refused(
            "a form feed",
            "request.open and«\f»request.consent",
            "unknown-character",
            "`U+000C` has no meaning in Polar",
        ),
        condition_refused(
            "and beside or",
            "request.open or «request.consent and request.withdrawn»",
            "and-or-without-brackets",
            "`and` and `or` stand side by side without brackets",
            "put brackets around one of them",
        ),
        condition_refused(
            "an integer of 64 bits",
            "request.level = «4611686018427387904»",
            "integer-out-of-range",
            "`4611686018427387904` does not fit 63 bits",
        ),
        condition_refused(
            "a string in single quotes",
            "request.name = «'»a'",
            "single-quoted-string",
            "a string stands in double quotes",
            'write `"..."`',
        ),
        condition_refused(
            "an unclosed string",
            'request.name = «"»abc',
            "unterminated-string",
            "the string does not end on its line",
            'close it with `"`',
        ),
        condition_refused(
            "an unclosed string before a comment sign",
            'request.name = «"»abc # def',
            "unterminated-string",
            "the string does not end on its line",
            'close it with `"`',
        ),
        condition_refused(
            "an unknown escape",
            r'request.name = «"a\d"»',
            "unknown-escape",
            r"`\d` is not an escape",
            r"write `\\` for one backslash",
        ),
        condition_refused(
            "&&", "request.open «&»& request.consent", "unknown-operator", "`&` is not an operator", "write `and`"
        ),
        condition_refused("!", "«!»request.open", "unknown-operator", "`!` is not an operator", "write `not`"),
        condition_refused(
            "not of not",
            "not «not» request.open",
            "double-negation",
            "`not` stands before `not`",
            "leave both out, or use brackets",
        ),
        condition_refused(
            "a chain", "request.level < 3 «<» 4", "unexpected-token", "unexpected `<`", "expected `;` or `and`"
        ),
        rules_refused(
            "a bracket too few",
            "f(r: Request) if «(»r.open;\n#",
            "unclosed-bracket",
            "this `(` is not closed",
            "close it with `)`",
        ),
        rules_refused(
            "a list that does not end",
            'f(r: Request) if r.name in «[»"a"',
            "unclosed-bracket",
            "this `[` is not closed",
            "close it with `]`",
        ),
        rules_refused(
            "a head that does not end", "f«(»", "unclosed-bracket", "this `(` is not closed", "close it with `)`"
        ),
        rules_refused(
            "a head that does not end before the next rule",
            "f«(»\ng(r: Request) if r.open",
            "unclosed-bracket",
            "this `(` is not closed",
            "close it with `)`",
        ),
        rules_refused(
            "a call that does not end before the next rule",
            "f(r: Request) if g«(»\ng(r: Request) if r.open",
            "unclosed-bracket",
            "this `(` is not closed",
            "close it with `)`",
        ),
        rules_refused(
            "a condition that is missing",
            "f(r: Request) «if»\ng(r: Request) if r.open",
            "unfinished-rule",
            "the rule does not end here",
            "complete it, and end it with `;`",
        ),
        rules_refused(
            "a head alone",
            "f(r: Request«)»\ng(r: Request) if r.open",
            "unfinished-rule",
            "the rule does not end here",
            "end it with `;`, or begin its condition with `if`",
        ),
        rules_refused(
            "a sign too many after a call at the start of a line",
            "f(r: Request) if\ng(r) and r.level = «=» 1",
            "unexpected-token",
            "unexpected `=`",
            "expected `(` or a name",
        ),
        rules_refused("no if", "f(r: Request) «r».open", "missing-if", "`if` is missing before `r`", MISSING_IF),
        rules_refused(
            "no if before a negation",
            "f(r: Request) «not» r.open",
            "missing-if",
            "`if` is missing before `not`",
            MISSING_IF,
        ),
        rules_refused(
            "no if on the next line",
            "f(r: Request)\n    «r».open and r.consent",
            "missing-if",
            "`if` is missing before `r`",
            MISSING_IF,
        ),
        rules_refused(
            "another sign for if",
            "f(r: Request) «:=» r.open",
            "missing-if",
            "`:=` stands where `if` is expected",
            MISSING_IF,
        ),
        condition_refused(
            "a bracket too many", "request.open«)»", "unexpected-token", "unexpected `)`", "expected `;`"
        ),
        rules_refused("two names", "f «g»(r: Request)", "unexpected-token", "unexpected `g`", "expected `(`"),
        rules_refused(
            "a parameter that is missing",
            "f(r: Request, «)» if r.open",
            "unexpected-token",
            "unexpected `)`",
            "expected a name",
        ),
        condition_refused(
            "a condition that is missing, over two lines",
            "request.open and\n    «)»",
            "unexpected-token",
            "unexpected `)`",
            "expected `(` or a name",
        ),
        condition_refused(
            "not between two conditions",
            "request.open «not» request.consent",
            "unexpected-token",
            "unexpected `not`",
            "expected `;` or `and`",
        ),
        condition_refused(
            "and after not", "not «and» request.open", "unexpected-token", "unexpected `and`", "expected `(` or a name"
        ),
        condition_refused(
            "an integer of 5,000 digits",
            f"request.level = «{'9' * 5000}»",
            "integer-out-of-range",
            f"`{'9' * 5000}` does not fit 63 bits",
        ),
        condition_refused(
            "a second if",
            "request.open «if» request.consent",
            "unexpected-token",
            "unexpected `if`",
            "expected `;` or `and`",
        ),
        condition_refused(
            "an operand that is missing",
            "request.open or«;»\n#",
            "unexpected-token",
            "unexpected `;`",
            "expected `(` or a name",
        ),
        rules_refused(
            "a keyword as a rule",
            "«or»(r: Request) if r.open",
            "keyword-as-name",
            "`or` is a keyword",
            "choose another name",
        ),
        rules_refused(
            "a keyword as a parameter",
            "f(«in»: Request) if 1 < 2",
            "keyword-as-name",
            "`in` is a keyword",
            "choose another name",
        ),
        condition_refused(
            "a keyword as a field", "request.«type»", "keyword-as-name", "`type` is a keyword", "choose another name"
        ),
        rules_refused(
            "no end",
            "f(r: Request) if r.«open»\ng(r: Request) if f(r);\nh(r: Request) if g(r)",
            "unfinished-rule",
            "the rule does not end here",
            END,
        ),
    ],
)
def test_malformed_text_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert_refused(marked, code, problem, help)


def test_brackets_nest_sixty_four_deep_and_no_deeper() -> None:
    assert checker_output(condition("(" * 64 + "request.open" + ")" * 64)) == ""
    marked = condition("(" * 64 + "«(»" + "request.open" + ")" * 65)
    help = "give a part of the condition a rule of its own"
    assert_refused(marked, "nesting-too-deep", "brackets nest deeper than 64", help)
