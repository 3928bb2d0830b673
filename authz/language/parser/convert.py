"""Convert the trees of lark into the syntax tree."""

import re

from lark import Token, Tree

from authz.language import ast
from authz.language.catalogue.syntax import AND_OR_WITHOUT_BRACKETS, UNKNOWN_ESCAPE
from authz.language.parser.source import SourceFile
from authz.language.unsupported import Refusal

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\"}
_BOOLEANS = {"TRUE": True, "FALSE": False}


def convert_statement(tree: "Tree[Token]", source: SourceFile) -> ast.Rule | ast.Declaration:
    """The syntax tree of a rule or a declaration.

    Raises:
        DiagnosticError: it mixes `and` and `or` without brackets, or a string has an unknown escape.
    """
    start = _first_token(tree)
    name = _name(start, source)
    parameters = _trees(tree.children[1])
    converted = tuple(_parameter(parameter, source) for parameter in parameters)
    span = source.span(start)
    if tree.data == "declaration":
        return ast.Declaration(span, name, converted)
    body = tree.children[2]
    return ast.Rule(span, name, converted, _term(body, source) if isinstance(body, Tree) else None)


def _parameter(tree: "Tree[Token]", source: SourceFile) -> ast.Parameter:
    first = tree.children[0]
    if isinstance(first, Tree):
        literal = _literal(first, source)
        return ast.Parameter(literal.span, None, None, literal)
    kind = tree.children[1]
    if first == "nil" and kind is None:
        literal = ast.Literal(source.span(first), None)
        return ast.Parameter(literal.span, None, None, literal)
    typed = _name(kind, source) if kind is not None else None
    return ast.Parameter(source.span(first), _name(first, source), typed, None)


def _term(tree: "Token | Tree[Token]", source: SourceFile) -> ast.Term:
    assert isinstance(tree, Tree)  # the grammar puts a tree there
    match tree.data:
        case "disjunction" | "conjunction":
            return _junction(tree, source)
        case "negation":
            sign, operand = tree.children
            term = _term(operand, source)
            return ast.Not(source.extent(tree), term) if isinstance(sign, Token) else term
        case "comparison":
            left, operator, right = tree.children
            if operator is None:
                return _term(left, source)
            return ast.Binary(source.extent(tree), str(operator), _term(left, source), _term(right, source))
        case "group":
            return _term(tree.children[0], source)
    return _operand(tree, source)


def _junction(tree: "Tree[Token]", source: SourceFile) -> ast.Term:
    parts = tuple(_term(part, source) for part in tree.children)
    if len(parts) == 1:
        return parts[0]
    if tree.data == "conjunction":
        return ast.And(source.extent(tree), parts)
    for part in tree.children:
        # A part that has several parts itself and is no group in brackets is a conjunction.
        if isinstance(part, Tree) and len(part.children) > 1:
            problem = "`and` and `or` stand side by side without brackets"
            raise source.refuse(part, Refusal(AND_OR_WITHOUT_BRACKETS, problem, "put brackets around one of them"))
    return ast.Or(source.extent(tree), parts)


def _operand(tree: "Tree[Token]", source: SourceFile) -> ast.Term:
    span = source.extent(tree)
    children = tree.children
    match tree.data:
        case "name":
            name = _name(children[0], source)
            return ast.Literal(span, None) if name.name == "nil" else name
        case "path":
            root, *fields = (_name(child, source) for child in children)
            return ast.Path(span, root, tuple(fields))
        case "call":
            arguments = tuple(_term(argument, source) for argument in _trees(children[1]))
            return ast.Call(span, _name(children[0], source), arguments)
        case "list":
            return ast.ListLiteral(span, tuple(_term(child, source) for child in _trees(tree)))
    return _literal(tree, source)


def _literal(tree: "Tree[Token]", source: SourceFile) -> ast.Literal:
    token = _first_token(tree)
    if token.type == "STRING":
        return ast.Literal(source.span(token), _unescape(token, source))
    value = int(token) if token.type == "INTEGER" else _BOOLEANS[token.type]
    return ast.Literal(source.span(token), value)


def _unescape(token: Token, source: SourceFile) -> str:
    def unescape(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            problem = f"`{match[0]}` is not an escape"
            raise source.refuse(token, Refusal(UNKNOWN_ESCAPE, problem, r"write `\\` for one backslash"))
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", unescape, token[1:-1])


def _name(token: "Token | Tree[Token]", source: SourceFile) -> ast.Name:
    assert isinstance(token, Token)  # the grammar puts a token there
    return ast.Name(source.span(token), str(token))


def _trees(tree: "Token | Tree[Token] | None") -> list["Tree[Token]"]:
    """The children that are trees: lark puts None where an optional part is absent."""
    return [child for child in tree.children if isinstance(child, Tree)] if isinstance(tree, Tree) else []


def _first_token(tree: "Tree[Token]") -> Token:
    return next(tree.scan_values(lambda value: isinstance(value, Token)))
