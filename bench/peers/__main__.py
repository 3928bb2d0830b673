"""`python -m bench.peers [--rounds N] [--plot FILE]`: agree on 10,000 cases, then time, allow and deny apart."""

import argparse
import os
import platform
from pathlib import Path
from statistics import median

from bench.peers.contenders import CONTENDERS, OURS, Contender, Missing
from bench.peers.workload import cases, oracle
from bench.timing import paired

AGREE_ON, TIMED = 10_000, 200


def main() -> None:
    """Check that all agree, then time and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the comparison (default 15)")
    parser.add_argument("--plot", type=Path, help="draw the table to this file, too")
    options = parser.parse_args()
    print(f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    drawn = cases(2026, AGREE_ON)
    expected = [oracle(case) for case in drawn]
    print(f"{AGREE_ON} cases, {sum(expected)} of them permitted\n")
    here: dict[str, Contender] = {}
    missing: dict[str, str] = {}
    for name, make in CONTENDERS.items():
        try:
            contender = make()
        except Missing as why:
            missing[name] = str(why)
            continue
        wrong = sum(contender.decide(contender.prepare(c)) is not e for c, e in zip(drawn, expected, strict=True))
        if wrong:
            missing[name] = f"disagrees with the oracle on {wrong} of {AGREE_ON} cases: not timed"
            continue
        here[name] = contender
    some = {
        answer: [case for case, permitted in zip(drawn, expected, strict=True) if permitted is answer][:TIMED]
        for answer in (True, False)
    }
    found: dict[str, tuple[float, float]] = {}
    times = {
        answer: paired(
            {n: (c.decide, [(c.prepare(case),) for case in some[answer]]) for n, c in here.items()}, options.rounds
        )
        for answer in (True, False)
    }
    for name in here:
        found[name] = median(times[True][name]) / 1000, median(times[False][name]) / 1000
    floor = found["by hand"]
    print(f"{'contender':56}{'allow µs':>10}{'deny µs':>10}{'by hand':>9}{'Poort':>9}")
    for name, contender in here.items():
        allow, deny = found[name]
        ours = found["Poort"]
        print(f"{contender.name:56}{allow:10.2f}{deny:10.2f}{allow / floor[0]:8.1f}x{allow / ours[0]:8.1f}x")
    for name, why in missing.items():
        print(f"{name:56}missing: {why}")
    peers = {name: times for name, times in found.items() if name not in (*OURS, "oso")}
    if peers:
        best = min(peers, key=lambda name: peers[name][0])
        ratios = [theirs / ours for theirs, ours in zip(peers[best], found["Poort"], strict=True)]
        print(f"\nthe best peer is {best}: Poort is {ratios[0]:.1f} x as fast to allow, {ratios[1]:.1f} x to deny")
    if options.plot:
        plot({here[name].name: times for name, times in found.items()}, options.plot)


def plot(found: dict[str, tuple[float, float]], path: Path) -> None:
    """Bars on a logarithmic scale."""
    import matplotlib

    matplotlib.use("svg")
    # No instants and random ids in the file: the same figures are the same picture.
    matplotlib.rcParams["svg.hashsalt"] = "poort"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(found) + 1.2))
    names = list(found)[::-1]
    for place, (label, colour) in enumerate((("allow", "#2a7f4f"), ("deny", "#b5483a"))):
        values = [found[name][place] for name in names]
        bars = axes.barh([i + 0.2 - 0.4 * place for i in range(len(names))], values, 0.38, label=label, color=colour)
        axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("µs a decision, logarithmic")
    axes.legend(loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
