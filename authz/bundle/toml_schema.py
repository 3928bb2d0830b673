"""What a bundle's three TOML files may say: the closed set of tables, as their author writes them.

`bundle.toml` is a `ManifestTable`, `vocabulary.toml` a `VocabularyTable`, `reasons.toml` a `ReasonsTable`. A type
is written `String`, `Integer`, `Boolean`, `Instant`, `Date`, the name of an enumeration, `[one of these]`, or
`id of Record`; a `?` behind it makes the field optional.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr
from pydantic.dataclasses import dataclass

from authz.bundle.derived import DerivedTable
from authz.bundle.toml_types import CLOSED, Word, Words


@dataclass(frozen=True, config=CLOSED)
class FieldTable:
    """A field with something to say of it: `{ type = "Date?", about = "..." }`."""

    type: StrictStr
    about: StrictStr = ""


def _field(given: object) -> object:
    """A field written as its type alone is a table with nothing more."""
    return {"type": given} if isinstance(given, str) else given


FieldLine = Annotated[FieldTable, BeforeValidator(_field, json_schema_input_type=StrictStr | FieldTable)]


@dataclass(frozen=True, config=CLOSED)
class VariantTable:
    """What a row must, and may not, carry when one of its fields has a given value."""

    needs: tuple[Word, ...] = ()
    without: tuple[Word, ...] = ()


@dataclass(frozen=True, config=CLOSED)
class RecordTable:
    """A record type, and what makes a row of it whole."""

    fields: Mapping[Word, FieldLine] = Field(default_factory=dict)
    extends: Word | None = None
    about: StrictStr = ""
    facts: Word | None = Field(default=None, description="the key of a facts document that lists rows of this type")
    key: Word | None = Field(default=None, description="the field that identifies a row")
    interval: tuple[Word, Word] | None = Field(
        default=None, description="from and up to; absent bounds are the ends of time"
    )
    needs: Mapping[Word, Words] = Field(default_factory=dict, description="a field that stands only beside others")
    when: Mapping[Word, Mapping[StrictStr, VariantTable]] = Field(
        default_factory=dict, description="what a field's value asks"
    )
    no_id_of: Mapping[Word, Word] = Field(default_factory=dict, description="a field that holds no id of a record type")
    refuses: Mapping[Word, Literal["dutch_citizen_number"]] = Field(
        default_factory=dict, description="a form a field has not"
    )
    person: StrictBool = Field(default=False, description="its ids are personal data: a record holds pseudonyms alone")


@dataclass(frozen=True, config=CLOSED)
class CollectionTable:
    """Rows of one type whose ids are the request's own."""

    of: Word
    by: Words
    about: StrictStr = ""


@dataclass(frozen=True, config=CLOSED)
class WordsTable:
    """What something is called, in English and Dutch."""

    en: StrictStr
    nl: StrictStr


@dataclass(frozen=True, config=CLOSED)
class ChangeTable:
    """How one list or value of a facts document may change, and who may write that."""

    en: StrictStr
    nl: StrictStr
    add: tuple[Word, ...] = Field(default=(), description="who may add a row, which counts from then on")
    end: tuple[Word, ...] = Field(default=(), description="who may end a row that is in force")
    fill: Mapping[Word, Words] = Field(
        default_factory=dict, description="who may say a field that a row leaves out so far"
    )
    set: tuple[Word, ...] = Field(default=(), description="who may set a value anew, such as an instant to now")


@dataclass(frozen=True, config=CLOSED)
class VocabularyTable:
    """`vocabulary.toml`: the types and fields that rules may speak of, and how rows reach a request."""

    records: Mapping[Word, RecordTable] = Field(default_factory=dict)
    enumerations: Mapping[Word, Annotated[tuple[StrictStr, ...], Field(min_length=1)]] = Field(default_factory=dict)
    values: Mapping[Word, FieldLine] = Field(default_factory=dict)
    collections: Mapping[Word, CollectionTable] = Field(default_factory=dict)
    derived: Mapping[Word, DerivedTable] = Field(default_factory=dict)
    writers: Mapping[Word, WordsTable] = Field(default_factory=dict, description="those who may write facts")
    changes: Mapping[Word, ChangeTable] = Field(
        default_factory=dict, description="by list or value of a facts document: how it may change, by whom"
    )
    bare_date_zone: StrictStr = Field(default="Europe/Amsterdam", description="where a bare date begins at midnight")


@dataclass(frozen=True, config=CLOSED)
class PartyTable:
    """The subject or the resource of a request: its type, which names the request's field, and its record."""

    type: Word
    record: Word


@dataclass(frozen=True, config=CLOSED)
class RequestFieldTable:
    """A property of a request that counts: a value (`type`), or the id of a record (`record`)."""

    from_: Annotated[StrictStr, Field(alias="from")]
    type: StrictStr | None = None
    record: Word | None = None
    default: Any = Field(default=None, description="a value of that type, for callers who leave it out")
    unknown: Literal["malformed", "nil"] = Field(
        default="malformed", description="what a value outside the enumeration is"
    )
    stored: StrictStr | None = Field(
        default=None, description="the record's field that counts when the request has none"
    )
    searched: StrictBool = Field(default=False, description="a search that does not name it tries every record")
    echoed: StrictBool = Field(default=False, description="an answer repeats it")
    about: StrictStr = ""


@dataclass(frozen=True, config=CLOSED)
class RequestTable:
    """How a request becomes records."""

    subject: PartyTable
    resource: PartyTable
    fields: Mapping[Word, RequestFieldTable] = Field(default_factory=dict)
    ignored: Mapping[Word, StrictStr] = Field(
        default_factory=dict, description="what a scenario may say and no rule reads"
    )


@dataclass(frozen=True, config=CLOSED)
class ParameterTable:
    """A parameter of the policy: its type, its default (nil without one), and its bounds."""

    type: StrictStr
    default: Any = Field(default=None, description="a value of that type")
    minimum: StrictInt | None = None
    maximum: StrictInt | None = None
    about: StrictStr = ""


@dataclass(frozen=True, config=CLOSED)
class LawTable:
    """A law that holds of the rules: adding such a row to any facts never turns a refusal into a permit."""

    never_grants: Annotated[Word, Field(description="a list of a facts document")]
    when: Word | None = Field(
        default=None,
        description="a rule over the request and the row, or the row alone; the law is about rows it holds of",
    )
    about: StrictStr = ""


@dataclass(frozen=True, config=CLOSED)
class ManifestTable:
    """`bundle.toml`: name, version, actions, parameters, and how a request becomes records."""

    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    version: StrictStr
    request: RequestTable
    actions: Annotated[tuple[StrictStr, ...], Field(min_length=1)]
    about: StrictStr = ""
    parameters: Mapping[Word, ParameterTable] = Field(default_factory=dict)
    laws: tuple[LawTable, ...] = Field(default=(), description="what `authz fuzz` tries to break")


@dataclass(frozen=True, config=CLOSED)
class ReasonTable:
    """One reason code: its layer, who sees the code, and what it says in English and Dutch."""

    code: Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    layer: Word
    audience: Literal["user", "admin"]
    en: StrictStr
    nl: StrictStr


@dataclass(frozen=True, config=CLOSED)
class SubstituteTable:
    """What those see who may not see a code."""

    code: Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    en: StrictStr
    nl: StrictStr


@dataclass(frozen=True, config=CLOSED)
class ReasonsTable:
    """`reasons.toml`: the reason codes in order of precedence."""

    substitute: SubstituteTable
    reason: Annotated[tuple[ReasonTable, ...], Field(min_length=1)]
