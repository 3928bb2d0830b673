"""The types of requests, made from a vocabulary: what pydantic validates, and what JSON Schema describes.

Members have defaults, so that a validated body holds every property.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired

import typing_extensions
from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, StrictStr, TypeAdapter, WithJsonSchema

from authz.bundle.values import annotation
from authz.bundle.vocabulary import PropertyKind, Vocabulary
from authz.language.types import INSTANT, STRING, Enumeration, Optional, Type

IGNORED_MEMBER = {"subject": "id", "action": "name", "resource": "id"}
"""The member of each entity that a search for that entity ignores."""

_TypedDict: Any = typing_extensions.TypedDict
_Ignored = Annotated[Any, PlainValidator(lambda _: ""), WithJsonSchema({}), Field(default="")]


def type_read(kind: PropertyKind) -> Type:
    """The type of a property as callers write it: an id is a string, and so is what may lie outside an enumeration."""
    if kind.names:
        return Optional(STRING)
    return STRING if kind.unknown_is_nil else kind.type


def flat_type(vocabulary: Vocabulary) -> Any:
    """The flat form of a scenario's request; unknown members are errors."""
    zone = vocabulary.bare_date_zone
    members: dict[str, Any] = {name: NotRequired[annotation(kind, zone)] for name, kind in vocabulary.ignored.items()}
    members |= {name: _property(kind, zone) for name, kind in vocabulary.properties.items()}
    members |= dict.fromkeys((vocabulary.subject.type, "action", vocabulary.resource.type), StrictStr)
    members["at"] = NotRequired[annotation(INSTANT, zone)]
    return _object("FlatRequest", members, extra="forbid")


def authzen_type(vocabulary: Vocabulary, searched: str = "", timed: bool = False) -> Any:
    """AuthZEN's form; unknown members are ignored.

    `searched` is the entity that a search asks for, whose id or name is ignored. `timed`: a member `at` is read too.
    """
    zone = vocabulary.bare_date_zone
    tree: dict[str, Any] = {
        "subject": {"type": StrictStr, "id": StrictStr, "properties": {}},
        "action": {"name": StrictStr, "properties": {}},
        "resource": {"type": StrictStr, "id": StrictStr, "properties": {}},
        "context": {},
    }
    if searched:
        tree[searched][IGNORED_MEMBER[searched]] = NotRequired[_Ignored]
    for kind in vocabulary.properties.values():
        holder = tree
        for step in kind.source[:-1]:
            holder = holder.setdefault(step, {})
        holder[kind.source[-1]] = _property(kind, zone)
    if timed:
        tree["at"] = NotRequired[annotation(INSTANT, zone)]
    required = {"subject", "resource"} | ({"action"} if searched != "action" else set())
    return _object("Body", {name: _nested(name, member, name in required) for name, member in tree.items()})


def _nested(name: str, member: Any, required: bool = False) -> Any:
    """The type of a member of AuthZEN's form: a nested dictionary is an object, and anything else a type already."""
    if not isinstance(member, dict):
        return member
    made = _object(name.title(), {inner: _nested(inner, part) for inner, part in member.items()})
    if required:
        return made
    defaults = TypeAdapter(made).validate_python({})
    return NotRequired[Annotated[made, Field(default_factory=defaults.copy)]]


def _property(kind: PropertyKind, zone: str) -> Any:
    described = Field(default=kind.default, description=kind.about or None)
    read = annotation(type_read(kind), zone)
    bare = kind.type.of if isinstance(kind.type, Optional) else kind.type
    if kind.unknown_is_nil and isinstance(bare, Enumeration):
        # A value outside the enumeration is absent: rules compare with the enumeration's values alone.
        known = {value: value for value in bare.values}
        return NotRequired[Annotated[read, AfterValidator(known.get), described]]
    return NotRequired[Annotated[read, described]]


def _object(name: str, members: Mapping[str, Any], extra: str = "ignore") -> Any:
    made = _TypedDict(name, dict(members))
    made.__pydantic_config__ = ConfigDict(extra=extra)  # type: ignore[typeddict-item]
    return made
