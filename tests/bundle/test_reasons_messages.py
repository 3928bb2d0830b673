"""Messages about `reasons.toml`, and about codes that stand in rules or in the file alone."""

from pathlib import Path

import pytest

from tests.support.bundle_edits import Edit, refusal

REASONS: dict[str, tuple[str, str, str]] = {
    "a TOML fault": (
        "[substitute]",
        "[substitute]\nx",
        "reasons.toml:8:2: not TOML: expected '=' after a key in a key/value pair\n    8 | x\n      |  ^",
    ),
    "an unknown key": (
        'layer = "request"',
        'layr = "request"\nlayer = "request"',
        "reasons.toml: reason[ACTION_NOT_SUPPORTED].layr: is not known here\nhelp: did you mean `layer`?",
    ),
    "a code in small letters": (
        '"ACTION_NOT_SUPPORTED"',
        '"action"',
        "reasons.toml: reason[action].code: `action` is not of the form `[A-Z][A-Z0-9_]*`",
    ),
    "an unknown audience": (
        'audience = "user"',
        'audience = "all"',
        "reasons.toml: reason[ACTION_NOT_SUPPORTED].audience: `all` is not one of `user`, `admin`",
    ),
    "a text left out": (
        'nl = "er is geen toestemming om dit te lezen"',
        "",
        "reasons.toml: substitute.nl: is missing",
    ),
    "a substitute that is a reason": (
        '"NO_PERMISSION"',
        '"NO_CONSENT"',
        "reasons.toml: substitute.code: `NO_CONSENT` is a reason itself",
    ),
    "a code without a rule": (
        "",
        '\n[[reason]]\ncode = "X_Y"\nlayer = "x"\naudience = "user"\nen = "x"\nnl = "x"\n',
        'bundle: reason code `X_Y` has no rule `reason(request: Request, "X_Y")`',
    ),
}


@pytest.mark.parametrize("name", REASONS)
def test_faulty_reasons_are_refused(bundle: Path, edit: Edit, name: str) -> None:
    old, new, message = REASONS[name]
    edit("reasons.toml", old, new)
    assert refusal(bundle) == message


def test_a_rule_whose_code_is_not_listed_is_refused(bundle: Path, edit: Edit) -> None:
    edit("school.polar", '"NOT_ENROLLED"', '"NOT_ENROLED"')
    message = refusal(bundle)
    assert "unknown reason code `NOT_ENROLED`" in message
    assert "help: did you mean `NOT_ENROLLED`?" in message
    assert 'bundle: reason code `NOT_ENROLLED` has no rule `reason(request: Request, "NOT_ENROLLED")`' in message
