"""`authz vocabulary`: what the rules of a bundle may speak of."""

from enum import StrEnum
from typing import Annotated

import typer

from authz.cli.options import BundleArgument, JsonOption, bundle_folder, identify
from authz.cli.output import print_json, print_lines


class DocumentName(StrEnum):
    """The documents that have a JSON Schema."""

    MANIFEST = "manifest"
    VOCABULARY = "vocabulary"
    REASONS = "reasons"
    FACTS = "facts"
    SCENARIOS = "scenarios"


def vocabulary(
    folder: BundleArgument = None,
    as_json: JsonOption = False,
    json_schema: Annotated[
        DocumentName | None, typer.Option("--json-schema", help="Print the JSON Schema of a document instead.")
    ] = None,
) -> None:
    """List what a rule may use.

    These are the actions, types, fields, parameters and reason codes of the bundle.
    """
    from authz.bundle.loading import load
    from authz.cli import vocabulary_listing

    bundle = load(bundle_folder(folder))
    if json_schema is not None:
        print_json(vocabulary_listing.json_schema(json_schema.value, bundle))
    elif as_json:
        print_json(vocabulary_listing.as_data(bundle))
    else:
        print_lines([identify(bundle), "", *vocabulary_listing.as_text(bundle)])
