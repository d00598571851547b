"""What a check found: steps with findings, readable and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Level(Enum):
    """How much a finding matters: an error refuses the subgraph, the others inform."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence with place and, where something is wrong, the mend."""

    level: Level
    text: str


@dataclass(slots=True)
class Step:
    """One step of the check. `skipped` says why it was not taken."""

    name: str
    findings: list[Finding] = field(default_factory=list)
    skipped: str | None = None

    def error(self, text: str) -> None:
        self.findings.append(Finding(Level.ERROR, text))

    def errors(self, texts: Iterable[str]) -> None:
        self.findings += [Finding(Level.ERROR, text) for text in texts]

    def warn(self, text: str) -> None:
        self.findings.append(Finding(Level.WARNING, text))

    def note(self, text: str) -> None:
        self.findings.append(Finding(Level.NOTE, text))

    @property
    def state(self) -> str:
        """passed, failed or skipped."""
        if any(one.level is Level.ERROR for one in self.findings):
            return "failed"
        return "skipped" if self.skipped is not None else "passed"


@dataclass(slots=True)
class Report:
    """A whole check. `ok` decides the exit status."""

    subject: str
    steps: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(step.state != "failed" for step in self.steps)

    def step(self, name: str) -> Step:
        """Begin a step."""
        step = Step(name)
        self.steps.append(step)
        return step

    def skip(self, names: Iterable[str], why: str) -> None:
        """Note steps that cannot be taken."""
        self.steps += [Step(name, skipped=why) for name in names]

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "subject": self.subject,
            "ok": self.ok,
            "steps": [
                {
                    "name": step.name,
                    "state": step.state,
                    "skipped": step.skipped,
                    "findings": [{"level": one.level.value, "text": one.text} for one in step.findings],
                }
                for step in self.steps
            ],
        }

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"{self.subject}: {'in order' if self.ok else 'refused'}"
        for step in self.steps:
            reason = f" ({step.skipped})" if step.state == "skipped" else ""
            yield f"  {_MARKS[step.state]} {step.name}{reason}"
            for one in step.findings:
                yield f"      {one.level.value}: {one.text}"


_MARKS = {"passed": "ok     ", "failed": "FAILED ", "skipped": "skipped"}
