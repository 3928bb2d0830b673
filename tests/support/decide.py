"""Ask a policy about a world."""

from typing import Any

from authz import Decision, Policy
from authz.engine.loading import read_facts
from tests.support.student_worlds import World


def ask(policy: Policy, world: World) -> Decision:
    """The decision on a world."""
    return policy.with_parameters(world.parameters).decide(world.request, read_facts(world.facts, policy))


def gathered(policy: Policy, world: World) -> tuple[Any, str, Any]:
    """What an evaluator's `allow` takes: the subject, the action, and the request with its records."""
    asked = policy.bundle.requests.read(world.request)
    assert asked.at is not None
    parameters = policy.with_parameters(world.parameters).parameters
    record = policy.analyses.gather(asked, read_facts(world.facts, policy), asked.at, parameters)
    return policy.analyses.subject_of(record), asked.action, record
