"""The vocabulary: what a bundle's tables mean, checked: row types, the request's fields, the schema for rules."""

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from authz.bundle.derived import Derivation, kind_of
from authz.bundle.toml_schema import (
    ChangeTable,
    FieldTable,
    ManifestTable,
    ParameterTable,
    PartyTable,
    RecordTable,
    RequestFieldTable,
    VariantTable,
    VocabularyTable,
    WordsTable,
)
from authz.bundle.values import read_value
from authz.documents.places import Loc, diagnostic_at
from authz.instants import zone
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.language.reserved import KEYWORDS, OSO_CLASSES
from authz.language.types import (
    INSTANT,
    SCALARS,
    STRING,
    BasicType,
    Collection,
    Enumeration,
    Field,
    Optional,
    Record,
    RecordType,
    Schema,
    Type,
)

REQUEST, PARAMETERS = "Request", "Parameters"


class FieldKind(NamedTuple):
    """A declared field: its type, the record type whose id it holds (or ""), and what it means."""

    type: Type
    names: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class RowType:
    """A record type that facts documents list, or that others extend; inherited fields included."""

    name: str
    fields: Mapping[str, FieldKind]
    extends: str
    about: str
    facts: str
    key: str
    interval: tuple[str, str] | None
    needs: Mapping[str, tuple[str, ...]]
    when: Mapping[str, Mapping[str, VariantTable]]
    no_id_of: Mapping[str, str]
    refuses: Mapping[str, str]
    person: bool = False


@dataclass(frozen=True, slots=True)
class PropertyKind:
    """A property of a request: where AuthZEN carries it, its type or the record type it names, and its default."""

    source: tuple[str, ...]
    type: Type
    names: str = ""
    default: Any = None
    unknown_is_nil: bool = False
    stored: tuple[str, ...] = ()
    about: str = ""
    searched: bool = False
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class CollectionKind:
    """Rows of one type that a request carries: those whose key fields equal the request's ids of the same names."""

    of: str
    by: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """The subject or resource of a request."""

    type: str
    record: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All types of a bundle, and how a request is put together from them."""

    rows: Mapping[str, RowType]
    enumerations: Mapping[str, Enumeration]
    subject: Party
    resource: Party
    properties: Mapping[str, PropertyKind]
    ignored: Mapping[str, Type]
    values: Mapping[str, FieldKind]
    collections: Mapping[str, CollectionKind]
    derived: Mapping[str, Derivation]
    parameters: Mapping[str, ParameterTable]
    parameter_types: Mapping[str, Type]
    schema: Schema
    actions: tuple[str, ...]
    bare_date_zone: str
    writers: Mapping[str, WordsTable]
    changes: Mapping[str, ChangeTable]

    @property
    def parties(self) -> tuple[Party, Party]:
        """Subject and resource."""
        return self.subject, self.resource

    @property
    def entities(self) -> Mapping[str, str]:
        """The request's fields that hold a record, each with its record type."""
        named = {name: p.names for name, p in self.properties.items() if p.names}
        return {self.subject.type: self.subject.record, self.resource.type: self.resource.record, **named}


def resolve(
    manifest: ManifestTable, table: VocabularyTable, codes: tuple[str, ...], paths: tuple[str, str]
) -> Vocabulary:
    """The vocabulary that two tables declare; `paths` are the manifest's and the vocabulary's, for faults.

    Raises:
        DiagnosticError: with every fault of both.
    """
    return _Resolving(manifest, table, codes, *paths).vocabulary()


class _Resolving:
    def __init__(
        self, manifest: ManifestTable, table: VocabularyTable, codes: tuple[str, ...], manifest_path: str, path: str
    ) -> None:
        self.manifest, self.table, self.codes = manifest, table, codes
        self.manifest_path, self.vocabulary_path = manifest_path, path
        self.diagnostics: list[Diagnostic] = []

    def wrong(self, loc: Loc, problem: str, help: str = "") -> None:
        self.diagnostics.append(diagnostic_at(self.vocabulary_path, loc, problem, help))

    def wrong_manifest(self, loc: Loc, problem: str, help: str = "") -> None:
        self.diagnostics.append(diagnostic_at(self.manifest_path, loc, problem, help))

    def vocabulary(self) -> Vocabulary:
        self.enumerations = {name: self.enumeration(name, values) for name, values in self.table.enumerations.items()}
        self.names()
        rows = {name: self.row(name, table) for name, table in self.table.records.items()}
        self.rows = rows
        self.raise_faults()
        for name, row in rows.items():
            self.check_row(name, row)
        values = {name: self.value(name, given) for name, given in self.table.values.items()}
        for name, change in self.table.changes.items():
            self.check_change(name, change)
        parameter_types = {name: self.parameter(name, given) for name, given in self.manifest.parameters.items()}
        properties = {name: self.property(name, given) for name, given in self.manifest.request.fields.items()}
        asked = self.manifest.request
        subject, resource = self.party("subject", asked.subject), self.party("resource", asked.resource)
        self.raise_faults()
        self.parties, self.properties, self.values, self.parameter_types = (
            (subject, resource),
            properties,
            values,
            parameter_types,
        )
        collections = {name: self.collection(name) for name in self.table.collections}
        records = {name: self.record_type(row) for name, row in rows.items()}
        records[PARAMETERS] = RecordType(
            PARAMETERS,
            {name: Field(kind, self.manifest.parameters[name].about) for name, kind in parameter_types.items()},
            about="the bundle's parameters",
        )
        records[REQUEST] = RecordType(
            REQUEST, self.request_fields(collections), about="what is asked, with all records it can reach"
        )
        self.raise_faults()
        schema = Schema(records, self.enumerations, Record(subject.record), Record(REQUEST), self.codes)
        for name, kind in properties.items():
            self.check_stored(name, kind, schema)
        derived = {name: self.derived(name, given, schema) for name, given in self.table.derived.items()}
        actions = self.actions()
        ignored = {
            name: self.type(text, ("request", "ignored", name), manifest=True)
            for name, text in self.manifest.request.ignored.items()
        }
        self.raise_faults()
        request = RecordType(REQUEST, {**records[REQUEST].fields, **derived}, about=records[REQUEST].about)
        schema = Schema({**records, REQUEST: request}, self.enumerations, schema.subject, schema.request, self.codes)
        return Vocabulary(
            rows=rows,
            enumerations=self.enumerations,
            subject=subject,
            resource=resource,
            properties=properties,
            ignored=ignored,
            values=values,
            collections=collections,
            derived=self.table.derived,
            parameters=self.manifest.parameters,
            parameter_types=parameter_types,
            schema=schema,
            actions=actions,
            bare_date_zone=self.table.bare_date_zone,
            writers=self.table.writers,
            changes=self.table.changes,
        )

    def raise_faults(self) -> None:
        if self.diagnostics:
            raise DiagnosticError(self.diagnostics)

    # Names and types.

    def enumeration(self, name: str, values: tuple[str, ...]) -> Enumeration:
        for index, value in enumerate(values):
            if value in values[:index]:
                self.wrong(("enumerations", name, index), f"`{value}` stands here twice")
            if not value.isascii() or not value.isprintable() or not value:
                self.wrong(("enumerations", name, index), "a value is printable ASCII, so that rules can name it")
        return Enumeration(name, values)

    def names(self) -> None:
        """Every name is one thing, and a name that both Polar and Python can carry."""
        try:
            zone(self.table.bare_date_zone)
        except ValueError as error:
            self.wrong(("bare_date_zone",), str(error))
        seen = {REQUEST, PARAMETERS, *SCALARS, *OSO_CLASSES}
        for kind, names in (("enumerations", self.table.enumerations), ("records", self.table.records)):
            for name in names:
                if name in seen:
                    self.wrong((kind, name), f"`{name}` is the name of another type")
                seen.add(name)
                self.word(name, (kind, name))

    def word(self, name: str, loc: Loc, manifest: bool = False) -> None:
        wrong = self.wrong_manifest if manifest else self.wrong
        if name in KEYWORDS:
            wrong(loc, f"`{name}` is a word of Polar's own", "choose another name")
        if name.endswith("_"):
            wrong(loc, f"`{name}` ends in `_`", "choose another name")

    def type(self, text: str, loc: Loc, manifest: bool = False) -> Type:
        """The type that a text names; `id of X` is a string."""
        wrong = self.wrong_manifest if manifest else self.wrong
        plain = text.removesuffix("?")
        inner = plain.removeprefix("[").removesuffix("]") if plain.startswith("[") and plain.endswith("]") else plain
        known: BasicType | None
        if inner.startswith("id of ") and inner == plain:
            self.keyed(inner.removeprefix("id of ").strip(), loc, manifest)
            known = STRING
        else:
            known = SCALARS.get(inner) or self.enumerations.get(inner)
        if known is None:
            wrong(loc, f"unknown type `{inner}`", did_you_mean(inner, [*SCALARS, *self.enumerations]))
            known = STRING
        if inner != plain:
            if plain != text:
                wrong(loc, f"`{text}`: a list is empty rather than absent", f"write `{plain}`")
            return Collection(known)
        return Optional(known) if plain != text else known

    def keyed(self, record: str, loc: Loc, manifest: bool = False) -> None:
        known = [name for name, table in self.table.records.items() if table.key]
        if record not in known:
            wrong = self.wrong_manifest if manifest else self.wrong
            wrong(loc, f"`{record}` is no record type with a key", did_you_mean(record, known))

    def value(self, name: str, given: FieldTable) -> FieldKind:
        kind = self.field(name, given, ("values", name), {})
        if kind.names:
            self.wrong(("values", name), "a value is no id: list it in rows")
        return kind

    def field(self, name: str, given: FieldTable, loc: Loc, inherited: Mapping[str, FieldKind]) -> FieldKind:
        self.word(name, loc)
        if name in inherited:
            self.wrong(loc, f"`{name}` is inherited already")
        plain = given.type.removesuffix("?")
        names = plain.removeprefix("id of ").strip() if plain.startswith("id of ") else ""
        return FieldKind(self.type(given.type, loc), names, given.about)

    # Records.

    def row(self, name: str, table: RecordTable, below: tuple[str, ...] = ()) -> RowType:
        base: RowType | None = None
        if table.extends is not None:
            parent = self.table.records.get(table.extends)
            if parent is None:
                self.wrong(
                    ("records", name, "extends"),
                    f"unknown record `{table.extends}`",
                    did_you_mean(table.extends, self.table.records),
                )
            elif table.extends in (name, *below):
                self.wrong(("records", name, "extends"), f"`{name}` extends itself")
            else:
                base = self.row(table.extends, parent, (name, *below))
        fields: dict[str, FieldKind] = dict(base.fields) if base else {}
        interval = table.interval or (base.interval if base else None)
        if table.interval is not None:
            for bound in table.interval:
                self.word(bound, ("records", name, "interval"))
            if len({*table.interval, *fields}) < 2 + len(fields):
                self.wrong(("records", name, "interval"), "the two bounds are two new fields")
            if base and base.interval:
                self.wrong(("records", name, "interval"), f"`{base.name}` has an interval already")
            fields |= {
                bound: FieldKind(INSTANT, about=about)
                for bound, about in zip(table.interval, ("from", "up to, exclusive"), strict=True)
            }
        for field, given in table.fields.items():
            fields[field] = self.field(field, given, ("records", name, "fields", field), fields)
        return RowType(
            name,
            fields,
            base.name if base else "",
            table.about,
            table.facts or "",
            table.key or (base.key if base else ""),
            interval,
            {**(base.needs if base else {}), **table.needs},
            {**(base.when if base else {}), **table.when},
            {**(base.no_id_of if base else {}), **table.no_id_of},
            {**(base.refuses if base else {}), **table.refuses},
            table.person or (base.person if base else False),
        )

    def check_row(self, name: str, row: RowType) -> None:
        loc: Loc = ("records", name)
        if row.facts and row.facts in self.table.values:
            self.wrong((*loc, "facts"), f"`{row.facts}` is the name of a value")
        for other in self.rows.values():
            if other.name < name and row.facts and other.facts == row.facts:
                self.wrong((*loc, "facts"), f"`{row.facts}` lists `{other.name}` already")
        if row.key and row.fields.get(row.key, FieldKind(INSTANT)).type != STRING:
            self.wrong((*loc, "key"), f"`{row.key}` is no `String` field of `{name}`")
        if row.key and not row.facts:
            self.wrong(
                (*loc, "key"), "a record type with a key is listed in facts", f'write `facts = "{name.lower()}s"`'
            )
        for given, others in row.needs.items():
            self.known_fields(row, (given, *others), (*loc, "needs"))
            if not isinstance(row.fields.get(given, FieldKind(Optional(STRING))).type, Optional):
                self.wrong((*loc, "needs", given), f"`{given}` is always there", "make it optional: `?`")
        for given, variants in row.when.items():
            self.known_fields(row, (given,), (*loc, "when"))
            kind = row.fields[given].type if given in row.fields else None
            for value, variant in variants.items():
                if not isinstance(kind, Enumeration) or value not in kind.values:
                    self.wrong((*loc, "when", given, value), f"`{value}` is not a value of `{given}`")
                self.known_fields(row, (*variant.needs, *variant.without), (*loc, "when", given, value))
        for given, record in row.no_id_of.items():
            self.text_field(row, given, (*loc, "no_id_of"))
            self.keyed(record, (*loc, "no_id_of", given))
        for given in row.refuses:
            self.text_field(row, given, (*loc, "refuses"))

    def check_change(self, name: str, change: ChangeTable) -> None:
        loc: Loc = ("changes", name)
        row = next((row for row in self.rows.values() if row.facts == name), None)
        if row is None and name not in self.table.values:
            known = [*(row.facts for row in self.rows.values() if row.facts), *self.table.values]
            self.wrong(loc, f"facts have no `{name}`", did_you_mean(name, known))
            return
        said = {"add": change.add, "end": change.end, "set": change.set, **change.fill}
        for how, writers in said.items():
            for writer in writers:
                if writer not in self.table.writers:
                    self.wrong((*loc, how), f"unknown writer `{writer}`", did_you_mean(writer, self.table.writers))
        if row is None:
            if change.add or change.end or change.fill:
                self.wrong(loc, "a value is `set`, and nothing else")
            return
        if change.set:
            self.wrong((*loc, "set"), "rows are added, ended or filled: only a value is set")
        if change.end and not row.interval:
            self.wrong((*loc, "end"), f"`{row.name}` has no interval that could end")
        self.known_fields(row, change.fill, (*loc, "fill"))
        for field in change.fill:
            if field in row.fields and not isinstance(row.fields[field].type, Optional):
                self.wrong((*loc, "fill", field), f"`{field}` is always there", "make it optional: `?`")

    def known_fields(self, row: RowType, names: Iterable[str], loc: Loc) -> None:
        for name in names:
            if name not in row.fields:
                self.wrong((*loc, name), f"`{row.name}` has no field `{name}`", did_you_mean(name, row.fields))

    def text_field(self, row: RowType, name: str, loc: Loc) -> None:
        self.known_fields(row, (name,), loc)
        if row.fields.get(name, FieldKind(STRING)).type not in (STRING, Optional(STRING)):
            self.wrong((*loc, name), f"`{name}` is no `String`")

    def record_type(self, row: RowType) -> RecordType:
        return RecordType(
            row.name, {name: Field(f.type, f.about) for name, f in row.fields.items()}, row.extends, row.about
        )

    # The request.

    def request_word(self, name: str, loc: Loc) -> None:
        self.word(name, loc, manifest=True)
        if name in ("subject", "resource"):
            self.wrong_manifest(loc, f"`{name}` is a word of AuthZEN's own", "choose another name")

    def party(self, side: str, table: PartyTable) -> Party:
        self.keyed(table.record, ("request", side, "record"), manifest=True)
        self.request_word(table.type, ("request", side, "type"))
        return Party(table.type, table.record)

    def property(self, name: str, table: RequestFieldTable) -> PropertyKind:
        loc: Loc = ("request", "fields", name)
        self.request_word(name, loc)
        source = tuple(table.from_.split("."))
        allowed = ("subject.properties.", "action.properties.", "resource.properties.", "context.")
        if not table.from_.startswith(allowed) or not all(source):
            self.wrong_manifest(
                (*loc, "from"),
                f"`{table.from_}` is no place in a request",
                "write `subject.properties.name` or `context.name`",
            )
        if (table.type is None) == (table.record is None):
            self.wrong_manifest(loc, "either `type` or `record` says what it is")
        stored = tuple(table.stored.split(".")) if table.stored else ()
        if stored and (table.record is not None or table.default is not None or table.unknown == "nil"):
            self.wrong_manifest((*loc, "stored"), "stands beside neither `record`, `default` nor `unknown`")
        if table.record is not None:
            self.keyed(table.record, (*loc, "record"), manifest=True)
            if table.default is not None:
                self.wrong_manifest((*loc, "default"), "a record has no default")
            if table.searched and source[0] not in ("subject", "resource"):
                self.wrong_manifest((*loc, "searched"), "only the subject or the resource of a request is searched for")
            return PropertyKind(
                source,
                Optional(Record(table.record)),
                table.record,
                about=table.about,
                searched=table.searched,
                echoed=table.echoed,
            )
        if table.searched:
            self.wrong_manifest((*loc, "searched"), "only the id of a record is searched for")
        kind = self.type(table.type or "String", (*loc, "type"), manifest=True)
        if isinstance(kind, Collection):
            self.wrong_manifest((*loc, "type"), "a property of a request is one value")
        default = self.default(kind, table.default, (*loc, "default"))
        if table.unknown == "nil":
            if not isinstance(kind, Enumeration):
                self.wrong_manifest((*loc, "unknown"), "only an enumeration has values outside it")
            else:
                kind = Optional(kind)
        elif not isinstance(kind, Optional) and table.default is None:
            self.wrong_manifest(
                loc,
                "a property that callers may leave out is optional or has a default",
                "add `?` to its type, or a `default`",
            )
        return PropertyKind(source, kind, "", default, table.unknown == "nil", stored, table.about, echoed=table.echoed)

    def default(self, kind: Type, given: object, loc: Loc) -> Any:
        try:
            return None if given is None else read_value(kind, given, self.table.bare_date_zone)
        except ValueError as error:
            self.wrong_manifest(loc, str(error))
            return None

    def check_stored(self, name: str, kind: PropertyKind, schema: Schema) -> None:
        """A stored value is a field of a record that the request names."""
        if kind.stored:
            path, loc, wanted = ".".join(kind.stored), ("request", "fields", name, "stored"), kind.type
            if len(kind.stored) != 2:
                self.wrong_manifest(loc, f"`{path}` is no field of a record", "write `record.field`")
            else:
                self.path(path, wanted.of if isinstance(wanted, Optional) else wanted, loc, schema, manifest=True)

    def parameter(self, name: str, table: ParameterTable) -> Type:
        loc: Loc = ("parameters", name)
        self.word(name, loc, manifest=True)
        kind = self.type(table.type, (*loc, "type"), manifest=True)
        if table.default is None and not isinstance(kind, Optional):
            self.wrong_manifest(loc, "a parameter without a default is optional", f'write `type = "{table.type}?"`')
        return kind

    def collection(self, name: str) -> CollectionKind:
        table, loc = self.table.collections[name], ("collections", name)
        row = self.rows.get(table.of)
        if row is None or not row.facts:
            listed = [row.name for row in self.rows.values() if row.facts]
            self.wrong((*loc, "of"), f"`{table.of}` is no record type that facts list", did_you_mean(table.of, listed))
            return CollectionKind(table.of, table.by)
        entities = {p.type: p.record for p in self.parties} | {
            n: p.names for n, p in self.properties.items() if p.names
        }
        for key in table.by:
            if key not in row.fields or not row.fields[key].names:
                ids = [name for name, field in row.fields.items() if field.names]
                self.wrong((*loc, "by"), f"`{key}` is no `id of` field of `{table.of}`", did_you_mean(key, ids))
            elif entities.get(key) != row.fields[key].names:
                self.wrong(
                    (*loc, "by"),
                    f"a request has no `{key}` that is a `{row.fields[key].names}`",
                    did_you_mean(key, entities),
                )
        return CollectionKind(table.of, table.by, table.about or _by(table.of, table.by))

    def request_fields(self, collections: Mapping[str, CollectionKind]) -> dict[str, Field]:
        fields: dict[str, Field] = {
            "action": Field(STRING, "the action asked, as it was asked"),
            "at": Field(INSTANT, "the instant it is asked for"),
            "subject_type": Field(STRING, "the type of the subject"),
            "resource_type": Field(STRING, "the type of the resource"),
            "parameters": Field(Record(PARAMETERS), "the bundle's parameters"),
        }
        for party in self.parties:
            about = "nil if there is none of that id"
            self.add(fields, party.type, Field(Optional(Record(party.record)), about), ("request",), manifest=True)
            self.add(fields, f"{party.type}_id", Field(STRING, "the id asked for"), ("request",), manifest=True)
        for name, kind in self.properties.items():
            loc, about = ("request", "fields", name), "the id asked for; nil if none is named"
            field = Field(kind.type, kind.about or ("nil if there is none of that id" if kind.names else ""))
            self.add(fields, name, field, loc, manifest=True)
            if kind.names:
                self.add(fields, f"{name}_id", Field(Optional(STRING), about), loc, manifest=True)
        for name, value in self.values.items():
            self.add(fields, name, Field(value.type, value.about), ("values", name))
        for name, rows in collections.items():
            self.word(name, ("collections", name))
            self.add(fields, name, Field(Collection(Record(rows.of)), rows.about), ("collections", name))
        return fields

    def add(self, fields: dict[str, Field], name: str, field: Field, loc: Loc, manifest: bool = False) -> None:
        if name in fields or name in self.table.derived:
            wrong = self.wrong_manifest if manifest else self.wrong
            wrong(loc, f"a request has two fields `{name}`", "choose another name")
        fields[name] = field

    def derived(self, name: str, table: Derivation, schema: Schema) -> Field:
        loc: Loc = ("derived", name)
        self.word(name, loc)
        kind = kind_of(table)
        for source in kind.sources(table):
            self.path(source.path, source.type, (*loc, source.key), schema)
        for key, problem, help in kind.problems(table, schema):
            self.wrong((*loc, key), problem, help)
        return Field(Optional(kind.type(table, schema)), table.about)

    def path(self, text: str, wanted: Type, loc: Loc, schema: Schema, manifest: bool = False) -> None:
        """A path from the request to a field of the wanted type, optional or not."""
        wrong = self.wrong_manifest if manifest else self.wrong
        kind: Type = schema.request
        for name in text.split("."):
            kind = kind.of if isinstance(kind, Optional) else kind
            field = schema.field(kind, name) if isinstance(kind, Record) else None
            if field is None:
                near = did_you_mean(name, schema.records[kind.name].fields) if isinstance(kind, Record) else ""
                wrong(loc, f"`{text}`: `{kind}` has no field `{name}`", near)
                return
            kind = field.type
        if (kind.of if isinstance(kind, Optional) else kind) != wanted:
            wrong(loc, f"`{text}` is a `{kind}`, and a `{wanted}` is asked")

    def actions(self) -> tuple[str, ...]:
        """The actions that can be asked; `read_{Category}` stands for one per value."""
        found: list[str] = []
        for index, text in enumerate(self.manifest.actions):
            head, brace, rest = text.partition("{")
            name, _, tail = rest.partition("}")
            if not brace and "}" not in text:
                found.append(text)
            elif not brace or text.count("}") != 1 or "{" in rest:
                self.wrong_manifest(("actions", index), f"`{text}` is no action", "write `verb_{Enumeration}`")
            elif name in self.enumerations:
                found += [f"{head}{value}{tail}" for value in self.enumerations[name].values]
            else:
                self.wrong_manifest(
                    ("actions", index), f"`{name}` is no enumeration", did_you_mean(name, self.enumerations)
                )
        return tuple(dict.fromkeys(found))


def _by(of: str, by: tuple[str, ...]) -> str:
    return f"rows of {of} with the request's {', '.join(by[:-1]) + ' and ' if by[1:] else ''}{by[-1]}"


@cache
def attribute(name: str) -> str:
    """The Python attribute that holds a field: Python's own words get a `_` behind them."""
    return f"{name}_" if keyword.iskeyword(name) else name
