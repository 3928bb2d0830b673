"""What `bundle.toml` declares: the parties and properties of a request, actions and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

from authz.bundle.catalogue import request as catalogue
from authz.bundle.report import Report
from authz.bundle.resolve.names import check_name, check_request_name
from authz.bundle.resolve.types import KnownTypes, check_keyed, resolve_default, type_named
from authz.bundle.toml_schema import ManifestTable, ParameterTable, PartyTable, RequestFieldTable
from authz.bundle.vocabulary import Party, PropertyKind
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean
from authz.language.types import Collection, Enumeration, Optional, Record, Type

_PLACES = ("subject.properties.", "action.properties.", "resource.properties.", "context.")


@dataclass(frozen=True, slots=True)
class DeclaredRequest:
    """The parties and properties of a request, and the types of the parameters."""

    subject: Party
    resource: Party
    properties: Mapping[str, PropertyKind]
    parameter_types: Mapping[str, Type]

    @property
    def entities(self) -> dict[str, str]:
        """The fields of a request that hold a record, each with its record type."""
        parties = {self.subject.type: self.subject.record, self.resource.type: self.resource.record}
        return parties | {name: kind.names for name, kind in self.properties.items() if kind.names}


def resolve_request(manifest: ManifestTable, known: KnownTypes, report: Report) -> DeclaredRequest:
    """What a manifest declares of requests and parameters."""
    parameters = {name: resolve_parameter(name, each, known, report) for name, each in manifest.parameters.items()}
    return DeclaredRequest(
        resolve_party("subject", manifest.request.subject, known, report),
        resolve_party("resource", manifest.request.resource, known, report),
        resolve_properties(manifest.request.fields, known, report),
        parameters,
    )


def resolve_ignored(manifest: ManifestTable, known: KnownTypes, report: Report) -> dict[str, Type]:
    """The types of the members that a request in the flat form may have and no rule reads."""
    ignored = manifest.request.ignored
    return {name: type_named(text, ("request", "ignored", name), known, report) for name, text in ignored.items()}


def resolve_party(side: str, table: PartyTable, known: KnownTypes, report: Report) -> Party:
    """The subject or the resource of a request."""
    check_keyed(table.record, ("request", side, "record"), known, report)
    check_request_name(table.type, ("request", side, "type"), report)
    return Party(table.type, table.record)


def resolve_properties(
    tables: Mapping[str, RequestFieldTable], known: KnownTypes, report: Report
) -> dict[str, PropertyKind]:
    """The properties of a request, each read from a place of its own."""
    properties = {name: _property(name, table, known, report) for name, table in tables.items()}
    places: dict[tuple[str, ...], str] = {}
    for name, kind in properties.items():
        for place, other in places.items():
            if place[: len(kind.source)] == kind.source or kind.source[: len(place)] == place:
                problem = f"`{'.'.join(kind.source)}` is not apart from the place of `{other}`"
                loc: Loc = ("request", "fields", name, "from")
                report.add(catalogue.PROPERTY_PLACE_TAKEN, loc, problem, "give each property a place of its own")
        places[kind.source] = name
    return properties


def _property(name: str, table: RequestFieldTable, known: KnownTypes, report: Report) -> PropertyKind:
    loc: Loc = ("request", "fields", name)
    check_request_name(name, loc, report)
    source = tuple(table.from_.split("."))
    if not table.from_.startswith(_PLACES) or not all(source):
        problem = f"`{table.from_}` is no place in a request"
        help = "write `subject.properties.name` or `context.name`"
        report.add(catalogue.INVALID_PROPERTY_PLACE, (*loc, "from"), problem, help)
    if (table.type is None) == (table.record is None):
        report.add(catalogue.TYPE_OR_RECORD, loc, "either `type` or `record` says what it is")
    if table.stored and (table.record is not None or table.default is not None or table.unknown == "nil"):
        problem = "stands beside neither `record`, `default` nor `unknown`"
        report.add(catalogue.CONFLICTING_PROPERTY_KEYS, (*loc, "stored"), problem)
    if table.record is not None:
        return _record_property(table, table.record, source, loc, known, report)
    return _value_property(table, source, loc, known, report)


def _record_property(
    table: RequestFieldTable, record: str, source: tuple[str, ...], loc: Loc, known: KnownTypes, report: Report
) -> PropertyKind:
    check_keyed(record, (*loc, "record"), known, report)
    if table.default is not None:
        report.add(catalogue.CONFLICTING_PROPERTY_KEYS, (*loc, "default"), "a record has no default")
    if table.searched and source[0] not in ("subject", "resource"):
        problem = "only the subject or the resource of a request is searched for"
        report.add(catalogue.CONFLICTING_PROPERTY_KEYS, (*loc, "searched"), problem)
    return PropertyKind(
        source,
        Optional(Record(record)),
        record,
        about=table.about,
        searched=table.searched,
        echoed=table.echoed,
    )


def _value_property(
    table: RequestFieldTable, source: tuple[str, ...], loc: Loc, known: KnownTypes, report: Report
) -> PropertyKind:
    if table.searched:
        problem = "only the id of a record is searched for"
        report.add(catalogue.CONFLICTING_PROPERTY_KEYS, (*loc, "searched"), problem)
    kind = type_named(table.type or "String", (*loc, "type"), known, report)
    if isinstance(kind, Collection):
        report.add(catalogue.CONFLICTING_PROPERTY_KEYS, (*loc, "type"), "a property of a request is one value")
    default = resolve_default(kind, table.default, (*loc, "default"), known, report)
    if table.unknown == "nil":
        if isinstance(kind, Enumeration):
            kind = Optional(kind)
        else:
            problem = "only an enumeration has values outside it"
            report.add(catalogue.CONFLICTING_PROPERTY_KEYS, (*loc, "unknown"), problem)
    elif not isinstance(kind, Optional) and table.default is None:
        problem = "a property that callers may leave out is optional or has a default"
        report.add(catalogue.PROPERTY_WITHOUT_DEFAULT, loc, problem, "add `?` to its type, or a `default`")
    return PropertyKind(
        source,
        kind,
        default=default,
        unknown_is_nil=table.unknown == "nil",
        stored=tuple(table.stored.split(".")) if table.stored else (),
        about=table.about,
        echoed=table.echoed,
    )


def resolve_parameter(name: str, table: ParameterTable, known: KnownTypes, report: Report) -> Type:
    """The type of a parameter."""
    loc: Loc = ("parameters", name)
    check_name(name, loc, report)
    kind = type_named(table.type, (*loc, "type"), known, report)
    if table.default is None and not isinstance(kind, Optional):
        problem, help = "a parameter without a default is optional", f'write `type = "{table.type}?"`'
        report.add(catalogue.PARAMETER_WITHOUT_DEFAULT, loc, problem, help)
    return kind


def resolve_actions(actions: tuple[str, ...], known: KnownTypes, report: Report) -> tuple[str, ...]:
    """The actions of a bundle; `read_{Category}` stands for one action per value of the enumeration."""
    resolved: list[str] = []
    for index, text in enumerate(actions):
        loc: Loc = ("actions", index)
        head, brace, rest = text.partition("{")
        name, _, tail = rest.partition("}")
        if not brace and "}" not in text:
            resolved.append(text)
        elif not brace or text.count("}") != 1 or "{" in rest:
            help = "write `verb_{Enumeration}`"
            report.add(catalogue.INVALID_ACTION, loc, f"`{text}` is no action", help)
        elif name in known.enumerations:
            resolved += [f"{head}{value}{tail}" for value in known.enumerations[name].values]
        else:
            near = did_you_mean(name, known.enumerations)
            report.add(catalogue.INVALID_ACTION, loc, f"`{name}` is no enumeration", near)
    return tuple(dict.fromkeys(resolved))
