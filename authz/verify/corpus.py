"""The corpus of `authz fuzz`: counterexamples, and the first world that reached each code, as scenario files."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from authz.engine.policy import Policy
from authz.language.diagnostics import DiagnosticError
from authz.verify.oracles import Counterexample
from authz.verify.scenario_files import read_scenario_file
from authz.verify.worlds import World, as_scenario, world_of

MOST_KEPT = 100
"""The largest number of novel worlds that a corpus keeps."""


class Corpus:
    """A folder of scenario files; each name has the digest of the vocabulary that its world was generated from."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder, self.policy = folder, policy
        self.schema = policy.bundle.schema_digest[:12]
        self.kept = self.skipped = 0

    def worlds(self) -> Iterator[World]:
        """The worlds kept, counterexamples first; those of another vocabulary are skipped, and counted."""
        files = sorted(self.folder.glob("*.json"), key=lambda path: (not path.name.startswith("failed"), path.name))
        for path in files:
            if self.schema not in path.name:
                self.skipped += 1
                continue
            try:
                document = read_scenario_file(path)
                world = world_of(self.policy, document, 0, document.scenario(0))
            except (DiagnosticError, IndexError):
                self.skipped += 1
                continue
            self.kept += 1
            yield world

    def keep(self, world: World, reasons: tuple[str, ...]) -> None:
        """Keep a novel world."""
        if self.kept < MOST_KEPT:
            self.kept += 1
            expect: dict[str, Any] = {"decision": "deny" if reasons else "allow", "reasons": list(reasons)}
            self._write("kept", world, expect, " ".join(reasons) or "a permit")

    def fail(self, found: Counterexample) -> Path:
        """Keep a counterexample, as a scenario that expects what is right."""
        expect: dict[str, Any] = {"decision": found.decision}
        if found.reasons is not None:
            expect["reasons"] = list(found.reasons)
        return self._write("failed", found.world, expect, f"{found.oracle}: {found.message}")

    def _write(self, kind: str, world: World, expect: dict[str, Any], title: str) -> Path:
        scenario = as_scenario(self.policy, world)
        name = hashlib.sha256(json.dumps(scenario, sort_keys=True).encode()).hexdigest()[:12]
        text = json.dumps(
            {"scenarios": [{"id": name, "title": title, **scenario, "expect": expect}]}, indent=1, ensure_ascii=False
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{kind}-{self.schema}-{name}.json"
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(path)
        return path
