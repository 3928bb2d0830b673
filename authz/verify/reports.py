"""The results of scenarios for programs: JSON and JUnit."""

import re
from collections.abc import Sequence
from typing import Any

from authz.engine.policy import Policy
from authz.verify.scenarios import Result

NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_data(policy: Policy, results: Sequence[Result]) -> dict[str, Any]:
    """The results for programs; the form is stable."""
    return {
        **_policy_as_data(policy),
        "passed": sum(r.passed for r in results),
        "failed": sum(not r.passed for r in results),
        "scenarios": [
            {
                "file": r.path,
                "id": r.id,
                "title": r.title,
                "passed": r.passed,
                "problems": list(r.problems),
                "decision": r.decision.effect.value if r.decision is not None else None,
                "reasons": list(r.decision.reasons) if r.decision is not None else [],
            }
            for r in results
        ],
    }


def _policy_as_data(policy: Policy) -> dict[str, str]:
    return {"bundle": policy.bundle.name, "path": policy.bundle.path, "policy": policy.digest}


def as_junit(policy: Policy, results: Sequence[Result]) -> str:
    """The results as a JUnit report; its properties name the bundle and the digest of the policy."""
    from xml.etree import ElementTree  # slow to import, and seldom needed

    suite = ElementTree.Element(
        "testsuite", name="authz", tests=str(len(results)), failures=str(sum(not r.passed for r in results))
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _policy_as_data(policy).items():
        ElementTree.SubElement(properties, "property", name=name, value=_xml_text(value))
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_xml_text(result.path),
            name=_xml_text(f"{result.id} {result.title}".strip() or result.path),
        )
        if not result.passed:
            failure = ElementTree.SubElement(case, "failure", message=_xml_text(result.problems[0].split("\n")[0]))
            failure.text = _xml_text("\n".join(result.problems))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _xml_text(text: str) -> str:
    """The text with a replacement character for each that XML 1.0 cannot hold (section 2.2), lone surrogates too."""
    return NO_XML.sub("\ufffd", text)
