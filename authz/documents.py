"""Read JSON, YAML 1.2 and TOML strictly, and say where a document is wrong.

Duplicate keys, NaN, lone surrogates and bottomless nesting are faults, for each lets two readers of one
document disagree on what it says. The one door to ruamel.yaml.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from authz.language.faults import Fault, Faulty, Span

Loc = tuple[str | int, ...]
MOST_NESTING = 100


def fault(path: str, loc: Loc, problem: str, help: str = "") -> Fault:
    """A fault at a place inside a document: `facts.json: consents[3].issuer: ...`."""
    where = dotted(loc)
    return Fault(Span(path), f"{where}: {problem}" if where else problem, help)


def dotted(loc: Loc) -> str:
    """A place inside a document as people write it: `consents[3].issuer`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def read_text(path: Path, shown: str) -> str:
    """The text of a file.

    Raises:
        Faulty: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Faulty([Fault(Span(shown), _why(error))]) from None
    except UnicodeDecodeError as error:
        raise Faulty([Fault(Span(shown), f"not UTF-8: byte {error.start + 1} is out of place")]) from None


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def read_document(path: Path, shown: str) -> Any:
    """The content of a JSON, YAML or TOML file, by its ending; anything else is read as JSON.

    Raises:
        Faulty: it cannot be read, or breaks the rules above.
    """
    text = read_text(path, shown)
    if path.suffix in (".yaml", ".yml"):
        return parse_yaml(text, shown)
    if path.suffix == ".toml":
        return parse_toml(text, shown)
    return parse_json(text, shown)


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


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"`{text}` is not a JSON number")


def parse_json(text: str, shown: str) -> Any:
    """The value of a JSON text (I-JSON, RFC 7493).

    Raises:
        Faulty: with every fault, each with its place.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1].rstrip("\r")
        problem = error.msg[0].lower() + error.msg[1:]
        raise Faulty([Fault(Span(shown, error.lineno, error.colno), f"not JSON: {problem}", "", line)]) from None
    except RecursionError:
        raise Faulty([Fault(Span(shown), f"nested deeper than {MOST_NESTING}")]) from None
    except ValueError as error:
        raise Faulty([Fault(Span(shown), f"not JSON: {error}")]) from None
    return _sound(value, shown)


def parse_toml(text: str, shown: str) -> Any:
    """The value of a TOML text.

    Raises:
        Faulty: with its place.
    """
    try:
        return _sound(tomllib.loads(text), shown)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
        problem = found[1] if found else str(error).removesuffix(" (at end of document)")
        lines = text.split("\n")
        line, column = (int(found[2]), int(found[3])) if found else (len(lines), len(lines[-1]) + 1)
        quoted = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
        message = f"not TOML: {problem[0].lower() + problem[1:]}"
        raise Faulty([Fault(Span(shown, line, column), message, "", quoted)]) from None


def parse_yaml(text: str, shown: str) -> Any:
    """The value of a YAML 1.2 text; a timestamp stays the string that it is.

    Raises:
        Faulty: with its place.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    class Constructor(SafeConstructor):
        """Plain values only."""

    Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = Constructor
    try:
        return _sound(reader.load(text), shown)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "cannot be read").split("\n")[0]
        span = Span(shown, mark.line + 1, mark.column + 1) if mark else Span(shown)
        source = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
        raise Faulty([Fault(span, f"not YAML: {problem}", "", source)]) from None
    except (YAMLError, ValueError) as error:
        raise Faulty([Fault(Span(shown), f"not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise Faulty([Fault(Span(shown), f"nested deeper than {MOST_NESTING}")]) from None


def _sound(value: Any, shown: str) -> Any:
    """The value itself, if nothing in it lets two readers disagree."""
    faults = list(_unsound(value, (), shown))
    if faults:
        raise Faulty(faults)
    return value


def _unsound(value: Any, loc: Loc, shown: str) -> Iterable[Fault]:
    if len(loc) > MOST_NESTING:
        yield fault(shown, loc[:3], f"nested deeper than {MOST_NESTING}")
    elif isinstance(value, dict):
        for name in value.twice if isinstance(value, _Duplicated) else ():
            yield fault(shown, (*loc, name), "this key stands here twice")
        for name, member in value.items():
            if not isinstance(name, str):
                yield fault(shown, loc, f"the key `{name}` is not a string")
            elif _surrogate(name):
                yield fault(shown, loc, "a key holds half a surrogate pair")
            else:
                yield from _unsound(member, (*loc, name), shown)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unsound(item, (*loc, index), shown)
    elif isinstance(value, str) and _surrogate(value):
        yield fault(shown, loc, "half a surrogate pair is no text")


def _surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


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
}


def faults_of(error: ValidationError, shown: str, at: Loc = ()) -> list[Fault]:
    """The faults that pydantic found, in the reader's words."""
    return [fault(shown, (*at, *one["loc"]), problem_of(dict(one))) for one in error.errors(include_url=False)]


def problem_of(error: dict[str, Any]) -> str:
    """One pydantic error as a problem: lower case, no type names of the host language."""
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        return f"`{error['input']}` is not one of {context['expected']}".replace("'", "`").replace("` or `", "`, `")
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"`{error['input']}` is {'less' if 'ge' in context else 'more'} than {bound}"
    return _PROBLEMS.get(error["type"], str(error["msg"])[:1].lower() + str(error["msg"])[1:])
