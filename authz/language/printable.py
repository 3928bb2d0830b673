"""Text from documents made safe to print: on a terminal it stays on its line and is shown in its order."""

import unicodedata

REPLACEMENT = "\ufffd"

UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""The Unicode categories of line ends, other controls, direction controls, invisible signs and lone surrogates."""


def single_line(text: str) -> str:
    """The text with a replacement character for each character that could end the line or steer the terminal.

    A tab stays. No text from a document can forge a line of output that is printed through this function.
    """
    if text.isprintable():
        return text
    return "".join(REPLACEMENT if is_unsafe(character) else character for character in text)


def is_unsafe(character: str) -> bool:
    """Whether a character ends a line, steers a terminal or cannot be encoded; false for a tab."""
    return character != "\t" and unicodedata.category(character) in UNSAFE
