"""An explanation as data for programs, and its changes in words, English and Dutch."""

from collections.abc import Container, Mapping
from typing import Any

from authz.bundle.loading import Bundle
from authz.explain.counterfactual import SmallestChange
from authz.explain.tree import Condition, ConditionKind
from authz.facts.changes import Change, ChangeKind
from authz.facts.serialize import row_as_data, value_as_data

NOTHING = {
    "en": "nothing that anybody may write would allow this now",
    "nl": "niets wat iemand mag vastleggen zou dit nu toestaan",
}
NOT_FOUND = {
    "en": "no change that would allow this was found",
    "nl": "er is geen wijziging gevonden die dit zou toestaan",
}
FORMS: Mapping[ChangeKind, Mapping[str, str]] = {
    ChangeKind.ADD: {"en": "add {noun}: {row}", "nl": "voeg toe, {noun}: {row}"},
    ChangeKind.END: {"en": "end {noun}: {row}", "nl": "beëindig {noun}: {row}"},
    ChangeKind.FILL: {"en": "say {said} of {noun}: {row}", "nl": "vul {said} in van {noun}: {row}"},
    ChangeKind.SET: {"en": "set {noun} to {row}", "nl": "zet {noun} op {row}"},
}
OR = {"en": " or ", "nl": " of "}


def conditions_as_data(condition: Condition) -> dict[str, Any]:
    """A condition tree for programs."""
    found: dict[str, Any] = {
        "kind": condition.kind.value,
        "text": condition.text,
        "holds": condition.holds,
        "place": f"{condition.span.path}:{condition.span.line}",
    }
    if condition.kind is ConditionKind.SOME:
        found |= {"collection": condition.collection, "rows": condition.rows}
        found["row"] = None if condition.row is None else row_as_data(condition.row)
    if condition.conditions:
        found["conditions"] = [conditions_as_data(each) for each in condition.conditions]
    return found


def smallest_as_data(smallest: SmallestChange, bundle: Bundle) -> dict[str, Any]:
    """The smallest change for programs: `changes` is null if there is none; `said` tells whether that is certain."""
    if smallest.changes is None:
        return {"changes": None, "said": NOTHING if smallest.exhausted else NOT_FOUND}
    return {"changes": [change_as_data(change, bundle) for change in smallest.changes]}


def change_as_data(change: Change, bundle: Bundle) -> dict[str, Any]:
    """One change for programs: the row as a facts document has it, before and after."""
    found: dict[str, Any] = {"change": change.kind.value, "facts": change.facts}
    if change.before is not None and change.kind is not ChangeKind.SET:
        found["before"] = row_as_data(change.before)
    found["row" if change.record else "value"] = row_as_data(change.row) if change.record else value_as_data(change.row)
    return {**found, "writers": list(change.writers), **{lang: said(change, bundle, lang) for lang in ("en", "nl")}}


def said(change: Change, bundle: Bundle, language: str) -> str:
    """A change in words, with those who may write it."""
    table = bundle.vocabulary.changes[change.facts]
    shown = change.before if change.kind is ChangeKind.END else change.row
    row = row_in_words(shown) if change.record else str(value_as_data(change.row))
    text = FORMS[change.kind][language].format(noun=getattr(table, language), row=row, said=change.said)
    writers = [getattr(bundle.vocabulary.writers[writer], language) for writer in change.writers]
    return f"{text} ({OR[language].join(writers)})"


def row_in_words(row: Any, but: Container[str] = ()) -> str:
    """A row on one line, but for some fields."""
    return ", ".join(f"{name} {_plain(value)}" for name, value in row_as_data(row).items() if name not in but)


def _plain(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)
