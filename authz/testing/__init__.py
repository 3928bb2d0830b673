"""For testers (`pip install 'poort[testing]'`): Hypothesis strategies for any bundle, and a contract for fact stores.

    from authz import load_bundle
    from authz.testing import decide, worlds

    policy = load_bundle("policies/student_data")

    @given(worlds(policy))
    def test_no_permit_without_a_link(world):
        assert not (decide(policy, world) and not world.facts.lists["links"])

A world is near the line between a permit and a refusal: a scenario of the bundle that permits, edited up to three times
(`authz.verify.generate`). It shrinks towards the first of them, unedited. `pytest FOLDER` collects a bundle's scenario
files by itself.

`FactStoreContract` is for authors of fact stores: a test class with the laws that every store must satisfy.
"""

from authz.testing.fact_store_contract import FactStoreContract
from authz.testing.strategies import facts, requests, worlds
from authz.verify.worlds import World, as_scenario, decide

__all__ = ["FactStoreContract", "World", "as_scenario", "decide", "facts", "requests", "worlds"]
