"""The ten conditions of `bench.peers`, asked by ids: one facts document for many cases, each with ids of its own."""

from collections.abc import Sequence
from typing import Any

from bench.peers.workload import Case

BUNDLE = "bench/peers/bundle"


def facts(cases: Sequence[Case]) -> dict[str, list[dict[str, Any]]]:
    """The facts of all cases, as a document."""
    document: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ("suppliers", "schools", "students", "consents")}
    for number, case in enumerate(cases):
        others = {each["supplier"] for each in case["consents"]} - {case["supplier"]["id"]}
        suppliers = [case["supplier"], *({**case["supplier"], "id": id} for id in sorted(others))]
        document["suppliers"] += [{**each, "id": _own(number, each["id"])} for each in suppliers]
        links = [_own(number, id) for id in case["school"]["links"]]
        document["schools"].append({"id": _own(number, "school"), "links": links})
        document["students"].append({**case["student"], "id": _own(number, "student")})
        document["consents"] += [
            {**each, "student": _own(number, "student"), "supplier": _own(number, each["supplier"])}
            for each in case["consents"]
        ]
    return document


def body(number: int, case: Case) -> dict[str, Any]:
    """A case as an AuthZEN evaluation by ids."""
    asked = case["request"]
    return {
        "subject": {
            "type": "supplier",
            "id": _own(number, case["supplier"]["id"]),
            "properties": {"institute": asked["institute"]},
        },
        "action": {"name": "read", "properties": {"category": asked["category"], "purpose": asked["purpose"]}},
        "resource": {
            "type": "student",
            "id": _own(number, "student"),
            "properties": {"school": _own(number, "school")},
        },
        "context": {"now": asked["now"]},
    }


def _own(number: int, id: str) -> str:
    return f"{id}-{number}"
