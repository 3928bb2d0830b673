"""Ask a policy about a world."""

from typing import Any

from authz import Decision, Policy
from tests.support.student_worlds import World


def ask(policy: Policy, world: World) -> Decision:
    """The decision on a world."""
    return policy.with_parameters(world.parameters).decide(world.request, policy.facts(world.facts))


def gathered(policy: Policy, world: World) -> tuple[Any, str, Any]:
    """What an evaluator's `allow` takes: the subject, the action, and the request with its records."""
    asked = policy.request(world.request)
    assert asked.at is not None
    parameters = policy.with_parameters(world.parameters).parameters
    record = policy.gather(asked, policy.facts(world.facts), asked.at, parameters)
    return policy.subject(asked, record), asked.action, record
