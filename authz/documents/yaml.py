"""Read YAML 1.2 as plain values. The one module that imports ruamel.yaml, and only once a YAML file is read.

A plain scalar has the type that the core schema of YAML 1.2.2 (section 10.3.2) gives it. ruamel.yaml goes further and
reads `1_000`, `0b11` and `-0x1f` as integers, as YAML 1.1 does.
"""

import re
from functools import cache
from typing import Any

from authz.documents.catalogue import NOT_YAML, UNBOUNDED_DOCUMENT
from authz.documents.strictness import object_of, too_deep
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span

MAX_VALUES = 1_000_000
"""How many values the aliases of a document may expand to."""

_TAG = "tag:yaml.org,2002:"
_PLAIN = ("map", "seq", "str", "bool", "null")
_CORE_SCHEMA = {
    "null": re.compile(r"null|Null|NULL|~|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    # Not of the core schema: a key that other readers merge is refused, and is not read as text.
    "merge": re.compile(r"<<"),
}


def load_yaml(text: str, shown: str) -> Any:
    """The value of a YAML text that may still break the rules of `strictness`.

    Raises:
        DiagnosticError: the text is not YAML 1.2, has a tag other than those of plain values, or expands without bound.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _constructor()
    reader.Resolver = _resolver()
    try:
        value = reader.load(text)
    except MarkedYAMLError as error:
        raise DiagnosticError([_diagnostic(error, text, shown)]) from None
    except (YAMLError, ValueError, IndexError) as error:
        raise DiagnosticError([NOT_YAML.at(Span(shown), f"not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise too_deep(shown) from None
    if reader.resolver.processing_version != (1, 2):
        problem = "not YAML 1.2: another version reads `no` as false"
        raise DiagnosticError([NOT_YAML.at(Span(shown), problem, "drop the `%YAML` line")])
    if _expanded_size(value, {}) > MAX_VALUES:
        raise DiagnosticError(
            [UNBOUNDED_DOCUMENT.at(Span(shown), f"its aliases expand to more than {MAX_VALUES} values")]
        )
    return value


def _diagnostic(error: Any, text: str, shown: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    problem = (error.problem or error.context or "cannot be read").split("\n")[0]
    span = Span(shown, mark.line + 1, mark.column + 1) if mark else Span(shown)
    source = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
    return NOT_YAML.at(span, f"not YAML: {problem}", source=source)


@cache
def _resolver() -> type[Any]:
    """Gives plain scalars the types of the core schema."""
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver
    from ruamel.yaml.tag import Tag

    class Resolver(VersionedResolver):
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is not ScalarNode or not implicit[0]:
                return super().resolve(kind, value, implicit)
            name = next((name for name, form in _CORE_SCHEMA.items() if form.fullmatch(value)), "str")
            return Tag(suffix=_TAG + name)

    return Resolver


@cache
def _constructor() -> type[Any]:
    """Builds plain values alone: a timestamp stays a string, and an object remembers duplicate keys."""
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

        def construct_members(self, node: Any) -> Any:
            return object_of(
                [(self.construct_object(k, deep=True), self.construct_object(v, deep=True)) for k, v in node.value]
            )

        def construct_number(self, node: Any) -> Any:
            name = node.tag.removeprefix(_TAG)
            text = self.construct_scalar(node)
            if not any(_CORE_SCHEMA[form].fullmatch(text) for form in ("int", name)):
                raise ValueError
            construct = SafeConstructor.yaml_constructors[node.tag]
            return construct(self, node)

        def refuse_tag(self, node: Any) -> Any:
            raise refuse(node, f"the tag `{node.tag.removeprefix(_TAG)}` is not known here")

    plain = {f"{_TAG}{name}": SafeConstructor.yaml_constructors[f"{_TAG}{name}"] for name in _PLAIN}
    text = dict.fromkeys((f"{_TAG}timestamp", f"{_TAG}value"), SafeConstructor.construct_yaml_str)
    numbers = dict.fromkeys((f"{_TAG}int", f"{_TAG}float"), Constructor.construct_number)
    members = {f"{_TAG}map": Constructor.construct_members, None: Constructor.refuse_tag}
    Constructor.yaml_constructors = {**plain, **text, **numbers, **members}
    return Constructor


def _expanded_size(value: object, sizes: dict[int, int]) -> int:
    """How many values a document holds with its aliases written out; `sizes` holds each shared part once."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in sizes:
        parts = value.values() if isinstance(value, dict) else value
        sizes[id(value)] = 1 + sum(_expanded_size(part, sizes) for part in parts)
    return sizes[id(value)]
