"""Read JSON, YAML 1.2 and TOML strictly, and say where a document is wrong.

Duplicate keys, NaN, lone surrogates and bottomless nesting are faults, for each lets two readers of one
document disagree on what it says. The one door to ruamel.yaml.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from authz.language.diagnostics import Diagnostic, DiagnosticError, Span

Loc = tuple[str | int, ...]
MOST_NESTING = 100
BLANK = b" \t\r\n"
MOST_VALUES = 1_000_000
"""How many values the aliases of a YAML document may expand to."""


def fault(path: str, loc: Loc, problem: str, help: str = "") -> Diagnostic:
    """A fault at a place inside a document: `facts.json: consents[3].issuer: ...`."""
    where = dotted(loc)
    return Diagnostic(Span(path), f"{where}: {problem}" if where else problem, help)


def dotted(loc: Loc) -> str:
    """A place inside a document as people write it: `consents[3].issuer`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def read_text(path: Path, shown: str) -> str:
    """The text of a file.

    Raises:
        DiagnosticError: it cannot be read, or is not UTF-8.
    """
    try:
        return decode(path.read_bytes(), shown)
    except OSError as error:
        raise DiagnosticError([Diagnostic(Span(shown), _why(error))]) from None


def decode(data: bytes, shown: str) -> str:
    """The text that bytes hold.

    Raises:
        DiagnosticError: they are not UTF-8, or begin with a byte order mark.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DiagnosticError([Diagnostic(Span(shown), f"not UTF-8: byte {error.start + 1} is out of place")]) from None
    if text.startswith("\ufeff"):
        raise DiagnosticError(
            [Diagnostic(Span(shown), "begins with a byte order mark", "save it as UTF-8 without one")]
        )
    return text


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def read_document(path: Path, shown: str) -> Any:
    """The content of a JSON, YAML or TOML file, by its ending; anything else is read as JSON.

    Raises:
        DiagnosticError: it cannot be read, or breaks the rules above.
    """
    value, faults = inspect_document(path, shown)
    if faults:
        raise DiagnosticError(fault(shown, loc, problem) for loc, problem in faults)
    return value


def inspect_document(path: Path, shown: str) -> tuple[Any, list[tuple[Loc, str]]]:
    """The content of a file, and what is unsound in it by place, for a reader that can go on with the rest.

    Raises:
        DiagnosticError: it cannot be read, or is no document at all.
    """
    text = read_text(path, shown)
    if path.suffix in (".yaml", ".yml"):
        value = _load_yaml(text, shown)
    elif path.suffix == ".toml":
        value = _load_toml(text, shown)
    else:
        value = _load_json(text, shown)
    return value, list(_unsound(value, ()))


class _Duplicated(dict[str, Any]):
    """A JSON object with a member named twice; `twice` says which."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    names = [name for name, _ in pairs]
    duplicated = _Duplicated(members)
    duplicated.twice = tuple(sorted({name for name in names if names.count(name) > 1}))
    return duplicated


def parse_json(text: str, shown: str) -> Any:
    """The value of a JSON text (I-JSON, RFC 7493).

    Raises:
        DiagnosticError: with every fault, each with its place.
    """
    return _sound(_load_json(text, shown), shown)


def parse_json_bytes(data: bytes, shown: str) -> Any:
    """The value of a JSON text in UTF-8, many times faster where it is as plain as most are.

    Raises:
        DiagnosticError: with every fault, each with its place.
    """
    try:
        value = orjson.loads(data)
        # What says the same when it is written again lost nothing on the way: no key stands there twice.
        again = orjson.dumps(value)
        same = data == again or data.translate(None, BLANK) == again.translate(None, BLANK)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        same = False
    if same and (data.count(b"{") + data.count(b"[") <= MOST_NESTING or _shallow(value)):
        return value
    return parse_json(decode(data, shown), shown)


def json_bytes(value: Any) -> bytes:
    """The JSON text of a value, in UTF-8, on one line and without blanks; instants are RFC 3339, in UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def _shallow(value: Any) -> bool:
    """Whether nothing in a value lies deeper than it may, or almost so deep."""
    level = [value] if type(value) in (dict, list) else []
    for _ in range(MOST_NESTING):
        level = [
            each
            for one in level
            for each in (one.values() if type(one) is dict else one)
            if type(each) is dict or type(each) is list
        ]
        if not level:
            return True
    return False


def parse_toml(text: str, shown: str) -> Any:
    """The value of a TOML text.

    Raises:
        DiagnosticError: with its place.
    """
    return _sound(_load_toml(text, shown), shown)


def _load_json(text: str, shown: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1].rstrip("\r")
        problem = error.msg[0].lower() + error.msg[1:]
        raise DiagnosticError(
            [Diagnostic(Span(shown, error.lineno, error.colno), f"not JSON: {problem}", "", line)]
        ) from None
    except RecursionError:
        raise DiagnosticError([Diagnostic(Span(shown), f"nested deeper than {MOST_NESTING}")]) from None
    except ValueError:
        raise DiagnosticError([Diagnostic(Span(shown), "a number has too many digits")]) from None


def _load_toml(text: str, shown: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
        problem = found[1] if found else str(error).removesuffix(" (at end of document)")
        lines = text.split("\n")
        line, column = (int(found[2]), int(found[3])) if found else (len(lines), len(lines[-1]) + 1)
        quoted = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
        message = f"not TOML: {problem[0].lower() + problem[1:]}"
        raise DiagnosticError([Diagnostic(Span(shown, line, column), message, "", quoted)]) from None
    except RecursionError:
        raise DiagnosticError([Diagnostic(Span(shown), f"nested deeper than {MOST_NESTING}")]) from None
    except ValueError:
        raise DiagnosticError([Diagnostic(Span(shown), "a number has too many digits")]) from None


def _load_yaml(text: str, shown: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _yaml_constructor()
    try:
        value = reader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "cannot be read").split("\n")[0]
        span = Span(shown, mark.line + 1, mark.column + 1) if mark else Span(shown)
        source = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
        raise DiagnosticError([Diagnostic(span, f"not YAML: {problem}", "", source)]) from None
    except (YAMLError, ValueError, IndexError) as error:
        raise DiagnosticError([Diagnostic(Span(shown), f"not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise DiagnosticError([Diagnostic(Span(shown), f"nested deeper than {MOST_NESTING}")]) from None
    if reader.resolver.processing_version != (1, 2):
        raise DiagnosticError(
            [Diagnostic(Span(shown), "not YAML 1.2: another version reads `no` as false", "drop the `%YAML` line")]
        )
    if _size(value, {}) > MOST_VALUES:
        raise DiagnosticError([Diagnostic(Span(shown), f"its aliases expand to more than {MOST_VALUES} values")])
    return value


_TAG = "tag:yaml.org,2002:"
_READ = ("map", "seq", "str", "int", "float", "bool", "null")


@cache
def _yaml_constructor() -> type[Any]:
    """Builds plain values alone: a timestamp stays the string that it is, and a key named twice is kept to be told."""
    from ruamel.yaml.constructor import ConstructorError, SafeConstructor

    def refuse(node: Any, problem: str) -> ConstructorError:
        return ConstructorError(None, None, problem, node.start_mark)

    class Constructor(SafeConstructor):
        def construct_object(self, node: Any, deep: bool = False) -> Any:
            if node in self.recursive_objects:
                raise refuse(node, "an alias stands inside what it names")
            try:
                return super().construct_object(node, deep)
            except (KeyError, TypeError, ValueError):
                raise refuse(node, f"this is no `{node.tag.removeprefix(_TAG)}`") from None

        def pairs(self, node: Any) -> Any:
            return _object(
                [(self.construct_object(k, deep=True), self.construct_object(v, deep=True)) for k, v in node.value]
            )

        def unknown(self, node: Any) -> Any:
            raise refuse(node, f"the tag `{node.tag.removeprefix(_TAG)}` is not known here")

    known = {f"{_TAG}{name}": SafeConstructor.yaml_constructors[f"{_TAG}{name}"] for name in _READ}
    text = dict.fromkeys((f"{_TAG}timestamp", f"{_TAG}value"), SafeConstructor.construct_yaml_str)
    Constructor.yaml_constructors = {**known, **text, f"{_TAG}map": Constructor.pairs, None: Constructor.unknown}
    return Constructor


def _size(value: object, known: dict[int, int]) -> int:
    """How many values a document holds once its aliases are written out; each shared part is counted once."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = 1 + sum(
            _size(part, known) for part in (value.values() if isinstance(value, dict) else value)
        )
    return known[id(value)]


def _sound(value: Any, shown: str) -> Any:
    """The value itself, if nothing in it lets two readers disagree."""
    faults = list(_unsound(value, ()))
    if faults:
        raise DiagnosticError(fault(shown, loc, problem) for loc, problem in faults)
    return value


def _unsound(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if len(loc) > MOST_NESTING:
        yield loc[:3], f"nested deeper than {MOST_NESTING}"
    elif isinstance(value, dict):
        for name in value.twice if isinstance(value, _Duplicated) else ():
            # Half a surrogate pair could not be printed.
            yield (loc, "a key stands here twice") if _surrogate(name) else ((*loc, name), "this key stands here twice")
        for name, member in value.items():
            if not isinstance(name, str):
                yield loc, f"the key `{name}` is not a string"
            elif _surrogate(name):
                yield loc, "a key holds half a surrogate pair"
            else:
                yield from _unsound(member, (*loc, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unsound(item, (*loc, index))
    elif isinstance(value, str) and _surrogate(value):
        yield loc, "half a surrogate pair is no text"
    elif isinstance(value, float) and not math.isfinite(value):
        yield loc, f"`{value}` is no number of JSON's"


def _surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


_PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "unexpected_keyword_argument": "is not known here",
    "string_type": "is not a string",
    "int_type": "is not an integer",
    "bool_type": "is not true or false",
    "dict_type": "is not an object",
    "dataclass_type": "is not an object",
    "model_type": "is not an object",
    "list_type": "is not a list",
    "tuple_type": "is not a list",
    "none_required": "is not null",
    "too_short": "is empty",
    "string_too_short": "is empty",
}


def diagnostics_of(error: ValidationError, shown: str, at: Loc = ()) -> list[Diagnostic]:
    """The faults that pydantic found, in the reader's words."""
    return [fault(shown, (*at, *_place(one["loc"])), problem_of(dict(one))) for one in error.errors(include_url=False)]


def _place(loc: Loc) -> Loc:
    """Where in the document an error is: without what pydantic adds for a key or a branch of a union, `<name>`."""
    return tuple(part for part in loc if part != "[key]" and not (isinstance(part, str) and part.startswith("<")))


def problem_of(error: dict[str, Any]) -> str:
    """One pydantic error as a problem: lower case, no type names of the host language."""
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        listed = context["expected"].replace("' or '", "', '").replace("'", "`")
        return f"`{error['input']}` is not one of {listed}" if isinstance(error["input"], str) else "is not a string"
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] == "string_pattern_mismatch":
        return f"`{error['input']}` is not of the form `{context['pattern'].strip('^$')}`"
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"`{error['input']}` is {'less' if 'ge' in context else 'more'} than {bound}"
    return _PROBLEMS.get(error["type"], str(error["msg"])[:1].lower() + str(error["msg"])[1:])
