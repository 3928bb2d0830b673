"""Edits of a copy of the student bundle, and the message of a bundle that is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from authz import PolicyError, load_bundle
from tests.support.messages import message_of

Edit = Callable[[str, str, str], None]
"""Replaces one text in one file of a bundle; an empty text stands for the end of the file."""


def refusal(folder: Path) -> str:
    """The message of a refused bundle, without the folder's own name; codes are tested with their catalogue."""
    with pytest.raises(PolicyError) as refused:
        load_bundle(folder)
    return message_of(refused.value).replace(f"{folder}/", "").replace(f"{folder}:", "bundle:")
