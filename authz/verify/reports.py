"""The results of scenarios for programs: JSON and JUnit."""

from collections.abc import Sequence
from typing import Any

from authz.verify.scenarios import Result


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """The results for programs; the form is stable."""
    return {
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


def as_junit(results: Sequence[Result]) -> str:
    """The results as a JUnit report."""
    from xml.etree import ElementTree  # slow to import, and seldom needed

    suite = ElementTree.Element(
        "testsuite", name="authz", tests=str(len(results)), failures=str(sum(not r.passed for r in results))
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=result.path,
            name=_printable(f"{result.id} {result.title}".strip() or result.path),
        )
        if not result.passed:
            failure = ElementTree.SubElement(case, "failure", message=_printable(result.problems[0].split("\n")[0]))
            failure.text = _printable("\n".join(result.problems))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return "".join(c if c in "\n\t" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)
