"""What a policy author adds by editing a bundle alone: categories, purposes, parameters, reasons, pillars, facts."""

from pathlib import Path
from typing import Any

from authz import Policy, load_bundle
from authz.engine.loading import read_facts
from tests.support.bundle_edits import Edit
from tests.support.student import consent, permitting

REASON = '\n[[reason]]\ncode = "{}"\nlayer = "student"\naudience = "admin"\nen = "no"\nnl = "nee"\n'
PILLAR = "enrolled(request) and               # pillar"


def codes(policy: Policy, facts: dict[str, Any] | None = None, **asked: Any) -> tuple[str, ...]:
    """The reasons that a permitting world gets with some facts and members of the request set otherwise."""
    world = permitting(consent("g1"))
    decision = policy.decide({**world.request, **asked}, read_facts({**world.facts, **(facts or {})}, policy))
    assert decision.error == ""
    assert bool(decision) == (decision.reasons == ())
    return decision.reasons


def test_an_author_adds_a_category(bundle: Path, edit: Edit) -> None:
    edit("vocabulary.toml", '"homework", "grades"]', '"homework", "grades", "absence"]')
    policy = load_bundle(bundle)
    absence = {"accreditations": [{"supplier": "X", "categories": ["absence"]}]}
    absence["consents"] = [consent("g1", categories=["absence"])]
    assert "read_absence" in policy.bundle.vocabulary.actions
    assert codes(policy, absence, action="read_absence") == ()
    assert codes(policy, action="read_absence") == ("CATEGORY_NOT_ACCREDITED", "CATEGORY_NOT_CONSENTED")


def test_an_author_adds_a_purpose(bundle: Path, edit: Edit) -> None:
    edit("vocabulary.toml", '"identification"]', '"identification", "remedial"]')
    edit(
        "request.polar",
        "",
        '\npurpose_allowed(request: Request) if request.purpose != nil and request.purpose = "remedial";\n',
    )
    policy = load_bundle(bundle)
    assert codes(policy, {"consents": [consent("g1", purposes=["remedial"])]}, purpose="remedial") == ()
    assert codes(policy, purpose="remedial") == ("PURPOSE_NOT_CONSENTED",)
    assert codes(policy, purpose="marketing") == ("PURPOSE_NOT_ALLOWED",)


def test_an_author_adds_a_parameter(bundle: Path, edit: Edit) -> None:
    edit(
        "bundle.toml",
        "",
        'paused_suppliers = { type = "[String]", default = [], about = "who reads nothing now" }\n',
    )
    edit("access.polar", PILLAR, f"not paused(request) and\n    {PILLAR}")
    edit(
        "access.polar",
        "",
        "\npaused(request: Request) if request.supplier_id in request.parameters.paused_suppliers;\n",
    )
    edit("access.polar", "", '\nreason(request: Request, "PAUSED") if paused(request);\n')
    edit("reasons.toml", "", REASON.format("PAUSED"))
    policy = load_bundle(bundle)
    assert codes(policy) == ()
    assert codes(policy.with_parameters({"paused_suppliers": ["Y"]})) == ()
    assert codes(policy.with_parameters({"paused_suppliers": ["Y", "X"]})) == ("PAUSED",)


def test_an_author_adds_a_reason(bundle: Path, edit: Edit) -> None:
    rule = '\nreason(request: Request, "ONLY_GUARDIANS_KNOWN") if request.student != nil and not has_given(request);\n'
    edit(
        "consent.polar", "", '\nhas_given(request: Request) if\n    c in request.consents and\n    c.event = "given";\n'
    )
    edit("consent.polar", "", rule)
    edit("reasons.toml", "", REASON.format("ONLY_GUARDIANS_KNOWN"))
    policy = load_bundle(bundle)
    assert codes(policy) == ()
    assert codes(policy, {"consents": []}) == ("NO_CONSENT", "ONLY_GUARDIANS_KNOWN")


def test_an_author_adds_a_pillar(bundle: Path, edit: Edit) -> None:
    edit(
        "vocabulary.toml",
        'closed_as = "StudentClosure?"',
        'closed_as = "StudentClosure?"\nidentity_checked = "Boolean?"',
    )
    edit("access.polar", PILLAR, f"checked(request) and\n    {PILLAR}")
    edit(
        "student.polar",
        "",
        "\nchecked(request: Request) if\n    request.student != nil and\n"
        "    request.student.identity_checked != nil and\n    request.student.identity_checked = true;\n"
        '\nreason(request: Request, "IDENTITY_NOT_CHECKED") if\n    request.student != nil and\n'
        "    not checked(request);\n",
    )
    edit("reasons.toml", "", REASON.format("IDENTITY_NOT_CHECKED"))
    policy = load_bundle(bundle)
    tim = {"id": "tim", "birth_date": "2009-05-12"}
    assert codes(policy, {"students": [{**tim, "identity_checked": True}]}) == ()
    for student in (tim, {**tim, "identity_checked": False}, {**tim, "identity_checked": None}):
        assert codes(policy, {"students": [student]}) == ("IDENTITY_NOT_CHECKED",)


NOTE = """
[records.SchoolNote]
extends = "Dated"
facts = "school_notes"
fields = { student = "id of Student", school = "id of School" }

[values]"""
NOTE_RULES = """
# A child under thirteen: the school has a note of its own on file.
noted(request: Request) if
    request.thirteen_at != nil and
    request.thirteen_at <= request.at;

noted(request: Request) if
    note in request.school_notes and
    in_force(note, request.at);

reason(request: Request, "NO_SCHOOL_NOTE") if
    request.student != nil and
    request.school != nil and
    not noted(request);
"""
THIRTEEN = 'thirteen_at = { midnight_of_age = "student.birth_date", years = "parameters.note_age", zone = "UTC" }\n'


def test_an_author_adds_a_kind_of_fact(bundle: Path, edit: Edit) -> None:
    edit("vocabulary.toml", "\n[values]", NOTE)
    edit(
        "vocabulary.toml",
        "[collections]\n",
        '[collections]\nschool_notes = { of = "SchoolNote", by = ["student", "school"] }\n',
    )
    edit("vocabulary.toml", "[derived]\n", f"[derived]\n{THIRTEEN}")
    edit("bundle.toml", "", 'note_age = { type = "Integer", default = 13, minimum = 0, maximum = 150 }\n')
    edit("access.polar", PILLAR, f"noted(request) and\n    {PILLAR}")
    edit("school.polar", "", NOTE_RULES)
    edit("reasons.toml", "", REASON.format("NO_SCHOOL_NOTE"))
    policy = load_bundle(bundle)
    child = {"students": [{"id": "tim", "birth_date": "2014-05-12"}]}
    note = {"student": "tim", "school": "S1"}
    assert codes(policy) == ()
    assert codes(policy, child) == ("NO_SCHOOL_NOTE",)
    assert codes(policy, {**child, "school_notes": [note]}) == ()
    assert codes(policy, {**child, "school_notes": [{**note, "school": "S2"}]}) == ("NO_SCHOOL_NOTE",)
    assert codes(policy, {**child, "school_notes": [{**note, "valid_until": "2025-03-10"}]}) == ("NO_SCHOOL_NOTE",)
    assert codes(policy.with_parameters({"note_age": 10}), child) == ()
