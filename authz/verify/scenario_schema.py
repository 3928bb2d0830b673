"""The keys of scenario files, as pydantic reads them."""

import dataclasses
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictStr
from pydantic.dataclasses import dataclass as table

_CLOSED = ConfigDict(extra="forbid", defer_build=True)
Rows = dict[str, list[dict[str, Any]]]


@table(frozen=True, config=_CLOSED)
class Expectation:
    """What a scenario expects."""

    decision: Annotated[Literal["allow", "deny"], Field(description="the decision")]
    reason: Annotated[StrictStr | None, Field(description="the first reason code of a refusal")] = None
    reasons: Annotated[
        tuple[StrictStr, ...] | None, Field(description="all reason codes, in the order of the catalogue")
    ] = None


@table(frozen=True, config=_CLOSED)
class Scenario:
    """One situation with the decision that it must get."""

    id: Annotated[StrictStr, Field(min_length=1, description="a name that no other scenario of the file has")]
    request: Annotated[dict[str, Any], Field(description="the request, with its instant in `at`")]
    expect: Annotated[Expectation, Field(description="the decision and the reasons that must come of it")]
    title: Annotated[StrictStr, Field(description="the situation in one line")] = ""
    source: Annotated[StrictStr, Field(description="what settles the answer: a question of the FAQ, an inference")] = ""
    why: Annotated[StrictStr, Field(description="why the answer is right")] = ""
    facts: Annotated[
        dict[str, Any], Field(description="facts of this scenario: each key replaces the file's whole key")
    ] = dataclasses.field(default_factory=dict)
    add: Annotated[Rows, Field(description="rows to add, by list, after `remove`")] = dataclasses.field(
        default_factory=dict
    )
    remove: Annotated[
        Rows, Field(description="rows to remove, by list: each stands there exactly once, with these very fields")
    ] = dataclasses.field(default_factory=dict)
    parameters: Annotated[
        dict[str, Any], Field(description="parameters of the bundle that differ from their defaults")
    ] = dataclasses.field(default_factory=dict)


@table(frozen=True, config=_CLOSED)
class ScenarioFile:
    """A scenario file."""

    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1, description="the scenarios, at least one")]
    facts: Annotated[dict[str, Any], Field(description="facts that the scenarios share")] = dataclasses.field(
        default_factory=dict
    )
    extends: Annotated[
        StrictStr | None,
        Field(description="another scenario file of the folder, whose facts the facts of this file build on"),
    ] = None
