"""The contenders: each makes of a case what it decides on, and decides; making it is not timed.

A contender that cannot be imported is missing, and says so; none is dropped.
"""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

from authz import load_bundle
from authz.engine.loading import read_facts
from bench.peers.workload import Case

HERE = Path(__file__).parent
PEERS = HERE.parent.parent / ".peers"
"""Where `make bench-peers` installs each peer, in a folder of its own: two of them have one module name."""


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine: its name and version, what it prepares of a case, and its decision on that."""

    name: str
    prepare: Callable[[Case], Any]
    decide: Callable[[Any], bool]


class Missing(Exception):
    """A peer is not here; the message says why."""


@contextmanager
def installed(distribution: str) -> Iterator[str]:
    """A peer's own folder first on the path; gives its version."""
    folder = PEERS / distribution
    found = sorted(folder.glob(f"{distribution.replace('-', '_')}-*.dist-info"))
    if not found:
        raise Missing("it did not install here")
    sys.path.insert(0, str(folder))
    try:
        yield PathDistribution(found[0]).version
    except ImportError as error:
        raise Missing(str(error)) from None
    finally:
        sys.path.remove(str(folder))


def _module(name: str) -> Any:
    """A module as it is first on the path now, whatever was imported under that name before."""
    for known in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[known]
    return importlib.import_module(name)


# By hand, Poort and oso: on the same records.


@cache
def _policy() -> Any:
    """The one policy: oso knows records by their classes, and each loading makes its own."""
    return load_bundle(HERE / "bundle")


def records() -> Callable[[Case], Any]:
    """What gathers a case's records, as Poort does from facts that are loaded."""
    policy = _policy()

    def prepare(case: Case) -> Any:
        asked, facts = _asked(policy, case), read_facts(_facts(case), policy)
        assert asked.at is not None
        return policy.analyses.gather(asked, facts, asked.at, policy.parameters)

    return prepare


def _asked(policy: Any, case: Case) -> Any:
    said = case["request"]
    return policy.bundle.requests.read(
        {
            "supplier": case["supplier"]["id"],
            "student": "student",
            "school": "school",
            "action": "read",
            **said,
            "at": "2025-01-01",
        },
    )


def _facts(case: Case) -> dict[str, Any]:
    consents = [{**each, "student": "student"} for each in case["consents"]]
    ids = {case["supplier"]["id"], *(each["supplier"] for each in consents)}
    others = [{**case["supplier"], "id": id} for id in sorted(ids - {case["supplier"]["id"]})]
    return {
        "suppliers": [case["supplier"], *others],
        "schools": [case["school"]],
        "students": [case["student"]],
        "consents": consents,
    }


def by_hand() -> Contender:
    """A function that somebody wrote for this, on the records that Poort gathers: the floor."""

    def allow(request: Any) -> bool:
        supplier, student, now = request.supplier, request.student, request.now
        if supplier is None or student is None or request.school is None:
            return False
        if not supplier.accredited_from <= now < supplier.accredited_until or supplier.suspended:
            return False
        institute, id = request.institute, request.supplier_id
        if institute not in supplier.institutes or id not in request.school.links:
            return False
        if not student.enrolled_from <= now < student.enrolled_until:
            return False
        category, purpose = request.category, request.purpose
        for consent in request.consents:
            if (
                consent.supplier == id
                and consent.institute == institute
                and consent.category == category
                and consent.purpose == purpose
                and consent.given <= now < consent.withdrawn
            ):
                return True
        return False

    return Contender("a function by hand, records given", records(), allow)


def poort() -> Contender:
    """The compiled form on gathered records."""
    evaluator = _policy().evaluator
    return Contender(
        "Poort, records given", records(), lambda request: evaluator.allow(request.supplier, "read", request)
    )


def poort_loaded() -> Contender:
    """`policy.decide` over facts that are loaded: gathering, deciding, and the reasons of a refusal."""
    policy = _policy()
    return Contender(
        "Poort, policy.decide over loaded facts",
        lambda case: (_asked(policy, case), read_facts(_facts(case), policy)),
        lambda given: bool(policy.decide(*given)),
    )


def poort_whole() -> Contender:
    """Request and facts read from plain data, strictly, and decided."""
    policy = _policy()
    return Contender(
        "Poort, facts read from the request",
        lambda case: (case, _facts(case)),
        lambda given: bool(policy.decide(_asked(policy, given[0]), read_facts(given[1], policy))),
    )


def oso() -> Contender:
    """oso on gathered records, with the same Polar."""
    from authz.verify import oso as reference

    if not reference.available():
        raise Missing("it has no release for this Python")
    evaluator = reference.Reference(_policy().bundle)
    return Contender(
        "oso, records given", records(), lambda request: evaluator.allow(request.supplier, "read", request)
    )


# The peers.


CEDAR = """
permit(principal, action == Action::"read", resource) when {
    principal.accredited_from <= context.now && context.now < principal.accredited_until && !principal.suspended &&
    principal.institutes.contains(context.institute) && context.school.links.contains(principal) &&
    resource.enrolled_from <= context.now && context.now < resource.enrolled_until &&
    resource.hasTag(context.key) &&
    resource.getTag(context.key).given <= context.now && context.now < resource.getTag(context.key).withdrawn
};
"""


def cedar() -> Contender:
    """Cedar, by cedarpy. It has no quantifier: consents are tags of the student, by a key that the host makes."""
    with installed("cedarpy") as version:
        cedarpy = _module("cedarpy")
    policies = cedarpy.PolicySet.from_str(CEDAR)

    def prepare(case: Case) -> Any:
        supplier, student, asked = case["supplier"], case["student"], case["request"]
        tags = {
            "|".join((each["institute"], each["supplier"], each["category"], each["purpose"])): {
                "given": each["given"],
                "withdrawn": each["withdrawn"],
            }
            for each in case["consents"]
        }
        entities = [
            {
                "uid": {"type": "Supplier", "id": supplier["id"]},
                "attrs": {name: value for name, value in supplier.items() if name != "id"},
                "parents": [],
            },
            {
                "uid": {"type": "Student", "id": "student"},
                "attrs": {name: student[name] for name in ("enrolled_from", "enrolled_until")},
                "tags": tags,
                "parents": [],
            },
        ]
        links = [{"__entity": {"type": "Supplier", "id": id}} for id in case["school"]["links"]]
        key = "|".join((asked["institute"], supplier["id"], asked["category"], asked["purpose"]))
        request = {
            "principal": f'Supplier::"{supplier["id"]}"',
            "action": 'Action::"read"',
            "resource": 'Student::"student"',
            "context": {"now": asked["now"], "institute": asked["institute"], "key": key, "school": {"links": links}},
        }
        return request, cedarpy.Entities.from_json_str(json.dumps(entities))

    def decide(given: Any) -> bool:
        request, entities = given
        return cedarpy.is_authorized(request, policies, entities).decision == cedarpy.Decision.Allow

    return Contender(f"Cedar, cedarpy {version}, entities loaded", prepare, decide)


REGO = """
package access
import rego.v1

default allow := false

allow if {
    input.supplier.accredited_from <= input.request.now
    input.request.now < input.supplier.accredited_until
    input.supplier.suspended == false
    input.request.institute in input.supplier.institutes
    input.supplier.id in input.school.links
    input.student.enrolled_from <= input.request.now
    input.request.now < input.student.enrolled_until
    some consent in input.consents
    consent.supplier == input.supplier.id
    consent.institute == input.request.institute
    consent.category == input.request.category
    consent.purpose == input.request.purpose
    consent.given <= input.request.now
    input.request.now < consent.withdrawn
}
"""


def regorus(distribution: str, by_json: bool) -> Contender:
    """Rego on regorus: the case is its input, as JSON text or as a dictionary."""
    with installed(distribution) as version:
        engine = _module("regorus").Engine()
    engine.add_policy("access.rego", REGO)
    give = engine.set_input_json if by_json else engine.set_input

    def decide(given: Any) -> bool:
        give(given)
        return engine.eval_rule("data.access.allow") is True

    how = "JSON" if by_json else "dictionary"
    prepare: Callable[[Case], Any] = json.dumps if by_json else lambda case: case
    return Contender(f"Rego, {distribution} {version}, {how}", prepare, decide)


CASBIN = """
[request_definition]
r = case

[policy_definition]
p = name

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.case.accredited_from <= r.case.now and r.case.now < r.case.accredited_until and not r.case.suspended and \\
  r.case.institute in r.case.institutes and r.case.supplier in r.case.links and \\
  r.case.enrolled_from <= r.case.now and r.case.now < r.case.enrolled_until and consented(r.case)
"""


def casbin() -> Contender:
    """Casbin's matcher over attributes. It has no quantifier: a function of the host looks among the consents."""
    with installed("casbin") as version:
        library = _module("casbin")
    from types import SimpleNamespace

    model = library.Model()
    model.load_model_from_text(CASBIN)
    enforcer = library.Enforcer(model)
    enforcer.add_policy("any")

    def consented(case: Any) -> bool:
        return any(
            each["supplier"] == case.supplier
            and each["institute"] == case.institute
            and each["category"] == case.category
            and each["purpose"] == case.purpose
            and each["given"] <= case.now < each["withdrawn"]
            for each in case.consents
        )

    enforcer.add_function("consented", consented)

    def prepare(case: Case) -> Any:
        supplier = {name: value for name, value in case["supplier"].items() if name != "id"}
        student = {name: value for name, value in case["student"].items() if name != "id"}
        return SimpleNamespace(
            **supplier,
            **student,
            **case["request"],
            supplier=case["supplier"]["id"],
            links=case["school"]["links"],
            consents=case["consents"],
        )

    return Contender(f"Casbin {version}, one matcher", prepare, lambda case: enforcer.enforce(case) is True)


CEL = """
supplier.accredited_from <= request.now && request.now < supplier.accredited_until && !supplier.suspended &&
request.institute in supplier.institutes && supplier.id in school.links &&
student.enrolled_from <= request.now && request.now < student.enrolled_until &&
consents.exists(c, c.supplier == supplier.id && c.institute == request.institute && c.category == request.category &&
    c.purpose == request.purpose && c.given <= request.now && request.now < c.withdrawn)
"""


def cel() -> Contender:
    """CEL, one compiled expression."""
    with installed("common-expression-language") as version:
        library = _module("cel")
    program = library.compile(CEL)
    return Contender(
        f"CEL, common-expression-language {version}", lambda case: case, lambda case: program.execute(case) is True
    )


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "by hand": by_hand,
    "Poort": poort,
    "Poort, loaded": poort_loaded,
    "Poort, whole": poort_whole,
    "oso": oso,
    "cedarpy": cedar,
    "celine-regorus": lambda: regorus("celine-regorus", by_json=True),
    "gordon-to-regorus": lambda: regorus("gordon-to-regorus", by_json=False),
    "casbin": casbin,
    "cel": cel,
}
OURS = ("by hand", "Poort", "Poort, loaded", "Poort, whole")
