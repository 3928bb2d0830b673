"""`python -m bench.http [--rounds N] [--seconds N] [--plot FILE]`: one server core, one client core, in alternation.

`authz serve` with identity and decision record on, over the student bundle and over the ten conditions of
`bench.peers`; a plain FastAPI route that does the same; Cerbos with an equal policy, the facts in the body. All agree
on every answer asked first; then each has its turn in every round, and ratios are medians of the rounds' own.
"""

import argparse
import http.client
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from authz_api.operations import EVALUATION, EVALUATIONS, SEARCH

from bench.http import cerbos, ten
from bench.http.load import CONNECTIONS, Asked, Failed, Most, Tail, memory, most, stop, tail
from bench.http.population import evaluation, population
from bench.http.processes import free_port
from bench.peers.workload import cases, oracle

SERVER, CLIENT = 0, 1
BATCH, AGREE_ON, CASES = 50, 200, 2_000
MODULES = Path(".peers/npm/node_modules")
AUTOCANNON = MODULES / "autocannon" / "autocannon.js"
CERBOS = MODULES / "@cerbos" / "cerbos-linux-x64" / "cerbos-linux-x64"
SHARE = 0.85


@dataclass(slots=True)
class Contender:
    """A server that runs, what it is asked, and how many decisions are in one call; what was measured of it."""

    name: str
    process: "subprocess.Popen[bytes]"
    asked: Asked
    decisions: int = 1
    turns: list[Most] = field(default_factory=list)
    tail: Tail | None = None

    @property
    def rates(self) -> list[float]:
        """Decisions a second, or calls a second of a search, by round."""
        return [one.rate * self.decisions for one in self.turns]


def main() -> None:
    """Start all, check that they agree, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the comparison (default 5)")
    parser.add_argument("--seconds", type=float, default=3, help="how long each turn lasts (default 3)")
    parser.add_argument("--plot", type=Path, help="draw the table to this file, too")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    print(f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores:")
    print("one for the client, one for the server; both for two workers")
    print(f"{CONNECTIONS} connections, {options.rounds} turns of {options.seconds:g} s each, in alternation\n")
    with TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        contenders = list(started(Path(folder), running))
        rested = {each.process.pid: memory(each.process.pid).now for each in contenders}
        for number in range(options.rounds):
            for each in contenders:
                print(f"\rround {number + 1}: {each.name:60}", end="", file=sys.stderr, flush=True)
                each.turns.append(most(each.asked, options.seconds, CLIENT))
        for each in contenders:
            if each.asked.path == EVALUATION and AUTOCANNON.exists():
                rate = SHARE * median(each.rates)
                each.tail = tail(each.asked, rate, max(5.0, options.seconds), CLIENT, AUTOCANNON)
        loaded = {each.process.pid: memory(each.process.pid).most for each in contenders}
    print("\r" + " " * 80, end="\r", file=sys.stderr, flush=True)
    table(contenders, rested, loaded)
    ratios(contenders)
    if options.plot:
        plot(contenders, options.plot)


def started(folder: Path, running: ExitStack) -> Iterator[Contender]:
    """Every contender, once it agrees with the oracles."""
    town = population()
    facts, one, fifty = folder / "facts.json", folder / "one.txt", folder / "fifty.txt"
    facts.write_text(json.dumps(town.facts))
    bodies = [evaluation(each) for each in town.requests]
    _lines(one, bodies)
    _lines(fifty, [{"evaluations": part} for part in _parts(bodies)])
    key = _key(folder)
    expected = [number % 2 == 0 for number in range(AGREE_ON)]  # the town permits every other request

    ours = running.enter_context(_ours(folder, "student", "policies/student_data", facts))
    two = running.enter_context(
        _ours(folder, "two", "policies/student_data", facts, "--workers", "2", cores=f"{SERVER},{CLIENT}")
    )
    plain = running.enter_context(_plain(folder, facts))
    for name, (process, port) in {"Poort": ours, "plain route": plain, "Poort, --workers 2": two}.items():
        _must_agree(name, port, key, bodies[:AGREE_ON], expected)
        yield Contender(name, process, Asked(port, EVALUATION, one, key))
        yield Contender(f"{name}, batch of {BATCH}", process, Asked(port, EVALUATIONS, fifty, key), BATCH)
    process, port = running.enter_context(_process(folder, "bare", facts, ["bench.http.bare"]))
    yield Contender("a bare ASGI callable that decides nothing", process, Asked(port, EVALUATION, one, key))
    for searched in ("subject", "resource", "action"):
        file = folder / f"{searched}.txt"
        _lines(file, [_search(searched, body) for body in bodies[:CASES]])
        yield Contender(f"Poort, {searched} search", ours[0], Asked(ours[1], f"{SEARCH}/{searched}", file, key))

    drawn = cases(2026, CASES)
    permitted = [oracle(case) for case in drawn[:AGREE_ON]]
    facts, one, fifty = folder / "ten.json", folder / "ten-one.txt", folder / "ten-fifty.txt"
    facts.write_text(json.dumps(ten.facts(drawn)))
    bodies = [ten.body(number, case) for number, case in enumerate(drawn)]
    _lines(one, bodies)
    _lines(fifty, [{"evaluations": part} for part in _parts(bodies)])
    process, port = running.enter_context(_ours(folder, "ten", ten.BUNDLE, facts))
    _must_agree("Poort, ten conditions", port, key, bodies[:AGREE_ON], permitted)
    yield Contender("Poort, ten conditions", process, Asked(port, EVALUATION, one, key))
    yield Contender(f"Poort, ten conditions, batch of {BATCH}", process, Asked(port, EVALUATIONS, fifty, key), BATCH)

    if not CERBOS.exists():
        print("Cerbos: missing, it did not install here\n")
        return
    port = free_port()
    process = running.enter_context(cerbos.start(CERBOS, cerbos.FOLDER, port, SERVER))
    if any(cerbos.disagreements(port, drawn[:AGREE_ON])):
        sys.exit("Cerbos does not agree with the oracle: nothing was measured")
    one, fifty = folder / "cerbos-one.txt", folder / "cerbos-fifty.txt"
    _lines(one, [cerbos.body(case) for case in drawn])
    _lines(fifty, [cerbos.batch(part) for part in _parts(drawn)])
    yield Contender("Cerbos, ten conditions", process, Asked(port, EVALUATION, one))
    yield Contender(f"Cerbos, ten conditions, batch of {BATCH}", process, Asked(port, EVALUATIONS, fifty), BATCH)


# Starting.


@contextmanager
def _ours(
    folder: Path, name: str, policy: str, facts: Path, *options: str, cores: str = str(SERVER)
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    module = ["authz", "serve", "--policy", policy]
    with _process(folder, name, facts, [*module, *options], cores) as served:
        yield served


@contextmanager
def _plain(folder: Path, facts: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    with _process(folder, "plain", facts, ["bench.http.plain", "--policy", "policies/student_data"]) as served:
        yield served


@contextmanager
def _process(
    folder: Path, name: str, facts: Path, module: Sequence[str], cores: str = str(SERVER)
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A server on its core that answers, with identity and record; stopped at the end."""
    port = free_port()
    files = {"--facts": facts, "--callers": folder / "callers.json", "--record": folder / f"{name}.jsonl"}
    options = [text for option, file in files.items() for text in (option, str(file))]
    command = ["taskset", "-c", cores, sys.executable, "-m", *module, *options, "--port", str(port)]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        try:
            _until_it_answers(process, port, folder / f"{name}.log")
            yield process, port
        finally:
            stop(process)


def _until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            sys.exit(f"a server did not start: {log.read_text()[-500:]}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/openapi.json")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    sys.exit("a server did not start within two minutes")


def _key(folder: Path) -> str:
    rights = ["--right", "evaluate", "--right", "search"]
    command = [sys.executable, "-m", "authz", "callers", "add", "bench", *rights]
    done = subprocess.run(
        [*command, "--file", str(folder / "callers.json")], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


# What is asked.


def _lines(path: Path, bodies: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies))


def _parts(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[first : first + BATCH] for first in range(0, len(items), BATCH)]


def _search(searched: str, body: dict[str, Any]) -> dict[str, Any]:
    if searched == "action":
        return {name: said for name, said in body.items() if name != "action"}
    return {**body, searched: {name: said for name, said in body[searched].items() if name != "id"}}


def _must_agree(name: str, port: int, key: str, bodies: Sequence[dict[str, Any]], expected: Sequence[bool]) -> None:
    """Stop unless a server gives the oracle's answers, one by one and as a batch."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def ask(path: str, body: Any) -> Any:
        connection.request("POST", path, json.dumps(body), headers)
        return json.loads(connection.getresponse().read())

    singly = [ask(EVALUATION, body)["decision"] for body in bodies]
    together = [one["decision"] for one in ask(EVALUATIONS, {"evaluations": list(bodies)})["evaluations"]]
    connection.close()
    if not singly == together == list(expected):
        sys.exit(f"{name} does not agree with the oracle: nothing was measured")


# What is told.


def table(contenders: Sequence[Contender], rested: dict[int, float], loaded: dict[int, float]) -> None:
    """Print what was measured."""
    print(
        f"{'':44}{'decisions/s':>12}{'calls/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'at 85 %: asked':>16}{'got':>8}", end=""
    )
    print(f"{'p50 ms':>8}{'p99 ms':>8}{'MiB at rest':>13}{'most':>8}")
    for each in contenders:
        calls = median(one.rate for one in each.turns)
        times = median(one.p50 for one in each.turns), median(one.p99 for one in each.turns)
        print(f"{each.name:44}{calls * each.decisions:12,.0f}{calls:10,.0f}{times[0]:9.2f}{times[1]:9.2f}", end="")
        held = each.tail
        print(f"{held.asked:16,.0f}{held.rate:8,.0f}{held.p50:8.1f}{held.p99:8.1f}" if held else " " * 40, end="")
        print(f"{rested[each.process.pid]:13.0f}{loaded[each.process.pid]:8.0f}")


def ratios(contenders: Sequence[Contender]) -> None:
    """Print how often faster Poort is, by the median of the rounds."""
    rates = {each.name: each.rates for each in contenders}
    batch = f", batch of {BATCH}"
    print()
    for ours, theirs in (("Poort", "plain route"), ("Poort, ten conditions", "Cerbos, ten conditions")):
        for suffix in ("", batch):
            if theirs in rates:
                of = [one / other for one, other in zip(rates[ours + suffix], rates[theirs + suffix], strict=True)]
                print(f"{ours + suffix}: {median(of):.1f} x {theirs} ({min(of):.1f} to {max(of):.1f})")


def plot(contenders: Sequence[Contender], path: Path) -> None:
    """Bars on a logarithmic scale: decisions a second, one by one and in batches."""
    import matplotlib

    matplotlib.use("svg")
    # No instants and random ids in the file: the same figures are the same picture.
    matplotlib.rcParams["svg.hashsalt"] = "poort"
    from matplotlib import pyplot

    drawn = contenders[::-1]
    figure, axes = pyplot.subplots(figsize=(9, 0.38 * len(drawn) + 1.2))
    values = [median(each.rates) for each in drawn]
    colours = ["#2a7f4f" if each.name.startswith("Poort") else "#8a8a8a" for each in drawn]
    bars = axes.barh(range(len(drawn)), values, 0.7, color=colours)
    axes.bar_label(bars, [f"{value:,.0f}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(drawn)), [each.name for each in drawn], fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("decisions a second on one core, logarithmic (searches: calls a second)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    try:
        main()
    except Failed as wrong:
        sys.exit(str(wrong))
