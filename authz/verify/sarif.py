"""The diagnostics of a bundle as a SARIF 2.1.0 log, which code hosts and editors show beside the lines."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import authz
from authz.language.diagnostics import Diagnostic, Span
from authz.language.printable import single_line

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(
    errors: Iterable[Diagnostic], warnings: Iterable[Diagnostic], properties: Mapping[str, str]
) -> dict[str, Any]:
    """A SARIF log with one run; `properties` name the bundle that was checked.

    Source: SARIF 2.1.0, sections 3.14 (run), 3.27 (result), 3.30 (region).
    """
    results = [_result(diagnostic, "error") for diagnostic in errors]
    results += [_result(diagnostic, "warning") for diagnostic in warnings]
    codes = sorted({result["ruleId"] for result in results if "ruleId" in result})
    driver = {"name": "authz", "version": authz.__version__, "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {name: single_line(value) for name, value in properties.items()},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(diagnostic: Diagnostic, level: str) -> dict[str, Any]:
    lines = [*diagnostic.problem.split("\n"), *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    return {
        **({"ruleId": diagnostic.code} if diagnostic.code else {}),
        "level": level,
        "message": {"text": "\n".join(map(single_line, lines))},
        "locations": [{"physicalLocation": _location(diagnostic.span)}],
    }


def _location(span: Span) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(Path(span.path))}}
    if span.line:
        location["region"] = {
            "startLine": span.line,
            "startColumn": max(1, span.column),
            "endLine": span.end_line,
            "endColumn": max(1, span.end_column),
        }
    return location


def _uri(path: Path) -> str:
    """A relative path as a relative reference, an absolute one as a `file` URI; names may be no UTF-8."""
    return ("file://" if path.is_absolute() else "") + quote(os.fsencode(path))
