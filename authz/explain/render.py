"""An explanation as JSON values, and its changes as sentences in English and Dutch."""

import dataclasses
from collections.abc import Container, Mapping
from datetime import datetime, time
from typing import Any

from authz.bundle.loading import Bundle
from authz.explain.counterfactual import SearchOutcome, SmallestChange
from authz.explain.tree import Condition, ConditionKind, operands_of
from authz.facts.changes import Change, ChangeKind
from authz.facts.serialize import element_as_data, present_fields, row_as_data, value_as_data
from authz.instants import BEGIN, END, zone
from authz.language.ir import Access, Compare, Constant, Member, Value
from authz.language.printer import value_to_polar

LANGUAGES = ("en", "nl")
NO_CHANGE: Mapping[SearchOutcome, Mapping[str, str]] = {
    SearchOutcome.PROVED: {
        "en": "nothing that anybody may write would allow this now",
        "nl": "niets wat iemand mag vastleggen zou dit nu toestaan",
    },
    SearchOutcome.EXHAUSTED: {
        "en": "none of the changes that were tried would allow this; it is not proved that none does",
        "nl": "geen van de geprobeerde wijzigingen zou dit toestaan; dat geen enkele dat doet is niet bewezen",
    },
    SearchOutcome.CUT_OFF: {
        "en": "no change that would allow this was found before the search gave up",
        "nl": "er is geen wijziging gevonden die dit zou toestaan voordat het zoeken werd gestaakt",
    },
    SearchOutcome.NONE_DECLARED: {
        "en": "the bundle declares no changes (`[changes]` in vocabulary.toml), so none was sought",
        "nl": "de bundel noemt geen wijzigingen (`[changes]` in vocabulary.toml), dus is er niet gezocht",
    },
}
"""What a search that found no change established."""
CHANGE_FOUND: Mapping[SearchOutcome, Mapping[str, str]] = {
    SearchOutcome.PROVED: {
        "en": "the smallest change that would allow",
        "nl": "de kleinste wijziging waarmee het zou mogen",
    },
    SearchOutcome.EXHAUSTED: {
        "en": "the smallest of the changes that were tried that would allow",
        "nl": "de kleinste van de geprobeerde wijzigingen waarmee het zou mogen",
    },
    SearchOutcome.CUT_OFF: {
        "en": "a change that would allow; not all smaller ones were tried",
        "nl": "een wijziging waarmee het zou mogen; niet alle kleinere zijn geprobeerd",
    },
}
"""What a search that found a change established about it."""
SENTENCES: Mapping[ChangeKind, Mapping[str, str]] = {
    ChangeKind.ADD: {"en": "add {noun}: {row}", "nl": "voeg toe, {noun}: {row}"},
    ChangeKind.END: {"en": "end {noun}: {row}", "nl": "beëindig {noun}: {row}"},
    ChangeKind.FILL: {"en": "fill in {filled} of {noun}: {row}", "nl": "vul {filled} in van {noun}: {row}"},
    ChangeKind.SET: {"en": "set {noun} to {row}", "nl": "zet {noun} op {row}"},
}
OR = {"en": " or ", "nl": " of "}


def conditions_as_data(condition: Condition) -> dict[str, Any]:
    """A condition tree as JSON values. Conditions that stand twice are given once, and then `as_above` is true."""
    return _condition_as_data(condition, set())


def _condition_as_data(condition: Condition, shown: set[int]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "kind": condition.kind.value,
        "text": condition.text,
        "holds": condition.holds,
        "place": f"{condition.span.path}:{condition.span.line}",
    }
    if condition.comment:
        data["comment"] = condition.comment
    if condition.operands:
        data["values"] = [value_as_data(value) for value in condition.operands]
    if condition.kind is ConditionKind.SOME:
        data |= {"collection": condition.collection, "rows": condition.rows}
        data["row"] = None if condition.row is None else element_as_data(condition.row)
    if condition.conditions and id(condition.conditions) in shown:
        data["as_above"] = True
    elif condition.conditions:
        shown.add(id(condition.conditions))
        data["conditions"] = [_condition_as_data(each, shown) for each in condition.conditions]
    return data


def smallest_as_data(smallest: SmallestChange, bundle: Bundle) -> dict[str, Any]:
    """The smallest change as JSON values.

    `changes` is null if no change was found. `outcome` is what the search established; `text` states it by language.
    """
    texts = NO_CHANGE if smallest.changes is None else CHANGE_FOUND
    changes = None if smallest.changes is None else [change_as_data(change, bundle) for change in smallest.changes]
    return {"changes": changes, "outcome": smallest.outcome.value, "text": dict(texts[smallest.outcome])}


def change_as_data(change: Change, bundle: Bundle) -> dict[str, Any]:
    """One change as JSON values, with its sentence by language; rows have the form of a facts document."""
    data: dict[str, Any] = {"change": change.kind.value, "facts": change.facts}
    if change.before is not None and change.kind is not ChangeKind.SET:
        data["before"] = row_as_data(change.before)
    data["row" if change.record else "value"] = row_as_data(change.row) if change.record else value_as_data(change.row)
    data["writers"] = list(change.writers)
    return data | {language: change_in_words(change, bundle, language) for language in LANGUAGES}


def change_in_words(change: Change, bundle: Bundle, language: str) -> str:
    """A change as a sentence, with those who may make it."""
    table = bundle.vocabulary.changes[change.facts]
    shown = change.before if change.kind is ChangeKind.END else change.row
    zone_name = bundle.vocabulary.bare_date_zone
    row = row_in_words(shown, zone_name) if change.record else value_in_words(change.row, zone_name)
    text = SENTENCES[change.kind][language].format(noun=getattr(table, language), row=row, filled=change.filled)
    writers = [getattr(bundle.vocabulary.writers[writer], language) for writer in change.writers]
    return f"{text} ({OR[language].join(writers)})"


def row_in_words(row: Any, zone_name: str, without: Container[str] = ()) -> str:
    """A row on one line, without some of its fields; an element of a list of values is that value."""
    if not dataclasses.is_dataclass(row):
        return value_in_words(row, zone_name)
    fields = ((name, value) for name, value in present_fields(row) if name not in without)
    return ", ".join(f"{name} {value_in_words(value, zone_name)}" for name, value in fields)


def comparison_in_words(condition: Condition, zone_name: str) -> str:
    """A test with the values that it compares, such as `of_age_at 2027-05-12 <= at 2025-03-10`."""
    names = operands_of(condition.formula)
    sides = [_operand(*each, zone_name) for each in zip(names, condition.operands, strict=True)]
    match condition.formula:
        case Compare(operator=relation):
            return f"{sides[0]} {relation} {sides[1]}"
        case Member(collection=tuple() as constants):
            return f"{sides[0]} in [{', '.join(map(value_to_polar, constants))}]"
        case Member():
            return f"{sides[0]} in {sides[1]}"
        case _:
            return "".join(sides)


def _operand(name: Value, value: Any, zone_name: str) -> str:
    """A value behind its name in the rule; a constant is its own name."""
    match name:
        case Constant():
            return value_to_polar(name)
        case Access(fields=fields):
            return f"{fields[-1]} {value_in_words(value, zone_name)}"
        case _:
            return f"{value_to_polar(name)} {value_in_words(value, zone_name)}"


def value_in_words(value: Any, zone_name: str) -> str:
    """A value for people. An instant is shown in a time zone, and a midnight of the zone as a bare date."""
    match value:
        case datetime():
            return _instant_in_words(value, zone_name)
        case tuple():
            return " and ".join(value_in_words(each, zone_name) for each in value) or "nothing"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value_as_data(value))


def _instant_in_words(instant: datetime, zone_name: str) -> str:
    if instant in (BEGIN, END):
        return "the beginning of time" if instant == BEGIN else "the end of time"
    local = instant.astimezone(zone(zone_name))
    return local.date().isoformat() if local.time() == time() else local.isoformat(" ")
