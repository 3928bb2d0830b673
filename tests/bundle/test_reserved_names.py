"""Names of oso's own, of Python and of the generated code, in every position of a bundle.

Each name is an ordinary name there, with which the generated code and oso decide alike, or is refused at a place that
names it.
"""

import builtins
import keyword
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from authz import Policy, PolicyError, load_bundle
from authz.engine.loading import read_facts
from authz.language.reserved import KEYWORDS

oso = pytest.importorskip("oso", reason="oso has no wheels after CPython 3.12")
polar = pytest.importorskip("polar", reason="oso has no wheels after CPython 3.12")

OSO_TYPES = (
    "Actor",
    "Resource",
    "Boolean",
    "Integer",
    "Float",
    "List",
    "Dictionary",
    "String",
    "Datetime",
    "Timedelta",
)
OSO_RULES = ("has_permission", "has_role", "has_relation", "allow_field", "allow_request")
OSO_WORDS = ("actor", "resource", "roles", "permissions", "relations", "on", "this", "_this", "Partial", "FieldRef")
OSO_VARIABLES = tuple(f"_{prefix}_{n}" for prefix in ("value", "op", "in", "x", "rest") for n in (1, 2, 7, 12, 40))
ENGINE = ("Request", "Parameters", "Instant", "Date", "request", "parameters", "at", "action", "memo", "rows", "codes")
DUNDERS = {"__class__", "__dict__", "__eq__", "__hash__", "__import__", "__init__", "__name__", "__slots__"}
NAMES = sorted(
    DUNDERS
    | {
        *dir(builtins),
        *dir(type),
        *dir(object),
        *dir(tuple),
        *dir(str),
        *dir(dict),
        *keyword.kwlist,
        *keyword.softkwlist,
    }
    | {
        *dir(oso.Oso),
        *dir(polar.Polar),
        *dir(polar.Variable),
        *vars(polar),
        *(str(name) for name in polar.Polar().host.types if isinstance(name, str)),
    }
    | {*OSO_TYPES, *OSO_RULES, *OSO_WORDS, *OSO_VARIABLES, *ENGINE, "allow", "reason", "and", "or", "in", "nil", "cut"}
)
NAMES = [name for name in NAMES if name in DUNDERS or not name.startswith("__")]

MANIFEST = """name = "names"
version = "1"
actions = ["read"]
[request.subject]
type = "user"
record = "User"
[request.resource]
type = "doc"
record = "Doc"
"""
VOCABULARY = """[records.User]
facts = "users"
key = "id"
fields = { id = "String" }
[records.Doc]
facts = "docs"
key = "id"
fields = { id = "String" }
[records.Grant]
facts = "grants"
[records.Grant.fields]
user = "id of User"
level = "Integer"
"""
REASONS = """[substitute]
code = "NO"
en = "no"
nl = "nee"
[[reason]]
code = "NONE"
layer = "x"
audience = "user"
en = "none"
nl = "geen"
"""
LOOP = "g in request.grants and g.level = 1"


class Text(NamedTuple):
    """What a bundle has in addition: text of two TOML files, and of rules; and a condition that holds."""

    manifest: str = ""
    vocabulary: str = ""
    rules: str = ""
    condition: str = 'request.action = "read"'


Position = Callable[[Iterable[str]], Text]


def lines(pattern: str, names: Iterable[str]) -> str:
    """One line for each name: `@` is the name and `#` its number."""
    return "".join(f"{pattern.replace('@', name).replace('#', str(number))}\n" for number, name in enumerate(names))


def all_of(pattern: str, names: Iterable[str]) -> str:
    return " and ".join(lines(pattern, names).splitlines()) or "true"


def record_type(names: Iterable[str]) -> Text:
    tables = '[records.@]\nfacts = "list_#"\nkey = "id"\nfields = { id = "String" }'
    return Text("", lines(tables, names), lines('record_#(r: @) if r.id = "x";', names))


def enumeration(names: Iterable[str]) -> Text:
    fields = lines('kind_# = "@?"', names)
    return Text("", fields + "[enumerations]\n" + lines('@ = ["a", "b"]', names), lines("k_#(_k: @) if true;", names))


def enumeration_value(names: Iterable[str]) -> Text:
    values = ", ".join(f'"{name}"' for name in ["zero", *names])
    rules = lines('not_#(g: Grant) if g.kind = nil or (g.kind != nil and g.kind != "@");', names)
    condition = "g in request.grants and " + all_of("not_#(g)", names)
    return Text("", f'kind = "Kind?"\n[enumerations]\nKind = [{values}]\n', rules, condition)


def field(names: Iterable[str]) -> Text:
    return Text("", lines('@ = "Integer?"', names), "", "g in request.grants and " + all_of("g.@ = nil", names))


def value_of_facts(names: Iterable[str]) -> Text:
    return Text("", "[values]\n" + lines('@ = "Integer?"', names), "", all_of("request.@ = nil", names))


def collection(names: Iterable[str]) -> Text:
    tables = lines('[collections.@]\nof = "Grant"\nby = ["user"]', names)
    return Text("", tables, "", all_of("_ in request.@", list(names)[:10]))


def derived(names: Iterable[str]) -> Text:
    tables = "[derived]\n" + lines('@ = { part = "before_underscore", of = "action" }', names)
    return Text("", tables, "", all_of("request.@ = nil", names))


def property_of_the_request(names: Iterable[str]) -> Text:
    return Text(
        "[request.fields]\n" + lines('@ = { from = "context.c_#", type = "Integer", default = 1 }', names),
        condition=all_of("request.@ = 1", names),
    )


def parameter(names: Iterable[str]) -> Text:
    tables = "[parameters]\n" + lines('@ = { type = "Integer", default = 1 }', names)
    return Text(tables, condition=all_of("request.parameters.@ = 1", names))


def rule(names: Iterable[str]) -> Text:
    return Text(rules=lines(f"@(request: Request) if {LOOP};", names), condition=all_of("@(request)", names))


def element(names: Iterable[str]) -> Text:
    body = "@ in request.grants and @.level >= request.parameters.low and @.level = g.level"
    return Text(
        rules=lines(f"v_#(request: Request) if g in request.grants and {body};", names),
        condition=all_of("v_#(request)", names),
    )


def assigned(names: Iterable[str]) -> Text:
    body = "@ := g.level and g.level >= request.parameters.low and @ = 1"
    return Text(
        rules=lines(f"v_#(request: Request) if g in request.grants and {body};", names),
        condition=all_of("v_#(request)", names),
    )


def parameter_of_a_rule(names: Iterable[str]) -> Text:
    rules = lines("v_#(@: Request) if g in @.grants and g.level >= @.parameters.low and not w_#(@);", names)
    return Text(
        rules=rules + lines('w_#(@: Request) if @.action != "read";', names), condition=all_of("v_#(request)", names)
    )


POSITIONS: dict[Position, tuple[str, ...]] = {
    record_type: OSO_TYPES,
    enumeration: OSO_TYPES,
    enumeration_value: (),
    field: ("mro",),
    value_of_facts: ("mro", "action", "at", "parameters"),
    collection: ("mro", "action", "at", "parameters"),
    derived: ("mro", "action", "at", "parameters"),
    property_of_the_request: ("mro", "action", "at", "parameters"),
    parameter: ("mro",),
    rule: OSO_RULES,
    element: (*OSO_TYPES, *OSO_VARIABLES, "_this"),
    assigned: (*OSO_TYPES, *OSO_VARIABLES, "_this"),
    parameter_of_a_rule: (*OSO_TYPES, *OSO_VARIABLES, "_this"),
}
"""The positions of a name, and names that each of them must refuse."""


def load(folder: Path, text: Text) -> Policy:
    manifest = text.manifest if "[parameters]" in text.manifest else f"{text.manifest}[parameters]\n"
    collections = '[collections.grants]\nof = "Grant"\nby = ["user"]\n'
    (folder / "bundle.toml").write_text(MANIFEST + manifest + 'low = { type = "Integer", default = 1 }\n')
    (folder / "vocabulary.toml").write_text(VOCABULARY + text.vocabulary + collections)
    (folder / "reasons.toml").write_text(REASONS)
    (folder / "rules.polar").write_text(
        f"{text.rules}permitted(request: Request) if {text.condition};\n"
        'allow(_u: User, "read", request: Request) if permitted(request);\n'
        'reason(request: Request, "NONE") if not permitted(request);\n'
    )
    return load_bundle(folder)


def can_be_written(name: str, position: Position) -> bool:
    """Whether the name is a name for the parser of that file: TOML takes no leading `_`, Polar no keyword."""
    if position in (rule, element, assigned, parameter_of_a_rule):
        return name not in {*KEYWORDS, "request", "_"}
    return not name.startswith("_")


@pytest.mark.parametrize("position", POSITIONS, ids=lambda position: position.__name__)
def test_each_built_in_name_is_refused_at_its_place_or_is_an_ordinary_name(tmp_path: Path, position: Position) -> None:
    names, refused = [name for name in NAMES if can_be_written(name, position)], set[str]()
    for _ in range(6):
        try:
            policy = load(tmp_path, position(names))
            break
        except PolicyError as error:
            for diagnostic in error.diagnostics:
                named = [name for name in names if f"`{name}`" in diagnostic.problem]
                assert named and diagnostic.code, str(diagnostic)
                assert diagnostic.span.line or diagnostic.problem.split(":")[0], str(diagnostic)
                refused.update(named)
            names = [name for name in names if name not in refused]
    assert (
        set(POSITIONS[position]) - refused - {n for n in POSITIONS[position] if not can_be_written(n, position)}
        == set()
    )
    assert len(names) > len(NAMES) // 2, sorted(refused)

    from authz.verify.oso import Reference

    asked = {"user": "u", "action": "read", "doc": "d", "at": "2026-01-01T00:00:00Z"}
    facts = {"users": [{"id": "u"}], "docs": [{"id": "d"}], "grants": [{"user": "u", "level": 1}]}
    for evaluated in (policy, policy.with_evaluator(Reference)):
        decision = evaluated.decide(asked, read_facts(facts, policy))
        assert decision and not decision.error
