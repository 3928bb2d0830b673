"""The names that may stand in a bundle's TOML files, and the configuration that their tables share."""

from typing import Annotated

from pydantic import ConfigDict, Field

Name = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
CLOSED = ConfigDict(extra="forbid", defer_build=True)
"""Tables refuse keys that they do not know."""
