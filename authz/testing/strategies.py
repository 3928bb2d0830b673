"""Hypothesis strategies for the requests, facts and worlds of a bundle."""

from functools import lru_cache

from hypothesis import strategies as st

from authz.bundle.requests import EvaluationRequest
from authz.engine.policy import Policy
from authz.facts.memory import Facts
from authz.verify.generate import WorldGenerator
from authz.verify.seeds import seeds
from authz.verify.worlds import World

MAX_NUMBERS = 60


@lru_cache(maxsize=8)
def _worlds_of(digest: str, policy: "_PolicyKey") -> WorldGenerator:
    return WorldGenerator(policy.policy, seeds(policy.policy)[0])


class _PolicyKey:
    """A policy as a key: two policies of one digest have the same worlds."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _PolicyKey) and self.policy.digest == other.policy.digest

    def __hash__(self) -> int:
        return hash(self.policy.digest)


def worlds(policy: Policy) -> st.SearchStrategy[World]:
    """Worlds of a bundle: facts, a request with its instant, and parameters.

    Raises:
        ValueError: the bundle has no scenario, and no plain world could be made for it.
    """
    generator = _worlds_of(policy.digest, _PolicyKey(policy))
    if not generator.seeds:
        raise ValueError(f"no world can be drawn for `{policy.bundle.path}`: add a scenario that permits")
    numbers = st.lists(st.integers(0, 2**16 - 1), max_size=MAX_NUMBERS)
    return numbers.map(generator.world)


def requests(policy: Policy) -> st.SearchStrategy[EvaluationRequest]:
    """Requests of a bundle, each with its instant."""
    return worlds(policy).map(lambda world: world.request)


def facts(policy: Policy) -> st.SearchStrategy[Facts]:
    """Valid facts of a bundle."""
    return worlds(policy).map(lambda world: world.facts)
