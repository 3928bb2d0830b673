"""Metrics for Prometheus: decisions by action, outcome and primary code, and the duration of calls.

With several workers each one counts in files of a shared folder, and `/metrics` of any worker reports the sum. The
folder is named by `PROMETHEUS_MULTIPROC_DIR`, which `prometheus_client` reads when it is imported.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from authz_api.authzen.endpoint import EvaluationResult
from authz_api.logs import log
from authz_api.problems import ProblemError
from authz_api.state import Snapshot

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(slots=True)
class Metrics:
    """The metrics of one process. `children` caches the metric of each combination of labels.

    Counting never raises: metrics that cannot be written change no response.
    """

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    decisions: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    children: dict[tuple[str | int, ...], Any] = field(init=False, default_factory=dict, repr=False)
    failed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.decisions = Counter(
            "poort_decisions",
            "Decisions, by action, outcome and primary code.",
            ("action", "outcome", "code"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "poort_request_seconds",
            "Duration of calls, by endpoint and status.",
            ("endpoint", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )

    def count(self, snapshot: Snapshot, results: Iterable[EvaluationResult]) -> None:
        """Count decisions. An action that the bundle does not declare is `other`, so that labels stay few."""
        try:
            self._count(snapshot, results)
        except Exception:  # noqa: BLE001 - see the class
            self._fail()

    def _count(self, snapshot: Snapshot, results: Iterable[EvaluationResult]) -> None:
        children, actions = self.children, snapshot.actions
        counts: dict[tuple[str, str, str], int] = {}
        for result in results:
            request, reasons = result.request, result.reasons
            action = request.action if request is not None and request.action in actions else OTHER
            labels = action, result.outcome, reasons[0] if reasons else ""
            counts[labels] = counts.get(labels, 0) + 1
        for labels, number in counts.items():
            (children.get(labels) or self._child(self.decisions, labels)).inc(number)

    def observe(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one call and its duration."""
        labels = (endpoint, status)
        try:
            (self.children.get(labels) or self._child(self.seconds, labels)).observe(seconds)
        except Exception:  # noqa: BLE001 - see the class
            self._fail()

    def _fail(self) -> None:
        """Log the first failure; the next ones would fill the log."""
        if not self.failed:
            self.failed = True
            log().error("metrics cannot be written", exc_info=True)

    def _child(self, parent: Counter | Histogram, labels: tuple[str | int, ...]) -> Any:
        child = self.children[labels] = parent.labels(*labels)
        return child

    def text(self) -> bytes:
        """All metrics, in Prometheus' text format.

        Raises:
            ProblemError: 503 if the workers' files cannot be read.
        """
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self.registry)
        sum_of_workers = CollectorRegistry()
        try:
            MultiProcessCollector(sum_of_workers)
            return generate_latest(sum_of_workers)
        except (OSError, ValueError):
            raise ProblemError(503, "the metrics cannot be read") from None
