"""The facts of a scenario: `extends`, `facts`, `remove` and `add`, and the place of each fault in them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz import Policy
from authz.engine.loading import read_facts
from authz.verify.scenario_files import read_scenario_file
from authz.verify.scenarios import run
from authz.verify.worlds import world_of
from tests.support.paths import STUDENT

FACTS: dict[str, Any] = json.loads((STUDENT / "facts.json").read_text())
REQUEST: dict[str, Any] = json.loads((STUDENT / "examples" / "everything-in-place.json").read_text())
LINK = {"school": "S1", "supplier": "X", "valid_from": "2024-09-01"}
ALLOW, CLOSED = {"decision": "allow"}, {"decision": "deny", "reasons": ["SCHOOL_LINK_CLOSED"]}


def scenario(id: str = "one", **keys: Any) -> dict[str, Any]:
    return {"id": id, "request": REQUEST, "expect": ALLOW, **keys}


def write(path: Path, *scenarios: Any, **keys: Any) -> Path:
    """A scenario file, written."""
    path.write_text(json.dumps({"scenarios": list(scenarios) or [scenario(facts=FACTS)], **keys}))
    return path


def problems(policy: Policy, path: Path) -> list[list[str]]:
    """The problems of each result of a file, with the names of files alone."""
    folder = f"{path.parent}/"
    return [[problem.replace(folder, "") for problem in result.problems] for result in run(policy, [path])]


def facts_of(policy: Policy, path: Path, index: int = 0) -> dict[str, Any]:
    """The facts document that a scenario is decided on."""
    document = read_scenario_file(path)
    return dict(document.facts_of(document.scenario(index), index, policy.bundle.vocabulary).values)


def test_a_file_builds_on_the_facts_of_the_file_that_it_extends(policy: Policy, tmp_path: Path) -> None:
    write(tmp_path / "base.json", facts=FACTS)
    middle = write(tmp_path / "middle.json", scenario(expect=CLOSED), extends="base.json", facts={"links": []})
    last = write(tmp_path / "last.json", scenario(), extends="middle.json", facts={"links": [LINK]})
    assert facts_of(policy, middle) == {**FACTS, "links": []}
    assert facts_of(policy, last) == {**FACTS, "links": [LINK]}
    assert problems(policy, middle) == problems(policy, last) == [[]]


def test_the_scenarios_of_an_extended_file_are_not_run_again(policy: Policy, tmp_path: Path) -> None:
    write(tmp_path / "base.json", scenario("of the base", expect=CLOSED), facts=FACTS)
    path = write(tmp_path / "other.json", scenario(), extends="base.json")
    assert [(result.id, result.passed) for result in run(policy, [path])] == [("one", True)]


def test_rows_are_removed_and_then_added(policy: Policy, tmp_path: Path) -> None:
    write(tmp_path / "base.json", facts={**FACTS, "links": [LINK]})
    later = {**LINK, "valid_from": "2025-03-01"}
    path = write(
        tmp_path / "other.json",
        scenario("closed", remove={"links": [LINK]}, expect=CLOSED),
        scenario("reopened", remove={"links": [LINK]}, add={"links": [later]}),
        scenario("untouched"),
        extends="base.json",
    )
    assert problems(policy, path) == [[], [], []]
    assert [facts_of(policy, path, index)["links"] for index in range(3)] == [[], [later], [LINK]]


def test_a_row_is_removed_before_the_same_row_is_added(policy: Policy, tmp_path: Path) -> None:
    path = write(
        tmp_path / "one.json",
        scenario(remove={"links": [LINK]}, add={"links": [LINK]}),
        facts={**FACTS, "links": [LINK]},
    )
    assert problems(policy, path) == [[]]
    assert facts_of(policy, path)["links"] == [LINK]


def test_rows_can_be_added_to_a_list_that_is_empty(policy: Policy, tmp_path: Path) -> None:
    suspension = {"supplier": "X", "valid_from": "2025-01-01"}
    path = write(
        tmp_path / "one.json",
        scenario(
            facts=FACTS,
            add={"suspensions": [suspension]},
            expect={"decision": "deny", "reason": "ACCREDITATION_SUSPENDED"},
        ),
    )
    assert problems(policy, path) == [[]]
    assert facts_of(policy, path) == {**FACTS, "suspensions": [suspension]}


def test_rows_change_what_the_scenarios_own_facts_give(policy: Policy, tmp_path: Path) -> None:
    path = write(
        tmp_path / "one.json",
        scenario(facts={"links": [LINK]}, remove={"links": [LINK]}, expect=CLOSED),
        facts=FACTS,
    )
    assert problems(policy, path) == [[]]


@given(st.lists(st.integers(0, 5), max_size=6), st.lists(st.integers(6, 9), max_size=3), st.data())
def test_removing_and_adding_is_what_it_is_for_lists(
    policy: Policy, tmp_path_factory: pytest.TempPathFactory, numbers: list[int], more: list[int], data: st.DataObject
) -> None:
    """Rows are told apart by their content: one that stands twice cannot be removed, the order of the rest is kept."""
    once = sorted(number for number in set(numbers) if numbers.count(number) == 1)
    gone = data.draw(st.lists(st.sampled_from(once), unique=True)) if once else []

    def rows(of: list[int]) -> list[dict[str, Any]]:
        return [{"supplier": "X", "valid_from": f"2001-01-0{number + 1}"} for number in of]

    path = write(
        tmp_path_factory.getbasetemp() / "rows.json",
        scenario(
            facts={"suspensions": rows(numbers)}, remove={"suspensions": rows(gone)}, add={"suspensions": rows(more)}
        ),
    )
    assert facts_of(policy, path)["suspensions"] == rows([n for n in numbers if n not in gone] + more)


AT = "one.json: scenarios[0]"
MISUSES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown list": (
        {"add": {"link": [LINK]}},
        [f"{AT}.add.link: is not known here\nhelp: did you mean `links`?"],
    ),
    "an unknown list to remove from": (
        {"remove": {"link": [LINK]}},
        [f"{AT}.remove.link: is not known here\nhelp: did you mean `links`?"],
    ),
    "one value and not a list": (
        {"add": {"enrolments_as_of": [{}]}},
        [f"{AT}.add.enrolments_as_of: is one value and not a list\nhelp: set it in `facts`"],
    ),
    "a row that is not there": (
        {"remove": {"links": [{**LINK, "valid_from": "2024-09-02"}]}},
        [f"{AT}.remove.links[0]: no such row stands in `links`"],
    ),
    "part of a row that is there": (
        {"remove": {"links": [{"school": "S1", "supplier": "X"}]}},
        [f"{AT}.remove.links[0]: no such row stands in `links`"],
    ),
    "a row of a list that is empty": (
        {"remove": {"suspensions": [{"supplier": "X"}]}},
        [f"{AT}.remove.suspensions[0]: no such row stands in `suspensions`"],
    ),
    "a row that stands twice": (
        {"facts": {"links": [LINK, LINK]}, "remove": {"links": [LINK]}},
        [f"{AT}.remove.links[0]: stands 2 times in `links`"],
    ),
    "a row that is removed twice": (
        {"remove": {"links": [LINK, LINK]}},
        [f"{AT}.remove.links[1]: no such row stands in `links`"],
    ),
    "a row that the scenario itself adds": (
        {"remove": {"suspensions": [{"supplier": "X"}]}, "add": {"suspensions": [{"supplier": "X"}]}},
        [f"{AT}.remove.suspensions[0]: no such row stands in `suspensions`"],
    ),
    "a list that is none": ({"add": {"links": LINK}}, [f"{AT}.add.links: is not a list"]),
    "a row that is none": ({"remove": {"links": ["X"]}}, [f"{AT}.remove.links[0]: is not an object"]),
    "lists that are none": ({"add": [LINK]}, [f"{AT}.add: is not an object"]),
    "facts that are no list": (
        {"facts": {"links": {}}, "add": {"links": [LINK]}},
        [f"{AT}.add.links: the facts that it builds on are not a list"],
    ),
    "a faulty row": (
        {"add": {"links": [LINK, {**LINK, "school": "S9"}]}},
        [f"{AT}.add.links[1].school: there is no School `S9`"],
    ),
    "every misuse at once": (
        {"remove": {"links": [{}]}, "add": {"lynx": [], "suspension": []}},
        [
            f"{AT}.add.lynx: is not known here",
            f"{AT}.add.suspension: is not known here\nhelp: did you mean `suspensions`?",
            f"{AT}.remove.links[0]: no such row stands in `links`",
        ],
    ),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_misuse_of_add_and_remove_is_a_fault_with_its_place(policy: Policy, tmp_path: Path, name: str) -> None:
    keys, expected = MISUSES[name]
    path = write(tmp_path / "one.json", scenario(**keys), scenario("two"), facts={**FACTS, "links": [LINK]})
    assert problems(policy, path) == [expected, []]


EXTENDS: dict[str, tuple[Any, str]] = {
    "a file that is not there": (
        "bace.json",
        "`bace.json`\nhelp: did you mean `base.json`?",
    ),
    "a folder": (".", "there is no scenario file `.`"),
    "a file of another kind": ("notes.txt", "there is no scenario file `notes.txt`"),
    "a file outside the folder": ("../outside.json", "`../outside.json` is outside the folder of this file"),
    "a link that leads outside the folder": ("link.json", "`link.json` is outside the folder of this file"),
    "an absolute path": ("/outside.json", "`/outside.json` is outside the folder of this file"),
    "itself": ("one.json", "files extend each other in a circle: one.json -> one.json"),
    "another type": (["base.json"], "is not a string"),
}


@pytest.mark.parametrize("name", EXTENDS)
def test_a_misuse_of_extends_is_a_fault_and_no_scenario_of_the_file_is_decided(
    policy: Policy, tmp_path: Path, name: str
) -> None:
    extends, expected = EXTENDS[name]
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "link.json").symlink_to(write(tmp_path / "outside.json", facts=FACTS))
    (folder / "notes.txt").write_text("{}")
    write(folder / "base.json", facts=FACTS)
    (file, *scenarios) = problems(policy, write(folder / "one.json", scenario(facts=FACTS), extends=extends))
    assert len(file) == 1 and file[0].startswith("one.json: extends: ") and file[0].endswith(expected)
    assert scenarios == [["one.json: scenarios[0]: the facts of this file have faults"]]


def test_files_that_extend_each_other_are_a_fault_of_each(policy: Policy, tmp_path: Path) -> None:
    first = write(tmp_path / "first.json", scenario(facts=FACTS), extends="second.json")
    second = write(tmp_path / "second.json", scenario(facts=FACTS), extends="first.json")
    assert problems(policy, first)[0] == [
        "second.json: extends: files extend each other in a circle: first.json -> second.json -> first.json"
    ]
    assert problems(policy, second)[0] == [
        "first.json: extends: files extend each other in a circle: second.json -> first.json -> second.json"
    ]


def test_a_fault_in_extended_facts_is_reported_where_it_stands(policy: Policy, tmp_path: Path) -> None:
    lists = {"links": [LINK, {**LINK, "school": "S9"}], "holds": [{"student": "tim", "kind": "appeal"}]}
    write(tmp_path / "base.json", facts={**FACTS, **lists})
    path = write(
        tmp_path / "other.json",
        scenario(),
        scenario("moved", remove={"links": [LINK]}, facts={"holds": []}),
        scenario("mended", facts={"holds": [], "links": [LINK]}),
        extends="base.json",
    )
    assert problems(policy, path) == [
        ["base.json: facts.holds[0].kind: `appeal` is not one of `restriction`, `objection`, `dispute`"],
        ["base.json: facts.links[1].school: there is no School `S9`"],
        [],
    ]


def test_an_extended_file_that_is_torn_is_reported_in_that_file(policy: Policy, tmp_path: Path) -> None:
    path = write(tmp_path / "other.json", scenario(), extends="base.json")
    for text, expected in (
        ('{"facts": ', "base.json:1:11: not JSON: expecting value"),
        ("[]", "base.json: is not an object"),
        ('{"facts": {"links": [], "links": []}}', "base.json: facts.links: this key stands here twice"),
        ('{"facts": []}', "base.json: facts: is not an object"),
    ):
        (tmp_path / "base.json").write_text(text)
        file, one = problems(policy, path)
        assert [problem.partition("\n")[0] for problem in file] == [expected]
        assert one == ["other.json: scenarios[0]: the facts of this file have faults"]


def test_worlds_are_drawn_from_the_facts_that_a_scenario_is_decided_on(policy: Policy, tmp_path: Path) -> None:
    write(tmp_path / "base.json", facts={**FACTS, "links": [LINK]})
    document = read_scenario_file(
        write(tmp_path / "other.json", scenario(remove={"links": [LINK]}), extends="base.json")
    )
    world = world_of(policy, document, 0, document.scenario(0))
    assert world.facts == read_facts({**FACTS, "links": []}, policy)
