"""The schema of a bundle's three TOML files: a closed set of tables and keys.

`bundle.toml` is a `ManifestTable`, `vocabulary.toml` a `VocabularyTable`, `reasons.toml` a `ReasonsTable`. A type is
written `String`, `Integer`, `Boolean`, `Instant`, `Date`, the name of an enumeration, `[one of these]`, or
`id of Record`; a `?` behind it makes the field optional. The descriptions here become the reference page of the files.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr
from pydantic.dataclasses import dataclass

from authz.bundle.derived import DerivedTable
from authz.bundle.toml_types import CLOSED, Name, Names

About = Annotated[StrictStr, Field(description="what it means, for `authz vocabulary` and the readers of a bundle")]
English = Annotated[StrictStr, Field(description="the words in English")]
Dutch = Annotated[StrictStr, Field(description="the words in Dutch")]
Code = Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


@dataclass(frozen=True, config=CLOSED)
class FieldTable:
    """A field with a description: `{ type = "Date?", about = "..." }`."""

    type: StrictStr = Field(description="the type of the field")
    about: About = ""


def _field_table(value: object) -> object:
    """A field that is written as its type alone, as a table."""
    return {"type": value} if isinstance(value, str) else value


FieldLine = Annotated[FieldTable, BeforeValidator(_field_table, json_schema_input_type=StrictStr | FieldTable)]


@dataclass(frozen=True, config=CLOSED)
class VariantTable:
    """The fields that a row must carry, and may not carry, when one of its fields has a given value."""

    needs: tuple[Name, ...] = Field(default=(), description="fields that such a row must carry")
    without: tuple[Name, ...] = Field(default=(), description="fields that such a row may not carry")


@dataclass(frozen=True, config=CLOSED)
class RecordTable:
    """A record type, and what makes a row of it complete."""

    fields: Mapping[Name, FieldLine] = Field(
        default_factory=dict, description="the fields, each as its type or as a table with `type` and `about`"
    )
    extends: Name | None = Field(
        default=None, description="the record type whose fields and constraints this one inherits"
    )
    about: About = ""
    facts: Name | None = Field(default=None, description="the key of a facts document that lists rows of this type")
    key: Name | None = Field(
        default=None, description="the `String` field that identifies a row; `id of` this type then holds such an id"
    )
    interval: tuple[Name, Name] | None = Field(
        default=None,
        description="the names of two `Instant` fields, from and up to, exclusive; an absent bound is an end of time",
    )
    needs: Mapping[Name, Names] = Field(
        default_factory=dict, description="for an optional field, the fields beside which alone it may stand"
    )
    when: Mapping[Name, Mapping[StrictStr, VariantTable]] = Field(
        default_factory=dict, description="for a field and a value of its enumeration, what such a row must carry"
    )
    no_id_of: Mapping[Name, Name] = Field(
        default_factory=dict, description="for a field, a record type none of whose ids it may hold"
    )
    refuses: Mapping[Name, Literal["dutch_citizen_number"]] = Field(
        default_factory=dict, description="for a field, a form that its text may not have"
    )
    person: StrictBool = Field(
        default=False, description="its ids are personal data: the decision log holds pseudonyms of them alone"
    )


@dataclass(frozen=True, config=CLOSED)
class CollectionTable:
    """Rows of one type that a request carries, because rows and request name the same ids."""

    of: Name = Field(description="the record type of the rows")
    by: Names = Field(description="the `id of` fields that must equal the ids of the same names in the request")
    about: About = ""


@dataclass(frozen=True, config=CLOSED)
class WriterTable:
    """Someone who may write facts, as explanations name them."""

    en: English
    nl: Dutch


@dataclass(frozen=True, config=CLOSED)
class ChangeTable:
    """How one list or value of a facts document may change, and who may write the change."""

    en: English
    nl: Dutch
    add: tuple[Name, ...] = Field(default=(), description="the writers who may add a row, which counts from then on")
    end: tuple[Name, ...] = Field(default=(), description="the writers who may end a row that is in force")
    fill: Mapping[Name, Names] = Field(
        default_factory=dict, description="for an optional field, the writers who may give it a value where it has none"
    )
    set: tuple[Name, ...] = Field(
        default=(), description="the writers who may set a value, such as an instant to the present one"
    )


@dataclass(frozen=True, config=CLOSED)
class VocabularyTable:
    """`vocabulary.toml`: the types and fields that rules may name, and the rows that a request carries."""

    records: Mapping[Name, RecordTable] = Field(default_factory=dict, description="the record types, by name")
    enumerations: Mapping[Name, Annotated[tuple[StrictStr, ...], Field(min_length=1)]] = Field(
        default_factory=dict, description="the closed sets of strings, by name"
    )
    values: Mapping[Name, FieldLine] = Field(
        default_factory=dict, description="values that stand alone in a facts document, and are fields of the request"
    )
    collections: Mapping[Name, CollectionTable] = Field(
        default_factory=dict, description="the rows that a request carries, by the name of the request's field"
    )
    derived: Mapping[Name, DerivedTable] = Field(
        default_factory=dict, description="fields of the request that are computed from others, by name"
    )
    writers: Mapping[Name, WriterTable] = Field(default_factory=dict, description="those who may write facts, by name")
    changes: Mapping[Name, ChangeTable] = Field(
        default_factory=dict, description="by list or value of a facts document: how it may change, and by whom"
    )


@dataclass(frozen=True, config=CLOSED)
class PartyTable:
    """The subject or the resource of a request."""

    type: Name = Field(description="the type in AuthZEN requests, which also names the request's field")
    record: Name = Field(description="the record type that its ids are of")


@dataclass(frozen=True, config=CLOSED)
class RequestFieldTable:
    """A property of a request that counts: a value (`type`), or the id of a record (`record`)."""

    from_: StrictStr = Field(
        alias="from", description="its place in an AuthZEN request, such as `subject.properties.name` or `context.name`"
    )
    type: StrictStr | None = Field(default=None, description="the type of a value; stands beside no `record`")
    record: Name | None = Field(default=None, description="the record type whose id it is; stands beside no `type`")
    default: Any = Field(default=None, description="the value for callers who leave it out, of the declared type")
    unknown: Literal["malformed", "nil"] = Field(
        default="malformed",
        description="what a value outside the enumeration makes of the request: malformed, or one in which it is `nil`",
    )
    stored: StrictStr | None = Field(
        default=None, description="`record.field`: the field that counts when the request leaves the property out"
    )
    searched: StrictBool = Field(
        default=False, description="a search that does not name this id tries every record of its type"
    )
    echoed: StrictBool = Field(default=False, description="the answer repeats it")
    about: About = ""


@dataclass(frozen=True, config=CLOSED)
class RequestTable:
    """How a request becomes records."""

    subject: PartyTable = Field(description="who asks")
    resource: PartyTable = Field(description="what is asked for")
    fields: Mapping[Name, RequestFieldTable] = Field(
        default_factory=dict, description="the properties that count, by the name of the request's field"
    )
    ignored: Mapping[Name, StrictStr] = Field(
        default_factory=dict,
        description="members that a request in the flat form may have and no rule reads: a type each",
    )


@dataclass(frozen=True, config=CLOSED)
class ParameterTable:
    """A parameter of the policy."""

    type: StrictStr = Field(description="the type of the parameter")
    default: Any = Field(default=None, description="a value of that type; without one the type ends in `?`")
    minimum: StrictInt | None = Field(default=None, description="the least value of an `Integer`")
    maximum: StrictInt | None = Field(default=None, description="the greatest value of an `Integer`")
    about: About = ""


@dataclass(frozen=True, config=CLOSED)
class LawTable:
    """A law of the rules: adding such a row to any facts never turns a refusal into a permit."""

    never_grants: Name = Field(description="a list of a facts document")
    when: Name | None = Field(
        default=None,
        description="a rule over the request and the row, or the row alone; the law is about rows for which it holds",
    )
    about: About = ""


@dataclass(frozen=True, config=CLOSED)
class ManifestTable:
    """`bundle.toml`: name, version, actions, parameters, and how a request becomes records."""

    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$", description="the name of the bundle")]
    version: StrictStr = Field(description="the version of the bundle")
    request: RequestTable = Field(description="the parties and properties of a request")
    actions: tuple[StrictStr, ...] = Field(
        min_length=1, description="the actions; `read_{Category}` stands for one per value of an enumeration"
    )
    about: About = ""
    bare_date_zone: StrictStr = Field(
        default="Europe/Amsterdam",
        description="the time zone at whose midnight a bare date begins, an IANA name",
    )
    parameters: Mapping[Name, ParameterTable] = Field(
        default_factory=dict, description="what rules read as `request.parameters`, by name"
    )
    laws: tuple[LawTable, ...] = Field(default=(), description="the laws that `authz fuzz` tries to break")


@dataclass(frozen=True, config=CLOSED)
class ReasonTable:
    """One reason code."""

    code: Annotated[Code, Field(description="the code that a rule `reason(request: Request, ...)` names")]
    layer: Name = Field(description="the group that the code belongs to")
    audience: Literal["user", "admin"] = Field(
        description="who sees the code: every caller, or those alone who may see all reasons"
    )
    en: English = Field()
    nl: Dutch = Field()


@dataclass(frozen=True, config=CLOSED)
class SubstituteTable:
    """The code that callers get in place of one that they may not see."""

    code: Annotated[Code, Field(description="a code that is no reason itself")]
    en: English
    nl: Dutch


@dataclass(frozen=True, config=CLOSED)
class ReasonsTable:
    """`reasons.toml`: the reason codes in order of precedence."""

    substitute: SubstituteTable = Field(description="what stands for a code that a caller may not see")
    reason: tuple[ReasonTable, ...] = Field(min_length=1, description="the reasons, in order of precedence")
