"""A bundle of another domain than the student bundle: who may open which door. Tests write it and load it."""

from pathlib import Path
from typing import Any

from authz import Policy, load_bundle

MANIFEST = """
name = "doors"
version = "0.1.0"
actions = ["open_{Class}", "inspect"]

[request.subject]
type = "holder"
record = "Holder"

[request.resource]
type = "door"
record = "Door"

[request.fields]
lambda = { from = "context.lambda", type = "Integer", default = 1, about = "how many come along" }
alarm = { from = "context.alarm", type = "Boolean", default = false }
class = { from = "subject.properties.class", type = "Class?", stored = "holder.class" }

[parameters]
adult_age = { type = "Integer", default = 18, minimum = 0 }
grace_hours = { type = "Integer", default = 2 }
most = { type = "Integer", default = 3 }
"""

VOCABULARY = """
[enumerations]
Class = ["public", "staff", "secret"]

[records.Timed]
interval = ["from", "until"]

[records.Holder]
facts = "holders"
key = "badge"
fields = { badge = "String", class = "Class?", born = "Date?", blocked = "Boolean" }

[records.Door]
facts = "doors"
key = "code"
fields = { code = "String", class = "Class", adults = "Boolean", lambda = "Integer?" }

[records.Grant]
extends = "Timed"
facts = "grants"
fields = { holder = "id of Holder", door = "id of Door", class = { type = "[Class]", about = "at which level" } }

[records.Escort]
extends = "Grant"
facts = "escorts"
fields = { import = "String" }

[values]
in_drill = "Boolean"
closing = "Instant?"

[collections]
grants = { of = "Grant", by = ["holder", "door"] }
escorts = { of = "Escort", by = ["door"] }

[derived]
verb = { part = "before_underscore", of = "action" }
level = { part = "after_underscore", of = "action", type = "Class" }
of_age_at = { midnight_of_age = "holder.born", years = "parameters.adult_age", zone = "UTC" }
last_call = { hours_after = "closing", hours = "parameters.grace_hours" }
"""

REASONS = """
[substitute]
code = "CLOSED"
en = "closed"
nl = "dicht"
""" + "".join(
    f'\n[[reason]]\ncode = "{code}"\nlayer = "door"\naudience = "admin"\nen = "no"\nnl = "nee"\n'
    for code in ("NOT_ASKED_WELL", "NOBODY", "NO_DOOR", "TOO_LATE", "TOO_MANY", "TOO_YOUNG", "NOT_GRANTED")
)

RULES = """
allow(_holder: Holder, action: String, request: Request) if
    action = request.action and
    asked_well(request) and
    welcome(request) and
    request.door != nil and
    not late(request) and
    not crowded(request) and
    not young(request) and
    granted(request);

asked_well(request: Request) if
    request.subject_type = "holder" and
    request.resource_type = "door" and
    request.verb != nil and
    request.verb = "open" and
    request.level != nil;

welcome(request: Request) if request.holder != nil and request.holder.blocked = false;

late(request: Request) if
    request.last_call != nil and
    request.last_call <= request.at and
    request.in_drill = false;

crowded(request: Request) if request.parameters.most < request.lambda;

crowded(request: Request) if
    request.door != nil and
    request.door.lambda != nil and
    request.door.lambda < request.lambda;

young(request: Request) if
    request.door != nil and
    request.door.adults = true and
    not adult(request);

adult(request: Request) if request.of_age_at != nil and request.of_age_at <= request.at;

now(timed: Timed, at: Instant) if timed.from <= at and at < timed.until;

granted(request: Request) if
    grant in request.grants and
    covers(grant, request);

granted(request: Request) if
    escort in request.escorts and
    escort.import = request.holder_id and
    covers(escort, request);

granted(request: Request) if
    request.class != nil and
    request.class = "secret" and
    request.alarm = true;

covers(grant: Grant, request: Request) if
    now(grant, request.at) and
    request.level != nil and
    request.level in grant.class;

reason(request: Request, "NOT_ASKED_WELL") if not asked_well(request);
reason(request: Request, "NOBODY") if not welcome(request);
reason(request: Request, "NO_DOOR") if request.door = nil;
reason(request: Request, "TOO_LATE") if late(request);
reason(request: Request, "TOO_MANY") if crowded(request);
reason(request: Request, "TOO_YOUNG") if young(request);
reason(request: Request, "NOT_GRANTED") if not granted(request);
"""

AT = "2025-03-10T12:00:00Z"
ANN, DOOR = {"badge": "ann", "born": "2007-03-10", "blocked": False}, {"code": "d1", "class": "staff", "adults": True}
GRANT = {"holder": "ann", "door": "d1", "class": ["staff"], "from": "2025-01-01", "until": "2025-04-01"}
FACTS: dict[str, Any] = {"holders": [ANN], "doors": [DOOR], "grants": [GRANT], "in_drill": False}
ASKED = {"holder": "ann", "door": "d1", "action": "open_staff", "at": AT}
ESCORT = {**GRANT, "import": "ann"}


def doors_policy(folder: Path, rules: str = RULES, vocabulary: str = VOCABULARY, reasons: str = REASONS) -> Policy:
    """The policy of the bundle, or of one with other rules, vocabulary or reasons, written to a folder."""
    for name, text in (("bundle", MANIFEST), ("vocabulary", vocabulary), ("reasons", reasons)):
        (folder / f"{name}.toml").write_text(text)
    (folder / "doors.polar").write_text(rules)
    return load_bundle(folder)


CHANGES = """
[writers]
porter = { en = "the porter", nl = "de portier" }

[changes]
holders = { en = "holder", nl = "houder", add = ["porter"], fill.born = ["porter"] }
doors = { en = "door", nl = "deur", add = ["porter"] }
grants = { en = "grant", nl = "recht", add = ["porter"], end = ["porter"] }
escorts = { en = "escort", nl = "begeleiding", add = ["porter"], end = ["porter"] }
in_drill = { en = "drill", nl = "oefening", set = ["porter"] }
closing = { en = "closing time", nl = "sluitingstijd", set = ["porter"] }
"""
