"""An explanation as JSON values, and its changes as sentences in English and Dutch."""

from collections.abc import Container, Mapping
from typing import Any

from authz.bundle.loading import Bundle
from authz.explain.counterfactual import SmallestChange
from authz.explain.tree import Condition, ConditionKind
from authz.facts.changes import Change, ChangeKind
from authz.facts.serialize import row_as_data, value_as_data

LANGUAGES = ("en", "nl")
NO_CHANGE_ALLOWS = {
    "en": "nothing that anybody may write would allow this now",
    "nl": "niets wat iemand mag vastleggen zou dit nu toestaan",
}
NO_CHANGE_FOUND = {
    "en": "no change that would allow this was found",
    "nl": "er is geen wijziging gevonden die dit zou toestaan",
}
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
        data["row"] = None if condition.row is None else row_as_data(condition.row)
    if condition.conditions:
        data["conditions"] = [conditions_as_data(each) for each in condition.conditions]
    return data


def smallest_as_data(smallest: SmallestChange, bundle: Bundle) -> dict[str, Any]:
    """The smallest change as JSON values.

    `changes` is null if no change was found; `said` then states, by language, whether the search was exhaustive.
    """
    if smallest.changes is None:
        return {"changes": None, "said": NO_CHANGE_ALLOWS if smallest.exhausted else NO_CHANGE_FOUND}
    return {"changes": [change_as_data(change, bundle) for change in smallest.changes]}


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
    """A row on one line, without some of its fields."""
    return ", ".join(f"{name} {_text(value)}" for name, value in row_as_data(row).items() if name not in without)


def _text(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)
