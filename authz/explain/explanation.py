"""An explanation: why a request was decided so, and what would allow."""

from dataclasses import dataclass
from typing import Any

from authz.bundle.loading import Bundle
from authz.explain.counterfactual import Smallest
from authz.explain.render import conditions_as_data, smallest_as_data
from authz.explain.tree import Condition


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was decided so: the condition tree of `allow`, and for a refusal what would allow."""

    conditions: Condition
    smallest: Smallest | None

    def as_data(self, bundle: Bundle) -> dict[str, Any]:
        """The explanation for programs; the form is stable."""
        return {
            "conditions": conditions_as_data(self.conditions),
            "smallest_change": None if self.smallest is None else smallest_as_data(self.smallest, bundle),
        }
