"""The schema of the TOML files, which is their reference: every table and every key of it is described."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from authz.bundle.toml_schema import ManifestTable, ReasonsTable, VocabularyTable


@pytest.mark.parametrize("table", [ManifestTable, VocabularyTable, ReasonsTable])
def test_every_key_is_described(table: type[Any]) -> None:
    schema = TypeAdapter(table).json_schema()
    tables = {table.__name__: schema, **schema["$defs"]}
    undescribed = [
        f"{name}.{key}"
        for name, each in tables.items()
        for key, value in each["properties"].items()
        if not value.get("description")
    ]
    assert undescribed == []
    assert [name for name, each in tables.items() if not each.get("description")] == []
