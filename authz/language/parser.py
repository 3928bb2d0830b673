"""Parse Polar text into a syntax tree; the one door to lark.

Statements are parsed one by one, so that a fault in one does not hide those in the next. What has a form of
its own outside the profile (`forall`, arithmetic, dictionaries) is refused here, at its place; what only
types can tell is the checker's.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import pairwise

from lark import Lark, Token, Tree, UnexpectedToken

from authz.language import ast as syntax
from authz.language import reserved as refused
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span

MOST_NESTING = 64
INTEGERS = range(-(2**62), 2**62)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\"}
_VALUES = {"TRUE": True, "FALSE": False}


@cache
def _lark() -> Lark:
    grammar = resources.files("authz.language").joinpath("polar.lark").read_text(encoding="utf-8")
    # A contextual lexer would take keywords for rule names where no keyword can stand.
    return Lark(grammar, parser="lalr", lexer="basic", start=["statement", "outside"], propagate_positions=True)


def parse(path: str, text: str) -> tuple[syntax.File, tuple[Diagnostic, ...]]:
    """The syntax tree of one file, without the statements that have faults, and those faults."""
    reader = _Reader(path, text.split("\n"))
    rules: list[syntax.Rule] = []
    declarations: list[syntax.Declaration] = []
    faults: list[Diagnostic] = []
    unread: set[str] = set()
    tokens = list(_lark().lex(text))
    faults += reader.characters(tokens, text)
    for statement in _statements(t for t in tokens if t.type != "COMMENT"):
        try:
            node = reader.statement(statement)
        except DiagnosticError as refusal:
            faults += refusal.diagnostics
            unread |= {str(token) for token, after in pairwise(statement) if after.type == "LPAR"}
        else:
            (rules if isinstance(node, syntax.Rule) else declarations).append(node)  # type: ignore[arg-type]
    bare = _without_comments(text, tokens)
    return syntax.File(path, text, bare, tuple(rules), tuple(declarations), frozenset(unread)), tuple(faults)


def _statements(tokens: Iterator[Token]) -> Iterator[list[Token]]:
    statement: list[Token] = []
    braces = 0
    for token in tokens:
        statement.append(token)
        braces += (token == "{") - (token == "}")
        block_ends = token == "}" and braces == 0 and statement[0] in refused.BLOCK_WORDS
        if block_ends or (token.type == "SEMICOLON" and braces <= 0):
            yield statement
            statement, braces = [], 0
    if statement:
        yield statement


def _without_comments(text: str, tokens: list[Token]) -> str:
    """The text with each comment blanked out, every other character in its place."""
    parts, end = [], 0
    for token in tokens:
        if token.type == "COMMENT":
            start = _at(token)
            parts += [text[end:start], " " * len(token)]
            end = start + len(token)
    return "".join([*parts, text[end:]])


def _at(token: Token) -> int:
    assert token.start_pos is not None  # the lexer sets it
    return token.start_pos


class _Reader:
    """Turns the tokens of one file's statements into syntax; raises `DiagnosticError` at the first fault of each."""

    def __init__(self, path: str, lines: list[str]) -> None:
        self.path, self.lines = path, lines

    # Faults.

    def span(self, token: Token) -> Span:
        line, column = token.line or 0, token.column or 0
        return Span(self.path, line, column, line, column + len(token))

    def extent(self, tree: "Tree[Token]") -> Span:
        """The stretch of a tree, brackets included."""
        meta = tree.meta
        return Span(self.path, meta.line, meta.column, meta.end_line, meta.end_column)

    def fault(self, span: Span, problem: str, help: str = "") -> Diagnostic:
        source = self.lines[span.line - 1] if 0 < span.line <= len(self.lines) else ""
        return Diagnostic(span, problem, help, source.rstrip("\r"))

    def refuse(self, token: Token, problem: str, help: str = "") -> DiagnosticError:
        return DiagnosticError([self.fault(self.span(token), problem, help)])

    def characters(self, tokens: list[Token], text: str) -> list[Diagnostic]:
        """Characters outside ASCII, which the reference cannot place, anywhere but in comments."""
        bare = _without_comments(text, tokens)
        faults = []
        for number, line in enumerate(bare.split("\n"), 1):
            for found in re.finditer(r"[^\x00-\x7f]+", line):
                span = Span(self.path, number, found.start() + 1, number, found.end() + 1)
                faults.append(self.fault(span, f"`{found[0]}` is outside ASCII", "keep such characters to comments"))
        return faults

    # Statements.

    def statement(self, tokens: list[Token]) -> syntax.Rule | syntax.Declaration:
        """The tree of one statement."""
        self._bound_nesting(tokens)
        parser = _lark().parse_interactive(start="statement")
        index = 0
        try:
            for index, token in enumerate(tokens):
                self._refuse_outside(tokens, index)
                parser.feed_token(token)
            tree = parser.feed_eof(tokens[-1])  # type: ignore[no-untyped-call]
        except UnexpectedToken as unexpected:
            raise self._unexpected(unexpected.token, tokens, index, parser.accepts()) from None  # type: ignore[no-untyped-call]
        return self._convert_statement(tree.children[0])

    def _bound_nesting(self, tokens: list[Token]) -> None:
        depth = 0
        for token in tokens:
            depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
            if depth > MOST_NESTING:
                raise self.refuse(token, f"brackets nest deeper than {MOST_NESTING}", "give a part a rule of its own")

    def _refuse_outside(self, tokens: list[Token], index: int) -> None:
        """Raise for a token that no place in the profile has."""
        token = tokens[index]
        if token.type == "NAME" and token in refused.WORDS:
            raise self.refuse(token, *refused.WORDS[token])
        if token.type == "FLOAT":
            raise self.refuse(token, *refused.FRACTION)
        if token.type == "INTEGER" and (len(token) > 20 or int(token) not in INTEGERS):
            raise self.refuse(token, f"`{token}` does not fit 63 bits")
        if token.type == "OTHER":
            if not token.isascii():
                raise DiagnosticError(())  # `characters` says so
            shown = str(token) if token.isprintable() else f"U+{ord(token):04X}"
            raise self.refuse(token, *refused.CHARACTERS.get(str(token), (f"`{shown}` means nothing in Polar", "")))
        if index == 0 and token in refused.BLOCK_WORDS and [t.type for t in tokens[:2]] == ["NAME", "NAME"]:
            raise self.refuse(token, *refused.BLOCK)

    def _unexpected(self, unexpected: Token, tokens: list[Token], index: int, expected: set[str]) -> DiagnosticError:
        """What to say of a token that may not stand where it stands."""
        token = tokens[index]
        before = tokens[index - 1] if index else None
        if unexpected.type == "$END":
            return self.refuse(tokens[-1], "the rule does not end", "end it with `;`")
        if token.type == "INTEGER" and token.startswith("-") and before is not None:
            return self.refuse(token, *refused.CHARACTERS["-"])
        if token.type == "LPAR" and before is not None and before.type == "NAME":
            return self.refuse(token, *refused.METHOD)
        if token.type == "LSQB" and before is not None and before.type in ("LPAR", "COMMA"):
            return self.refuse(token, *refused.CHARACTERS["|"])
        if (token.type == "LPAR" and before is not None and before.type == "DOT") or token.type == "LSQB":
            return self.refuse(token, *refused.DYNAMIC)
        if token in refused.KEYWORDS and "NAME" in expected and "LPAR" not in expected:
            return self.refuse(token, f"`{token}` {refused.WORD[0]}", refused.WORD[1])
        if token.type == "COLON":
            return self.refuse(token, *refused.KEYWORD_ARGUMENT)
        if before is not None and (before.line or 0) < (token.line or 0) and "SEMICOLON" in expected:
            return self.refuse(before, "the rule does not end here", "end it with `;`, or go on with `and` or `or`")
        if before is not None and before.type == "NOT" and token.type == "NOT":
            return self.refuse(token, "`not` of `not`", "leave both out, or use brackets")
        return self.refuse(token, f"`{token}` cannot stand here", _expectation(expected))

    def _convert_statement(self, tree: "Tree[Token]") -> syntax.Rule | syntax.Declaration:
        start = _first(tree)
        name = self._name(start)
        parameters = tree.children[1]
        given = parameters.children if isinstance(parameters, Tree) else []
        converted = tuple(self._parameter(child) for child in given if isinstance(child, Tree))
        span = self.span(start)
        if tree.data == "declaration":
            return syntax.Declaration(span, name, converted)
        body = tree.children[2]
        return syntax.Rule(span, name, converted, self._term(body) if isinstance(body, Tree) else None)

    def _parameter(self, tree: "Tree[Token]") -> syntax.Parameter:
        first = tree.children[0]
        if isinstance(first, Tree):
            literal = self._literal(first)
            return syntax.Parameter(literal.span, None, None, literal)
        kind = tree.children[1]
        if first == "nil" and kind is None:
            literal = syntax.Literal(self.span(first), None)
            return syntax.Parameter(literal.span, None, None, literal)
        return syntax.Parameter(
            self.span(first), self._name(first), self._name(kind) if kind is not None else None, None
        )

    # Terms.

    def _name(self, token: "Token | Tree[Token]") -> syntax.Name:
        assert isinstance(token, Token)  # the grammar puts a token there
        return syntax.Name(self.span(token), str(token))

    def _term(self, tree: "Tree[Token]") -> syntax.Term:
        match tree.data:
            case "disjunction":
                return self._junction(tree, syntax.Or)
            case "conjunction":
                return self._junction(tree, syntax.And)
            case "negation":
                sign, operand = tree.children
                term = self._term(operand)  # type: ignore[arg-type]
                return syntax.Not(self.extent(tree), term) if isinstance(sign, Token) else term
            case "comparison":
                return self._comparison(tree)
            case "group":
                return self._term(tree.children[0])  # type: ignore[arg-type]
        return self._operand(tree)

    def _junction(self, tree: "Tree[Token]", kind: type[syntax.And] | type[syntax.Or]) -> syntax.Term:
        parts = tuple(self._term(part) for part in tree.children)  # type: ignore[arg-type]
        if len(parts) == 1:
            return parts[0]
        if kind is syntax.Or:
            for part in tree.children:
                if isinstance(part, Tree) and len(part.children) > 1:
                    message = "`and` and `or` stand side by side without brackets"
                    raise DiagnosticError([self.fault(self.extent(part), message, "put brackets around one of them")])
        return kind(self.extent(tree), parts)

    def _comparison(self, tree: "Tree[Token]") -> syntax.Term:
        left, operator, right = tree.children
        term = self._term(left)  # type: ignore[arg-type]
        if operator is None:
            return term
        return syntax.Binary(self.extent(tree), str(operator), term, self._term(right))  # type: ignore[arg-type]

    def _operand(self, tree: "Tree[Token]") -> syntax.Term:
        span = self.extent(tree)
        children = tree.children
        match tree.data:
            case "name":
                name = self._name(children[0])
                return syntax.Literal(span, None) if name.name == "nil" else name
            case "path":
                return syntax.Path(span, self._name(children[0]), tuple(map(self._name, children[1:])))
            case "call":
                given = children[1]
                terms = tuple(self._term(a) for a in given.children) if isinstance(given, Tree) else ()  # type: ignore[arg-type]
                return syntax.Call(span, self._name(children[0]), terms)
            case "list":
                return syntax.ListLiteral(span, tuple(self._term(c) for c in children if isinstance(c, Tree)))
        return self._literal(tree)

    def _literal(self, tree: "Tree[Token]") -> syntax.Literal:
        token = _first(tree)
        if token.type == "STRING":
            return syntax.Literal(self.span(token), self._string(token))
        value = int(token) if token.type == "INTEGER" else _VALUES[token.type]
        return syntax.Literal(self.span(token), value)

    def _string(self, token: Token) -> str:
        def unescape(found: re.Match[str]) -> str:
            if found[1] not in _ESCAPES:
                raise self.refuse(token, f"`{found[0]}` is not an escape", r"write `\\` for one backslash")
            return _ESCAPES[found[1]]

        return re.sub(r"\\(.)", unescape, token[1:-1])


def _first(tree: "Tree[Token]") -> Token:
    return next(tree.scan_values(lambda value: isinstance(value, Token)))


def _expectation(expected: set[str]) -> str:
    words = {
        "SEMICOLON": "`;`",
        "AND": "`and`",
        "RPAR": "`)`",
        "COMMA": "`,`",
        "COLON": "`:`",
        "LPAR": "`(`",
        "IF": "`if`",
    }
    known = [word for kind, word in words.items() if kind in expected]
    if "NAME" in expected:
        known.append("a name")
    return f"expected {' or '.join(known)}" if known else ""
