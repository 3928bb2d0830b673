"""The reference reads the text as the author wrote it, and sees the rules that the parser sees."""

from itertools import product

import pytest

from authz.documents.text import invisible_characters
from authz.language.parser import parse
from authz.verify.oso import Reference
from tests.support.small_records import as_bundle
from tests.support.small_schema import checked

polar = pytest.importorskip("polar", reason="oso has no wheels after CPython 3.12")

NAMES = ("r0", "r1", "r2", "r3")
LINE_ENDS = ("\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\n\r", "\r\r\n")
COMMENTS = ("", " # a", " # José, 学校 🏫", ' # "a')


def rules_in_oso(text: str) -> set[str]:
    """The names, among `r0` to `r3`, of the rules without parameters that oso reads in a text."""
    engine = polar.Polar()
    engine.load_str(f"{text}\nallow(_, _, _) if false;\n{' '.join(f'{n}() if false;' for n in NAMES)}")
    return {name for name in NAMES if list(engine.query_rule(name))}


@pytest.mark.parametrize("comment", COMMENTS)
def test_oso_and_the_parser_see_the_same_rules_whatever_ends_a_line(comment: str) -> None:
    admitted = 0
    for first, second in product(LINE_ENDS, repeat=2):
        text = f"r0();{comment}{first}r1();{comment}{second}r2(); # no{first}r3();"
        if not invisible_characters(text, "f"):
            admitted += 1
            file, diagnostics = parse("f", text)
            assert diagnostics == ()
            assert {rule.name.name for rule in file.rules} == rules_in_oso(text) == set(NAMES)
    assert admitted == 4


def test_oso_alone_ends_a_comment_at_a_lone_carriage_return() -> None:
    text = "r0(); # a comment\rr1();\n"
    assert [rule.name.name for rule in parse("f", text)[0].rules] == ["r0"]
    assert rules_in_oso(text) == {"r0", "r1"}
    assert invisible_characters(text, "f")


def test_the_reference_loads_the_text_with_its_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    from oso import Oso

    loaded: list[str] = []
    monkeypatch.setattr(Oso, "load_str", lambda _, text: loaded.append(text))
    text = 'rule(request: Request) if request.open; # José 🏫\r\nallow(_s: Reader, "read", _r: Request) if false;'
    Reference(as_bundle(text, checked(text)))
    assert loaded == [text]
