"""Every value lost to a failure gets an error with its path and its source; what a gate withheld gets none.

Subgraphs' own errors are brought to the paths of the client's answer. Values that the projection then misses are
explained by the step that should have given them, or by the steps that it depended on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.federation.errors import (
    FORBIDDEN,
    INTERNAL_ERROR,
    SOURCE_INCOMPLETE,
    SOURCE_INVALID,
    ResponseError,
)
from gateway.federation.plan import FetchStep
from gateway.federation.project import Problem, Trouble
from gateway.federation.supply import Node, known_prefix, suppliers
from gateway.federation.tree import Shown

ResponsePath = tuple[str | int, ...]


@dataclass(slots=True)
class Report:
    """A subgraph's error, at the place of the answer that it is nearest to."""

    step: int
    error: ResponseError
    exact: bool
    used: bool = False


class Losses:
    """The failures of one execution, until the answer is written."""

    def __init__(self) -> None:
        self.failures: dict[int, str] = {}
        self.gates: list[str] = []
        self._raw: list[tuple[FetchStep, ResponseError, tuple[Any, ...] | None, bool]] = []
        self._placed: list[Report] = []

    def __bool__(self) -> bool:
        return bool(self.failures or self.gates or self._raw)

    def fail(self, step: FetchStep, code: str) -> None:
        """The whole step gave nothing."""
        self.failures[step.id] = code

    def report(self, step: FetchStep, error: ResponseError, path: tuple[Any, ...] | None, whole: bool) -> None:
        """A subgraph's error at a path of the tree; `whole` if it stands for everything below that path."""
        self._raw.append((step, error, path, whole))

    def place(self, tree: Any, asked: Node) -> None:
        """Bring the reports to the places of the answer, while the tree still holds what was withheld."""
        places = Shown(tree)
        cut: set[tuple[int, str, ResponsePath]] = set()
        for step, error, path, whole in self._raw:
            known = () if path is None else known_prefix(asked, path)
            shown = places.path(known, guarded=bool(step.gates))
            if path is None:
                self._placed.append(Report(step.id, error, exact=False))
            elif shown is not None:
                if len(shown) < len(known):
                    if (step.id, error.code, shown) in cut:
                        continue
                    cut.add((step.id, error.code, shown))
                exact = not whole and len(known) == len(path)
                self._placed.append(Report(step.id, error.at(shown or None), exact))

    def explain(
        self, problems: Iterable[Problem], supplied: Node, steps: Mapping[int, FetchStep]
    ) -> list[ResponseError]:
        """The answer's errors, once all reports have their places."""
        reports = self._placed
        explainer = _Explainer(reports, self.failures, supplied, steps)
        found = [report.error for report in reports if report.exact]
        seen = {error.path for error in found if error.path is not None}
        above = {path[:length] for path in seen for length in range(len(path) + 1)}
        for problem in problems:
            if problem.path in seen or (problem.trouble is Trouble.NULL and problem.path in above):
                continue
            found.append(explainer.error(problem))
            seen.add(problem.path)
        found += [report.error for report in reports if not report.exact and not report.used]
        if self.gates:
            found.append(ResponseError(INTERNAL_ERROR))
        return found


class _Explainer:
    def __init__(
        self, reports: list[Report], failures: dict[int, str], supplied: Node, steps: Mapping[int, FetchStep]
    ) -> None:
        self._failures = failures
        self._supplied = supplied
        self._steps = steps
        self._at: dict[tuple[int, ResponsePath], Report] = {}
        self._under: dict[tuple[int, ResponsePath], Report] = {}
        for report in reports:
            path = report.error.path
            if path is None:
                continue
            if not report.exact:
                self._at.setdefault((report.step, path), report)
            for length in range(1, len(path) + 1):
                self._under.setdefault((report.step, path[:length]), report)

    def error(self, problem: Problem) -> ResponseError:
        path = problem.path
        if problem.trouble is Trouble.FORBIDDEN:
            return ResponseError(FORBIDDEN, path, about=(problem.parent, problem.field))
        givers = suppliers(self._supplied, path)
        if problem.trouble is not Trouble.MISSING:
            return ResponseError(SOURCE_INVALID, path, self._service(givers))
        for step in self._with_ancestors(givers):
            cause = self._cause(step, path)
            if cause is not None:
                return cause.at(path)
        return ResponseError(SOURCE_INCOMPLETE, path, self._service(givers))

    def _cause(self, step: int, path: ResponsePath) -> ResponseError | None:
        if step in self._failures:
            return ResponseError(self._failures[step], None, self._steps[step].subgraph)
        for length in range(len(path), -1, -1):
            report = self._at.get((step, path[:length]))
            if report is not None:
                break
        else:
            report = self._under.get((step, path[:-1]))
        if report is not None:
            report.used = True
            return report.error
        return None

    def _with_ancestors(self, givers: list[int]) -> Iterable[int]:
        seen = list(dict.fromkeys(givers))
        for step in seen:
            seen += [each for each in self._steps[step].after if each not in seen]
        return seen

    def _service(self, givers: list[int]) -> str | None:
        return self._steps[givers[0]].subgraph if givers else None
