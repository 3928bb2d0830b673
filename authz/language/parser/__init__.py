"""Parse Polar text into a syntax tree; the one door to lark.

    text --lexer--> tokens --split at `;`--> statements --LALR parser--> lark trees --convert--> syntax tree

Statements are parsed one by one, so that a diagnostic in one does not hide those in the next. Constructs of Polar
that the profile does not have are refused here where their form shows them (`forall`, arithmetic, dictionaries).
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import pairwise

from lark import Lark, Token, UnexpectedToken

from authz.language import ast
from authz.language.catalogue.syntax import NON_ASCII
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.language.parser.convert import convert_statement
from authz.language.parser.errors import refuse_deep_nesting, refuse_unsupported, unexpected_token
from authz.language.parser.source import SourceFile
from authz.language.unsupported import BLOCK_WORDS


@cache
def _lark() -> Lark:
    grammar = resources.files("authz.language.parser").joinpath("polar.lark").read_text(encoding="utf-8")
    # A contextual lexer would read keywords as rule names where no keyword can stand.
    return Lark(grammar, parser="lalr", lexer="basic", start=["statement", "outside"], propagate_positions=True)


def parse(path: str, text: str) -> tuple[ast.File, tuple[Diagnostic, ...]]:
    """The syntax tree of one file without the statements that have diagnostics, and those diagnostics."""
    source = SourceFile(path, text.split("\n"))
    tokens = list(_lark().lex(text))
    diagnostics = _non_ascii(source, _without_comments(text, tokens))
    rules: list[ast.Rule] = []
    declarations: list[ast.Declaration] = []
    unparsed: set[str] = set()
    for statement in _statements(token for token in tokens if token.type != "COMMENT"):
        try:
            node = _parse_statement(statement, source)
        except DiagnosticError as error:
            diagnostics += error.diagnostics
            unparsed |= {str(token) for token, after in pairwise(statement) if after.type == "LPAR"}
        else:
            (rules if isinstance(node, ast.Rule) else declarations).append(node)  # type: ignore[arg-type]
    return ast.File(path, text, tuple(rules), tuple(declarations), frozenset(unparsed)), tuple(diagnostics)


def _statements(tokens: Iterator[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement, up to its `;`; a block of roles ends with its brace."""
    statement: list[Token] = []
    braces = 0
    for token in tokens:
        statement.append(token)
        braces += (token == "{") - (token == "}")
        block_ends = token == "}" and braces == 0 and statement[0] in BLOCK_WORDS
        if block_ends or (token.type == "SEMICOLON" and braces <= 0):
            yield statement
            statement, braces = [], 0
    if statement:
        yield statement


def _parse_statement(tokens: list[Token], source: SourceFile) -> ast.Rule | ast.Declaration:
    """The syntax tree of one statement.

    Raises:
        DiagnosticError: with the first thing in it that is not accepted.
    """
    refuse_deep_nesting(tokens, source)
    parser = _lark().parse_interactive(start="statement")
    index = 0
    try:
        for index, token in enumerate(tokens):
            refuse_unsupported(tokens, index, source)
            parser.feed_token(token)
        tree = parser.feed_eof(tokens[-1])  # type: ignore[no-untyped-call]
    except UnexpectedToken as unexpected:
        accepted: set[str] = parser.accepts()  # type: ignore[no-untyped-call]
        raise unexpected_token(unexpected.token, tokens, index, accepted, source) from None
    return convert_statement(tree.children[0], source)


def _without_comments(text: str, tokens: list[Token]) -> str:
    """The text with each comment blanked out, every other character in its place."""
    parts, end = [], 0
    for token in tokens:
        if token.type == "COMMENT":
            start = token.start_pos
            assert start is not None  # the lexer sets it
            parts += [text[end:start], " " * len(token)]
            end = start + len(token)
    return "".join([*parts, text[end:]])


def _non_ascii(source: SourceFile, uncommented: str) -> list[Diagnostic]:
    """The characters outside ASCII in a text without its comments: oso ends the process over them."""
    if uncommented.isascii():
        return []
    return [
        source.diagnostic(
            NON_ASCII,
            Span(source.path, number, match.start() + 1, number, match.end() + 1),
            f"`{match[0]}` is outside ASCII",
            "keep such characters to comments",
        )
        for number, line in enumerate(uncommented.split("\n"), 1)
        for match in re.finditer(r"[^\x00-\x7f]+", line)
    ]
