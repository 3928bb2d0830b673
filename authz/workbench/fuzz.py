"""Doubt a bundle: generated worlds, decided in more than one way; what differs is shrunk to a scenario that runs.

Compared are the compiled form with the laws that hold of every bundle (a permit has no reason, a refusal has one, order
and duplicates do not matter), with itself for many rows, with the laws that the bundle declares, with search, and with
oso. A corpus is kept: what failed, and the first world that reached each combination of reasons.
"""

import dataclasses
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authz import reference
from authz.bundles.vocabulary import attribute
from authz.compiled.python import compile_program
from authz.deciding.decision import Evaluator
from authz.documents import inspect_document
from authz.explaining.reading import Reading
from authz.language.faults import Fault, Faulty, Span
from authz.policy import Policy
from authz.search import Searched, search
from authz.workbench.worlds import Draw, World, Worlds, as_scenario, replay, seeds, world_from

OFTEN, SELDOM = 4, 32
"""Every how many worlds the cheaper, and the dearer, comparisons are made."""
OSO_SHARE = 0.3
"""How much of the time oso may take."""
MOST_SHRINKS = 1_000
MOST_KEPT = 100
"""How many worlds a corpus keeps at most."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a world: which comparison says so, what it says, and what would be right."""

    check: str
    said: str
    world: World
    right: str = "deny"
    reasons: tuple[str, ...] | None = None


@dataclass(slots=True)
class Report:
    """What a run did, and what it found."""

    seed: int
    worlds: int = 0
    replayed: int = 0
    skipped: int = 0
    permits: int = 0
    seconds: float = 0.0
    oso: int = 0
    oso_reasons: int = 0
    laws: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    clauses: Counter[str] = field(default_factory=Counter)
    all_clauses: tuple[str, ...] = ()
    all_codes: tuple[str, ...] = ()
    wrong: Wrong | None = None
    scenario: Path | None = None

    def lines(self) -> Iterator[str]:
        """The run, for people."""
        rate = self.worlds / self.seconds if self.seconds else 0.0
        share = 100 * self.permits / self.worlds if self.worlds else 0.0
        yield (
            f"{self.worlds} worlds in {self.seconds:.0f} s ({rate:.0f} a second), "
            f"{share:.0f} % permits, seed {self.seed}"
        )
        if self.replayed or self.skipped:
            skipped = f", {self.skipped} of an older vocabulary skipped" if self.skipped else ""
            yield f"corpus: {self.replayed} replayed first{skipped}"
        if self.oso:
            yield f"compared with oso: {self.oso} decisions, {self.oso_reasons} of them with all codes"
        else:
            yield "not compared with oso: it is not installed here, or there was no time"
        for law, count in sorted(self.laws.items()):
            yield f"law: {law}: {count} rows added"
        for what, found, known in (("codes", self.codes, self.all_codes), ("clauses", self.clauses, self.all_clauses)):
            missed = [one for one in known if not found[one]]
            yield f"reached: {len(known) - len(missed)} of {len(known)} {what}"
            if missed:
                shown = ", ".join(missed[:8])
                yield f"  not: {shown}{f' and {len(missed) - 8} more' if len(missed) > 8 else ''}"
        if self.wrong:
            yield f"FAILED {self.wrong.check}: {self.wrong.said}"
            yield f"  the smallest world found is in {self.scenario}: run `authz test {self.scenario}`"
        else:
            yield "no difference, and no law broken"


Progress = Callable[[int, int | None], None]


def fuzz(
    policy: Policy,
    seconds: float,
    seed: int,
    corpus: Path,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], float] = time.monotonic,
    most: int | None = None,
) -> Report:
    """Draw and compare worlds until the time is up, `most` are drawn, or something is wrong.

    Raises:
        Faulty: no world can be drawn for this bundle, or the reference refuses it.
        OSError: the corpus cannot be written.
    """
    own, _ = seeds(policy)
    if not own:
        raise Faulty(
            [Fault(Span(policy.bundle.path), "no world could be drawn to decide on", "add a scenario that permits")]
        )
    report = Report(seed, all_codes=tuple(policy.bundle.catalogue))
    checks = Checks(Worlds(policy, own), report)
    kept = _Corpus(corpus, policy)
    started = clock()
    stream = random.Random(seed)
    bits = stream.getrandbits
    for world in kept.worlds(report):
        report.replayed += 1
        wrong = checks.all(world, replay([report.replayed]))
        if wrong:
            return _failed(checks, report, kept, wrong, None, clock() - started)
    while (passed := clock() - started) < seconds and (most is None or report.worlds < most):
        numbers: list[int] = []

        def draw(bound: int, numbers: list[int] = numbers) -> int:
            number = bits(16) % bound
            numbers.append(number)
            return number

        checks.spent = passed
        wrong = checks.one(draw)
        if wrong:
            return _failed(checks, report, kept, wrong, numbers, clock() - started)
        if checks.new:
            kept.keep(checks.new, checks.reasons)
        if report.worlds % 200 == 0:
            progress(report.worlds, None)
    report.seconds = clock() - started
    return report


class Checks:
    """The comparisons, made of one world after another."""

    def __init__(self, worlds: Worlds, report: Report) -> None:
        self.worlds, self.report, self.policy = worlds, report, worlds.policy
        bundle = self.policy.bundle
        self.many: Evaluator = compile_program(bundle.program, attribute, many=-1)
        self.oso = reference.Reference(bundle) if reference.available() else None
        self.seen: set[tuple[str, ...]] = set()
        self.new: World | None = None
        self.reasons: tuple[str, ...] = ()
        self.spent, self.spent_on_oso = 0.0, 0.0
        report.all_clauses = tuple(
            f"{rule.span.path.removeprefix(f'{bundle.path}/')}:{rule.span.line}"
            for rules in bundle.program.rules.values()
            for rule in rules
        )

    def one(self, draw: Draw) -> Wrong | None:
        """Draw a world and compare: the cheap always, the dear now and then."""
        world = self.worlds.draw(draw)
        try:
            return self.compared(world, draw)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what we look for
            return Wrong("breaks", f"deciding raises {type(error).__name__}: {error}", world)

    def compared(self, world: World, draw: Draw) -> Wrong | None:
        """Compare a world as its number asks."""
        number = self.report.worlds
        self.report.worlds += 1
        wrong = self.lawful(world)
        if wrong is None and number % OFTEN == 0:
            wrong = self.rearranged(world, draw) or self.halves(world)
        if wrong is None and self.reasons:
            wrong = self.laws(world, draw)
        if wrong is None and number % SELDOM == 0:
            wrong = self.searched(world)
            self.reach(world)
        if wrong is None and self.oso is not None and self.spent_on_oso <= OSO_SHARE * self.spent:
            wrong = self.reference(world, number % 10 == 0)
        return wrong

    def all(self, world: World, draw: Draw) -> Wrong | None:
        """Compare one world in every way."""
        self.report.worlds += 1
        try:
            self.reach(world)
            wrong = self.lawful(world) or self.rearranged(world, draw) or self.halves(world)
            return wrong or self.laws(world, draw) or self.searched(world) or self.reference(world, True)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what we look for
            return Wrong("breaks", f"deciding raises {type(error).__name__}: {error}", world)

    def decided(self, world: World, evaluator: Evaluator | None = None) -> tuple[bool, tuple[str, ...]]:
        """Whether a world permits, and all codes that hold."""
        policy, asked = self.worlds.policy_of(world), world.asked
        gathered = policy.gather(asked, world.facts, world.at, policy.parameters)
        subject = policy.subject(asked, gathered)
        evaluator = evaluator or policy.evaluator
        permits = subject is not None and evaluator.allow(subject, asked.action, gathered) is True
        return permits, evaluator.reasons(gathered)

    def breaking(self, world: World) -> Wrong | None:
        """Deciding a world does not break."""
        try:
            self.decided(world)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what we look for
            return Wrong("breaks", f"deciding raises {type(error).__name__}: {error}", world)
        return None

    def lawful(self, world: World) -> Wrong | None:
        """A permit has no reason code, a refusal has one, and nothing breaks."""
        permits, reasons = self.decided(world)
        self.report.permits += permits
        self.report.codes.update(reasons)
        self.reasons, self.new = reasons, None
        if reasons not in self.seen and len(reasons) <= 2:
            self.seen.add(reasons)
            self.new = world
        if permits and reasons:
            return Wrong(
                "permit with a reason", f"permitted, although {', '.join(reasons)} holds", world, "deny", reasons
            )
        if not permits and not reasons:
            return Wrong("refusal without a reason", "refused, and no reason holds", world, "allow")
        return None

    def rearranged(self, world: World, draw: Draw) -> Wrong | None:
        """Order and duplicates do not matter."""
        lists = {}
        for name, rows in world.facts.lists.items():
            if len(rows) > 1 or (rows and not self.worlds.listed[name].key):
                more = [] if self.worlds.listed[name].key else [rows[draw(len(rows))]]
                turn = draw(len(rows))
                lists[name] = (*rows[turn:], *more, *rows[:turn][::-1])
        moved = self.worlds.with_rows(world, lists)
        before, after = self.decided(world), self.decided(moved)
        if before == after:
            return None
        return Wrong("order", f"{_said(before)}, and with rows in another order {_said(after)}", world, *_right(before))

    def halves(self, world: World) -> Wrong | None:
        """The half of the compiled form for many rows decides as the half for few."""
        few, many = self.decided(world), self.decided(world, self.many)
        if few == many:
            return None
        return Wrong("many rows", f"{_said(few)}, and by the form for many rows {_said(many)}", world, *_right(few))

    def laws(self, world: World, draw: Draw) -> Wrong | None:
        """A law of the bundle: adding a row that it speaks of never grants."""
        laws = self.policy.bundle.laws
        if not laws:
            return None
        law = laws[draw(len(laws))]
        row = self.worlds.row(draw, world, law.never_grants)
        if row is None:
            return None
        if law.when is not None:
            gathered = self.worlds.gathered(world)
            count = len(self.policy.bundle.program.rules[law.when][0].parameters)
            reading = Reading(self.policy.bundle.program, attribute)
            if not reading.rule(law.when, *(gathered, row)[-count:]):
                return None
            self.clauses(reading)
        name = law.about or f"adding {law.never_grants} never grants"
        self.report.laws[name] += 1
        more = self.worlds.with_row(world, law.never_grants, row)
        if not self.decided(more)[0] or self.decided(world)[0]:
            return None
        return Wrong("law", f"{name}: adding a row to `{law.never_grants}` turned a refusal into a permit", more)

    def searched(self, world: World) -> Wrong | None:
        """A search finds whom the decision permits, and no others."""
        policy, asked = self.worlds.policy_of(world), world.asked
        subject, resource = policy.bundle.vocabulary.parties
        for searched, side, ids in (
            (Searched.RESOURCE, "resource_id", world.facts.entities[resource.record]),
            (Searched.SUBJECT, "subject_id", world.facts.entities[subject.record]),
            (Searched.ACTION, "action", policy.bundle.vocabulary.actions),
        ):
            tried = {one.request for one in _hashable(search(policy, world.facts, asked, searched, world.at))}
            for id in ids:
                change: dict[str, Any] = {side: id}
                one = dataclasses.replace(asked, **change)
                about = dataclasses.replace(world, asked=one)
                if (asked.subject_type, asked.resource_type) != (subject.type, resource.type):
                    continue
                permits = self.decided(about)[0]
                if permits is not (_key(one) in tried) and not _open(policy, one, searched):
                    found = "does not find" if permits else "finds"
                    said = f"a {searched.value} search {found} `{id}`, which is {'permitted' if permits else 'refused'}"
                    return Wrong("search", said, about, "allow" if permits else "deny")
        return None

    def reference(self, world: World, full: bool) -> Wrong | None:
        """oso decides alike."""
        if self.oso is None:
            return None
        started = time.monotonic()
        permits, reasons = self.decided(world)
        gathered, asked = self.worlds.gathered(world), world.asked
        subject = self.policy.subject(asked, gathered)
        allowed = subject is not None and self.oso.allow(subject, asked.action, gathered)
        codes = self.oso.reasons(gathered) if full else reasons
        self.spent_on_oso += time.monotonic() - started
        self.report.oso += 1
        self.report.oso_reasons += full
        if (allowed, codes) == (permits, reasons):
            return None
        said = f"compiled says {_said((permits, reasons))}, and oso {_said((allowed, codes))}"
        return Wrong("oso", said, world, *_right((allowed, codes)))

    def reach(self, world: World) -> None:
        """Note which clauses hold somewhere in a world."""
        gathered = self.worlds.gathered(world)
        subject = self.worlds.policy.subject(world.asked, gathered)
        reading = Reading(self.policy.bundle.program, attribute)
        reading.rule("allow", subject, world.asked.action, gathered)
        for code in self.policy.bundle.catalogue:
            reading.rule("reason", gathered, code)
        self.clauses(reading)

    def clauses(self, reading: Reading) -> None:
        """Note the clauses that a reading found to hold."""
        prefix = f"{self.policy.bundle.path}/"
        self.report.clauses.update(f"{path.removeprefix(prefix)}:{line}" for path, line in reading.held)


def _hashable(found: Iterator[Any]) -> Iterator[Any]:
    for candidate in found:
        if candidate.allowed:
            yield dataclasses.replace(candidate, request=_key(candidate.request))


def _key(asked: Any) -> tuple[Any, ...]:
    return (asked.subject_id, asked.action, asked.resource_id, tuple(sorted(map(str, asked.properties.items()))))


def _open(policy: Policy, asked: Any, searched: Searched) -> bool:
    """Whether a search tries ids that the request leaves open: its results then name others."""
    return any(
        kind.searched and kind.source[0] == searched.value and asked.properties[name] is None
        for name, kind in policy.bundle.vocabulary.properties.items()
    )


def _said(decision: tuple[bool, tuple[str, ...]]) -> str:
    permits, reasons = decision
    return " ".join(["allow" if permits else "deny", *reasons])


def _right(decision: tuple[bool, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    return "allow" if decision[0] else "deny", decision[1]


# Shrinking.


def _failed(
    checks: Checks, report: Report, kept: "_Corpus", wrong: Wrong, numbers: list[int] | None, seconds: float
) -> Report:
    """The report of a run that found something: shrunk, and written as a scenario that runs."""
    report.seconds = seconds
    if numbers is not None:
        wrong = shrink_numbers(checks, wrong, numbers)
    wrong = shrink_rows(checks, wrong)
    report.wrong = wrong
    report.scenario = kept.fail(wrong)
    return report


def again(checks: Checks, wrong: Wrong, world: World, draw: Draw) -> Wrong | None:
    """The same comparison of another world."""
    made: Mapping[str, Callable[[], Wrong | None]] = {
        "breaks": lambda: checks.breaking(world),
        "permit with a reason": lambda: checks.lawful(world),
        "refusal without a reason": lambda: checks.lawful(world),
        "order": lambda: checks.rearranged(world, draw),
        "many rows": lambda: checks.halves(world),
        "law": lambda: checks.laws(world, draw),
        "search": lambda: checks.searched(world),
        "oso": lambda: checks.reference(world, True),
    }
    try:
        found = made[wrong.check]()
    except Exception:  # noqa: BLE001 - a world that breaks otherwise is no smaller failure of this kind
        return None
    return found if found and found.check == wrong.check else None


def shrink_numbers(checks: Checks, wrong: Wrong, numbers: list[int]) -> Wrong:
    """The failure of the shortest and least list of integers that is found to fail alike."""

    def fails(tried: list[int]) -> Wrong | None:
        draw = replay(tried)
        world = checks.worlds.draw(draw)
        return again(checks, wrong, world, draw)

    best, left = list(numbers), MOST_SHRINKS
    improved = True
    while improved and left > 0:
        improved = False
        size = len(best)
        tries = [best[:start] + best[start + length :] for length in (8, 4, 2, 1) for start in range(0, size, length)]
        tries += [
            [*best[:i], n, *best[i + 1 :]]
            for i in range(size)
            for n in (0, best[i] // 2, best[i] - 1)
            if 0 <= n < best[i]
        ]
        for tried in tries:
            left -= 1
            found = fails(tried) if left > 0 else None
            if found:
                best, wrong, improved = tried, found, True
                break
    return wrong


def shrink_rows(checks: Checks, wrong: Wrong) -> Wrong:
    """The failure with as few rows as are found to fail alike."""
    if wrong.check == "law":
        # The row that was added is drawn anew with every world: what is left is as small as its integers made it.
        return wrong
    improved = True
    while improved:
        improved = False
        for name, rows in wrong.world.facts.lists.items():
            for index in range(len(rows)):
                fewer = checks.worlds.with_rows(wrong.world, {name: (*rows[:index], *rows[index + 1 :])})
                if not _whole(checks.worlds, fewer):
                    continue
                found = again(checks, wrong, fewer, replay(()))
                if found:
                    wrong, improved = found, True
                    break
            if improved:
                break
    return wrong


def _whole(worlds: Worlds, world: World) -> bool:
    """Whether what rows name is there."""
    reader = worlds.policy.facts_reader
    return not any(reader.problems(name, row, world.facts) for name, rows in world.facts.lists.items() for row in rows)


# The corpus.


class _Corpus:
    """A folder of scenario files, each named by the vocabulary that it was drawn under."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder, self.policy = folder, policy
        self.shape = policy.bundle.shape[:12]
        self.kept = 0

    def worlds(self, report: Report) -> Iterator[World]:
        """The worlds that were kept, what failed first; those of another vocabulary are skipped, and counted."""
        files = sorted(self.folder.glob("*.json"), key=lambda path: (not path.name.startswith("failed"), path.name))
        for path in files:
            if self.shape not in path.name:
                report.skipped += 1
                continue
            try:
                document, _ = inspect_document(path, str(path))
                (given,) = document["scenarios"]
                world = world_from(self.policy, given.get("facts", {}), given["request"], given.get("parameters", {}))
            except (Faulty, KeyError, TypeError, ValueError, AttributeError):
                report.skipped += 1
                continue
            self.kept += 1
            yield world

    def keep(self, world: World, reasons: tuple[str, ...]) -> None:
        """Keep a world that reached what none did before."""
        if self.kept < MOST_KEPT:
            self.kept += 1
            expect: dict[str, Any] = {"decision": "deny" if reasons else "allow", "reasons": list(reasons)}
            self._write("kept", world, expect, " ".join(reasons) or "a permit")

    def fail(self, wrong: Wrong) -> Path:
        """Keep what failed, as a scenario that expects what is right."""
        expect: dict[str, Any] = {"decision": wrong.right}
        if wrong.reasons is not None:
            expect["reasons"] = list(wrong.reasons)
        return self._write("failed", wrong.world, expect, f"{wrong.check}: {wrong.said}")

    def _write(self, kind: str, world: World, expect: dict[str, Any], title: str) -> Path:
        scenario = as_scenario(self.policy, world)
        name = hashlib.sha256(json.dumps(scenario, sort_keys=True).encode()).hexdigest()[:12]
        text = json.dumps(
            {"scenarios": [{"id": name, "title": title, **scenario, "expect": expect}]}, indent=1, ensure_ascii=False
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{kind}-{self.shape}-{name}.json"
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(path)
        return path
