"""Metrics for Prometheus: decisions by action, outcome and primary code, and how long calls take.

With several workers each counts for itself in a shared folder, and `/metrics` of any tells the sum.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from authz_api.authzen.responses import Answer
from authz_api.state import Loaded

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
    children: dict[tuple[str, ...], Any] = field(init=False, default_factory=dict, repr=False)
    """What is counted, by its labels: finding one anew takes longer than to count."""

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

    def count(self, loaded: Loaded, answers: Iterable[Answer]) -> None:
        """Count decisions; an action that the bundle does not know is `other`, so that labels stay few."""
        counted: dict[tuple[str, ...], int] = {}
        for one in answers:
            labels = _labels(loaded, one)
            counted[labels] = counted.get(labels, 0) + 1
        for said, number in counted.items():
            (self.children.get(said) or self._child(self.decisions, said)).inc(number)

    def observe(self, endpoint: str, status: int, seconds: float) -> None:
        """Count how long one call took."""
        labels = (endpoint, str(status))
        (self.children.get(labels) or self._child(self.seconds, labels)).observe(seconds)

    def _child(self, parent: Counter | Histogram, labels: tuple[str, ...]) -> Any:
        child = self.children[labels] = parent.labels(*labels)
        return child

    def text(self) -> bytes:
        """All metrics, in Prometheus' text form."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)


def _labels(loaded: Loaded, one: Answer) -> tuple[str, str, str]:
    asked, decision = one.asked, one.decision
    if asked is None or decision is None:
        return OTHER, one.undecided, ""
    action = asked.action if asked.action in loaded.actions else OTHER
    return action, "error" if decision.error else decision.effect.value, decision.reason
