"""Edits of a copy of the student bundle, and the message of a bundle that is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from authz import PolicyError, load_bundle
from tests.support.messages import message_of

Edit = Callable[[str, str, str], None]
"""Replaces one text in one file of a bundle; an empty text stands for the end of the file."""


def refusal(folder: Path) -> str:
    """The message of a refused bundle, without the folder's own name and without places in TOML files.

    Codes are tested with their catalogue, and places in TOML files in `tests/documents/test_toml_places.py`.
    """
    with pytest.raises(PolicyError) as refused:
        load_bundle(folder)
    message = message_of(refused.value).replace(f"{folder}/", "").replace(f"{folder}:", "bundle:")
    placed = re.compile(r"^(\w+\.toml):\d+:\d+: (?!not TOML)(.*)\n +\d+ \| .*\n +\| .*$", re.MULTILINE)
    return placed.sub(r"\1: \2", message)
