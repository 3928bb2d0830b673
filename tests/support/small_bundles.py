"""Bundles of a few lines: who may read a document. A test gives the records, the collections and the rules."""

from pathlib import Path

from authz import Policy, load_bundle

MANIFEST = """
name = "small"
version = "0.1.0"
actions = ["read"]

[request.subject]
type = "user"
record = "User"

[request.resource]
type = "document"
record = "Document"
"""
VOCABULARY = """
[records]
User = {{ facts = "users", key = "id", fields = {{ id = "String" }} }}
Document = {{ facts = "documents", key = "id", fields = {{ id = "String"{document_fields} }} }}
{records}

[collections]
{collections}

[writers]
owner = {{ en = "the owner", nl = "de eigenaar" }}

[changes]
{changes}
"""
REASONS = """
[substitute]
code = "NO_PERMISSION"
en = "there is no permission for this"
nl = "hiervoor is geen toestemming"

[[reason]]
code = "NOT_PERMITTED"
layer = "rules"
audience = "user"
en = "no rule permits this"
nl = "geen regel staat dit toe"
"""
RULES = """
allow(_user: User, action: String, request: Request) if
    action = request.action and
    permitted(request);

reason(request: Request, "NOT_PERMITTED") if not asked(request);
reason(request: Request, "NOT_PERMITTED") if not permitted(request);

asked(request: Request) if
    request.subject_type = "user" and request.resource_type = "document" and request.user != nil;
"""
REQUEST = {"user": "ann", "document": "d", "action": "read", "at": "2025-03-10T12:00:00Z"}
FACTS = {"users": [{"id": "ann"}], "documents": [{"id": "d"}]}


def small_bundle(
    folder: Path,
    rules: str,
    records: str = "",
    collections: str = "",
    changes: str = "",
    document_fields: str = "",
    enumerations: str = "",
    zone: str = "UTC",
) -> Policy:
    """The policy of a small bundle, whose rules define `permitted(request: Request)`; written to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = VOCABULARY.format(
        records=records, collections=collections, changes=changes, document_fields=document_fields
    )
    vocabulary = tables.replace("[records]", f"[enumerations]\n{enumerations}\n\n[records]")
    manifest = f'bare_date_zone = "{zone}"\n{MANIFEST}'
    files = {"bundle.toml": manifest, "vocabulary.toml": vocabulary, "reasons.toml": REASONS}
    for name, text in {**files, "access.polar": f"{RULES}\n{rules}"}.items():
        (folder / name).write_text(text)
    return load_bundle(folder)
