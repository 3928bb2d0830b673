"""Can response time tell an unknown student from one without consent?

Runs `authz serve`, and asks in turn, in random order and over one connection, about a student who does not exist and
about students who do and are refused. Tells the medians, and how often the slower of two answers is the known
student's: 0.5 is a coin, 1.0 a certainty. `--unheld` measures the same without the wait of refusals.
"""

import argparse
import http.client
import json
import random
import statistics
import tempfile
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

from authz_api.operations import EVALUATION, EVALUATIONS, SEARCH

from bench.serving import serving

BUNDLE = Path("policies/student_data")

STUDENTS = ["nobody", "tim", "bo", "lot"]
ITEMS = 50


def asked(student: str) -> dict[str, Any]:
    """The request of a supplier about one student."""
    return {
        "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A"}},
        "action": {"name": "read_schedule"},
        "resource": {"type": "student", "id": student, "properties": {"school": "S1"}},
    }


def without(member: str, student: str) -> dict[str, Any]:
    """The same as a search, which leaves out what it looks for."""
    return {name: said for name, said in asked(student).items() if name != member}


CALLS: dict[str, tuple[str, Any]] = {
    "one evaluation": (EVALUATION, asked),
    f"batch of {ITEMS}": (EVALUATIONS, lambda student: {**asked(student), "evaluations": [{}] * ITEMS}),
    "subject search": (
        SEARCH + "subject",
        lambda student: {**asked(student), "subject": {"type": "supplier"}},
    ),
    "action search": (SEARCH + "action", lambda student: without("action", student)),
}


def times(port: int, path: str, bodies: dict[str, bytes], rounds: int) -> dict[str, list[float]]:
    """Microseconds of each answer, by student."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    # Each body has the same length, so that only what is known differs.
    width = max(map(len, bodies.values()))
    bodies = {student: data.ljust(width) for student, data in bodies.items()}
    found: dict[str, list[float]] = {student: [] for student in bodies}
    stream = random.Random(1)
    for turn in range(rounds):
        for student in stream.sample(list(bodies), len(bodies)):
            started = time.perf_counter()
            connection.request("POST", path, bodies[student], {"Content-Type": "application/json"})
            answer = connection.getresponse().read()
            taken = (time.perf_counter() - started) * 1e6
            assert b"NO_PERMISSION" in answer or b'"results":[]' in answer, answer
            if turn >= rounds // 20:
                found[student].append(taken)
    connection.close()
    return found


def slower(first: list[float], second: list[float]) -> float:
    """How often one of the second is slower than one of the first; ties count half (Mann and Whitney)."""
    ordered = sorted(first)
    wins = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in second)
    return wins / (2 * len(first) * len(second))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--unheld", action="store_true", help="send refusals at once, to see what the wait hides")
    options = parser.parse_args()
    module = "bench.unheld" if options.unheld else "authz"
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), BUNDLE, BUNDLE / "facts.json", module=module) as port,
    ):
        print(f"{'call':16} {'student':8} {'median µs':>10} {'p10':>8} {'p90':>8}   slower than the unknown")
        for call, (path, body) in CALLS.items():
            bodies = {student: json.dumps(body(student)).encode() for student in STUDENTS}
            found = times(port, path, bodies, options.rounds)
            for student, taken in found.items():
                tenths = statistics.quantiles(taken, n=10)
                print(
                    f"{call:16} {student:8} {statistics.median(taken):10.0f} {tenths[0]:8.0f} {tenths[-1]:8.0f}"
                    f"   {slower(found[STUDENTS[0]], taken):.3f}"
                )


if __name__ == "__main__":
    main()
