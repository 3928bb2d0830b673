"""docs/domain.md: every source that a rule names leads there, and its tables agree with the bundle."""

import re
import tomllib

import pytest

from tests.support.paths import ROOT, STUDENT

PAGE = (ROOT / "docs" / "domain.md").read_text()
SOURCES = [*STUDENT.glob("*.polar"), *STUDENT.glob("*.toml"), *STUDENT.glob("scenarios/*.json")]


def table(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its first two lines."""
    lines = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_source_that_a_bundle_names_has_an_anchor() -> None:
    names = {name for file in SOURCES for name in re.findall(r"\bFAQ-\d+|\bINF\b", file.read_text())}
    assert {"FAQ-7", "INF"} <= names
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', PAGE))
    assert {name.lower() for name in names} <= anchors


def test_the_faq_has_its_twelve_questions_in_order() -> None:
    assert [row[0].partition("</a>")[2] for row in table("The FAQ")] == [f"FAQ-{n}" for n in range(1, 13)]


def test_the_reason_codes_are_those_of_the_bundle_in_order_of_precedence() -> None:
    reasons = tomllib.loads((STUDENT / "reasons.toml").read_text())["reason"]
    expected = [[r["layer"], f"`{r['code']}`", r["audience"], r["en"], r["nl"]] for r in reasons]
    assert table("Reason codes") == expected


def test_the_facts_are_those_of_the_vocabulary() -> None:
    vocabulary = tomllib.loads((STUDENT / "vocabulary.toml").read_text())
    known = {record["facts"] for record in vocabulary["records"].values() if "facts" in record}
    named = {name for row in table("Facts") for name in re.findall(r"`(\w+)`", row[0])}
    assert named == known | set(vocabulary["values"])


@pytest.mark.parametrize("row", table("The rule"), ids=lambda row: row[1].split("`")[1])
def test_each_condition_of_the_rule_stands_where_the_page_says(row: list[str]) -> None:
    name, file = row[1].split("`")[1], row[1].partition("(../policies/student_data/")[2].removesuffix(")")
    assert f"{name}(request: Request) if" in (STUDENT / file).read_text()
    assert f"{name}(request)" in (STUDENT / "access.polar").read_text()
