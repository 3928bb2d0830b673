"""Metrics for Prometheus: decisions by action, outcome and primary code, and how long calls take.

With several workers each counts for itself in a shared folder, and `/metrics` of any tells the sum.
"""

import os
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.answers import Answer
from api.loaded import Loaded

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(slots=True)
class Metrics:
    """What one application has counted."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    decisions: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    children: dict[tuple[str, str, str], Counter] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.decisions = Counter(
            "poort_decisions",
            "Decisions, by action, outcome and primary code.",
            ("action", "outcome", "code"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "poort_request_seconds",
            "How long calls took, by endpoint and status.",
            ("endpoint", "status"),
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, loaded: Loaded, answer: Answer) -> None:
        """Count one decision; an action that the bundle does not know is `other`, so that labels stay few."""
        asked, decision = answer.asked, answer.decision
        if asked is None or decision is None:
            self.decisions.labels(OTHER, "malformed", "").inc()
            return
        action = asked.action if asked.action in loaded.policy.bundle.vocabulary.actions else OTHER
        outcome = "error" if decision.error else decision.effect.value
        key = (action, outcome, decision.reason)
        child = self.children.get(key)
        if child is None:
            child = self.children[key] = self.decisions.labels(*key)
        child.inc()

    def observe(self, endpoint: str, status: int, seconds: float) -> None:
        """Count how long one call took."""
        self.seconds.labels(endpoint, str(status)).observe(seconds)

    def text(self) -> bytes:
        """All metrics, in Prometheus' text form."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)
