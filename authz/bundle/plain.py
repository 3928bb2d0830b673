"""AuthZEN bodies that are as most are, read at speed; what is not is left to `requests.py`, which knows every fault."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.bundle.values import LEAST, MOST
from authz.bundle.vocabulary import PropertyKind, Vocabulary
from authz.codegen.generated import compile_source
from authz.language.types import BOOLEAN, INTEGER, STRING, Enumeration, Optional, Type

Plain = Callable[[Mapping[str, Any]], EvaluationRequest | None]
"""The request that a body says, if `parse_authzen` would find the same; None says nothing."""

PARTS = ("subject", "action", "resource")
TEXTS = {
    "subject_type": ("subject", "type"),
    "subject_id": ("subject", "id"),
    "action": ("action", "name"),
    "resource_type": ("resource", "type"),
    "resource_id": ("resource", "id"),
}


def plain_reader(vocabulary: Vocabulary) -> Plain:
    """The reader of one vocabulary's bodies, generated, for it runs as often as the policy itself."""
    known: dict[str, Any] = {"EvaluationRequest": EvaluationRequest, "ABSENT": object(), "NOTHING": {}}
    for name, kind in vocabulary.properties.items():
        known |= {f"default_{name}": kind.default, f"known_{name}": frozenset(_values(kind.type))}
    read: Plain = compile_source(generate(vocabulary), "reading", **known)["read"]
    return read


def generate(vocabulary: Vocabulary) -> str:
    """The source of the reader: a local for each object of a body, for each text, and for each property."""
    properties = vocabulary.properties
    sources = [*((part, "properties", "") for part in PARTS), ("context", ""), *(p.source for p in properties.values())]
    held = sorted({source[:depth] for source in sources for depth in range(1, len(source))}, key=lambda p: (len(p), p))
    # A path may hold any text: its local is known by its place.
    objects = {(): "given", **{path: f"held_{number}" for number, path in enumerate(held)}}
    lines = [
        "def read(given):",
        "try:",
        *(f"    {objects[part,]} = given[{part!r}]" for part in PARTS),
        *(f"    {name} = {objects[path[:-1]]}[{path[-1]!r}]" for name, path in TEXTS.items()),
        "except (KeyError, TypeError, IndexError):",
        "    return None",
        *_unless(*(f"type({objects[part,]}) is dict" for part in PARTS)),
        *_unless(*(f"type({name}) is str" for name in TEXTS)),
    ]
    for path in held:
        if path[0] not in PARTS or path[1:]:
            lines.append(f"{objects[path]} = {objects[path[:-1]]}.get({path[-1]!r}, NOTHING)")
            lines += _unless(f"type({objects[path]}) is dict")
    for name, kind in properties.items():
        lines += _property(name, kind, objects[kind.source[:-1]])
    told = ", ".join(f"{name!r}: value_{name}" for name in properties)
    return "\n    ".join([*lines, f"return EvaluationRequest({', '.join(TEXTS)}, {{{told}}})"]) + "\n"


def _property(name: str, kind: PropertyKind, holder: str) -> Iterator[str]:
    """The lines that read one property; a type that is not read here is left to the other reader."""
    value = f"value_{name}"
    wanted = Optional(STRING) if kind.names else kind.type
    yield f"{value} = {holder}.get({kind.source[-1]!r}, ABSENT)"
    yield f"if {value} is ABSENT:"
    yield f"    {value} = default_{name}"
    if kind.unknown_is_nil:
        yield f"elif type({value}) is not str:"
        yield "    return None"
        yield f"elif {value} not in known_{name}:"
        yield f"    {value} = None"
        return
    bare = wanted.of if isinstance(wanted, Optional) else wanted
    listed = f"type({value}) is not str or {value} not in known_{name}"
    unread: dict[Type, str] = {
        STRING: f"type({value}) is not str",
        BOOLEAN: f"type({value}) is not bool",
        INTEGER: f"type({value}) is not int or not {LEAST} <= {value} <= {MOST}",
    }
    wrong = unread.get(bare, listed if isinstance(bare, Enumeration) else "True")
    yield f"elif {f'{value} is not None and ({wrong})' if isinstance(wanted, Optional) else wrong}:"
    yield "    return None"


def _unless(*claims: str) -> list[str]:
    return [f"if not ({' and '.join(claims)}):", "    return None"]


def _values(kind: Type) -> tuple[str, ...]:
    bare = kind.of if isinstance(kind, Optional) else kind
    return bare.values if isinstance(bare, Enumeration) else ()
