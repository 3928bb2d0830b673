"""An explanation as JSON values, and its changes as sentences in English and Dutch."""

from collections.abc import Container, Mapping
from typing import Any

from authz.bundle.loading import Bundle
from authz.explain.counterfactual import SearchOutcome, SmallestChange
from authz.explain.tree import Condition, ConditionKind
from authz.facts.changes import Change, ChangeKind
from authz.facts.serialize import element_as_data, row_as_data, value_as_data

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
    """A condition tree as JSON values."""
    data: dict[str, Any] = {
        "kind": condition.kind.value,
        "text": condition.text,
        "holds": condition.holds,
        "place": f"{condition.span.path}:{condition.span.line}",
    }
    if condition.kind is ConditionKind.SOME:
        data |= {"collection": condition.collection, "rows": condition.rows}
        data["row"] = None if condition.row is None else element_as_data(condition.row)
    if condition.conditions:
        data["conditions"] = [conditions_as_data(each) for each in condition.conditions]
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
    row = row_in_words(shown) if change.record else str(value_as_data(change.row))
    text = SENTENCES[change.kind][language].format(noun=getattr(table, language), row=row, filled=change.filled)
    writers = [getattr(bundle.vocabulary.writers[writer], language) for writer in change.writers]
    return f"{text} ({OR[language].join(writers)})"


def row_in_words(row: Any, without: Container[str] = ()) -> str:
    """A row on one line, without some of its fields; an element of a list of values is that value."""
    data = element_as_data(row)
    if not isinstance(data, dict):
        return _text(data)
    return ", ".join(f"{name} {_text(value)}" for name, value in data.items() if name not in without)


def _text(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)
