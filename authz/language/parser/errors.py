"""Errors of syntax: which token is refused, and what is reported of it."""

from lark import Token

from authz.language import unsupported
from authz.language.catalogue import syntax
from authz.language.diagnostics import DiagnosticError
from authz.language.parser.source import SourceFile
from authz.language.reserved import KEYWORDS
from authz.language.unsupported import Refusal

MAX_NESTING = 64
INTEGERS = range(-(2**62), 2**62)
"""The integers that fit 63 bits."""

_END = "end it with `;`"
_EXPECTED = {
    "SEMICOLON": "`;`",
    "AND": "`and`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "LPAR": "`(`",
    "IF": "`if`",
    "NAME": "a name",
}


def refuse_deep_nesting(tokens: list[Token], source: SourceFile) -> None:
    """Raise `DiagnosticError` where brackets nest too deep for a recursive descent over the tree."""
    depth = 0
    for token in tokens:
        depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        if depth > MAX_NESTING:
            problem = f"brackets nest deeper than {MAX_NESTING}"
            raise source.refuse(
                token, Refusal(syntax.NESTING_TOO_DEEP, problem, "give a part of the condition a rule of its own")
            )


def refuse_unsupported(tokens: list[Token], index: int, source: SourceFile) -> None:
    """Raise `DiagnosticError` for a token that the profile has nowhere."""
    token = tokens[index]
    if token in unsupported.UNSUPPORTED_WORDS:
        raise source.refuse(token, unsupported.UNSUPPORTED_WORDS[token])
    if token.type == "FLOAT":
        raise source.refuse(token, unsupported.FRACTION)
    if token.type == "INTEGER" and (len(token) > 20 or int(token) not in INTEGERS):
        raise source.refuse(token, Refusal(syntax.INTEGER_OUT_OF_RANGE, f"`{token}` does not fit 63 bits"))
    if token.type == "OTHER":
        if not token.isascii():
            raise DiagnosticError(())  # each such character is reported for the file as a whole
        raise source.refuse(token, unsupported.UNSUPPORTED_CHARACTERS.get(str(token), _unknown_character(token)))
    if index == 0 and token in unsupported.BLOCK_WORDS and [t.type for t in tokens[:2]] == ["NAME", "NAME"]:
        raise source.refuse(token, unsupported.BLOCK)


def _unknown_character(token: Token) -> Refusal:
    shown = str(token) if token.isprintable() else f"U+{ord(token):04X}"
    return Refusal(syntax.UNKNOWN_CHARACTER, f"`{shown}` has no meaning in Polar")


def unexpected_token(
    unexpected: Token, tokens: list[Token], index: int, accepted: set[str], source: SourceFile
) -> DiagnosticError:
    """The error for a token that cannot stand where it stands; `accepted` has the token types that could."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    next_head = _next_head(tokens, index)
    bracket = _open_bracket(tokens[: next_head or index])
    if bracket is not None and (next_head or token.type == "SEMICOLON" or unexpected.type == "$END"):
        closing = "`]`" if bracket.type == "LSQB" else "`)`"
        return source.refuse(
            bracket, Refusal(syntax.UNCLOSED_BRACKET, f"this `{bracket}` is not closed", f"close it with {closing}")
        )
    if unexpected.type == "$END":
        return source.refuse(tokens[-1], Refusal(syntax.UNFINISHED_RULE, "the rule does not end", _END))
    if "IF" in accepted and not next_head:
        missing = f"`if` is missing before `{token}`"
        problem = f"`{token}` stands where `if` is expected" if token.type in ("OPERATOR", "COLON") else missing
        help = "write `if` between the head of the rule and its condition"
        return source.refuse(token, Refusal(syntax.MISSING_IF, problem, help))
    if next_head and "SEMICOLON" not in accepted:
        place = tokens[next_head - 1]
        help = f"complete it, and {_END}" if next_head > 1 else "write `name(parameter: Type) if ...;`"
        return source.refuse(place, Refusal(syntax.UNFINISHED_RULE, "the rule does not end here", help))
    construct = _unsupported_at(token, before)
    if construct is not None:
        return source.refuse(token, construct)
    if token in KEYWORDS and "NAME" in accepted and "LPAR" not in accepted:
        return source.refuse(token, Refusal(syntax.KEYWORD_AS_NAME, f"`{token}` is a keyword", "choose another name"))
    if token.type == "COLON":
        return source.refuse(token, unsupported.KEYWORD_ARGUMENT)
    if before is not None and (before.line or 0) < (token.line or 0) and "SEMICOLON" in accepted:
        help = f"{_END}, or {'begin its condition with `if`' if 'IF' in accepted else 'continue with `and` or `or`'}"
        return source.refuse(before, Refusal(syntax.UNFINISHED_RULE, "the rule does not end here", help))
    if before is not None and before.type == "NOT" and token.type == "NOT":
        help = "leave both out, or use brackets"
        return source.refuse(token, Refusal(syntax.DOUBLE_NEGATION, "`not` stands before `not`", help))
    expected = " or ".join(text for kind, text in _EXPECTED.items() if kind in accepted)
    help = f"expected {expected}" if expected else ""
    return source.refuse(token, Refusal(syntax.UNEXPECTED_TOKEN, f"unexpected `{token}`", help))


def _next_head(tokens: list[Token], index: int) -> int:
    """The index of a token that begins another rule, if the token at `index` stands in that rule's head; else 0.

    A rule begins at the start of a line with a name and a bracket.
    """
    for start in range(index, 0, -1):
        if tokens[start].type == "RPAR" and start < index:
            return 0
        begins = tokens[start].column == 1 and tokens[start].line != tokens[start - 1].line
        if begins and [token.type for token in tokens[start : start + 2]] == ["NAME", "LPAR"]:
            return start
    return 0


def _open_bracket(tokens: list[Token]) -> Token | None:
    """The innermost bracket that is opened and not closed."""
    opened: list[Token] = []
    for token in tokens:
        if token.type in ("LPAR", "LSQB"):
            opened.append(token)
        elif token.type in ("RPAR", "RSQB") and opened:
            opened.pop()
    return opened[-1] if opened else None


def _unsupported_at(token: Token, before: Token | None) -> Refusal | None:
    """The construct outside the profile that a token shows by what stands before it, or None."""
    if before is None:
        return unsupported.DYNAMIC_FIELD if token.type == "LSQB" else None
    match before.type, token.type:
        case _, "INTEGER" if token.startswith("-"):
            return unsupported.ARITHMETIC
        case "NAME", "LPAR":
            return unsupported.METHOD_CALL
        case "LPAR" | "COMMA", "LSQB":
            return unsupported.LIST_PATTERN
        case ("DOT", "LPAR") | (_, "LSQB"):
            return unsupported.DYNAMIC_FIELD
    return None
