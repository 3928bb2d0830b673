"""The JSON Schema of facts documents asks what the reader asks."""

import jsonschema

from authz import Policy
from tests.support.student import situations


def test_the_schema_has_a_key_for_every_list_and_value(policy: Policy) -> None:
    schema = policy.analyses.facts_reader.schema()
    vocabulary = policy.bundle.vocabulary
    listed = {row.facts for row in vocabulary.rows.values() if row.facts}
    assert set(schema["properties"]) == listed | set(vocabulary.values)
    assert schema["additionalProperties"] is False


def test_the_schema_of_a_row_asks_what_the_reader_asks(policy: Policy) -> None:
    bound = {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}, {"type": "null"}],
        "default": None,
    }
    link = policy.analyses.facts_reader.schema()["$defs"]["Link"]
    assert link["required"] == ["school", "supplier"]
    assert link["additionalProperties"] is False
    properties = {
        name: {key: value for key, value in kind.items() if key != "title"} for name, kind in link["properties"].items()
    }
    plain = {"type": "string"}
    assert properties == {"valid_from": bound, "valid_until": bound, "school": plain, "supplier": plain}


def test_the_schema_accepts_what_the_reader_accepts(policy: Policy) -> None:
    schema = policy.analyses.facts_reader.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for situation in situations(200, seed=1):
        validator.validate(situation.facts)
