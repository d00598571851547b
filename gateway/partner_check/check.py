"""The whole check of a subgraph, step by step. What needs an earlier step that failed is skipped, saying so."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from gateway.federation.composition.compose import Composition, compose
from gateway.federation.subgraph import SubgraphInput
from gateway.graph import RECORD
from gateway.partner_check.breaking import check_changes
from gateway.partner_check.candidate import Candidate, others, present, read_sdl
from gateway.partner_check.composing import check_nullability, composed
from gateway.partner_check.coverage import check_coverage
from gateway.partner_check.probe import Asking, probe, refused_numbers
from gateway.partner_check.report import Report
from gateway.reach import Reach
from gateway.settings import Settings
from policies.bundle import Policies
from resolvers.schema import record_sdl

REACH, COMPOSES, SATISFIABLE, NULLABLE, POLICY, CHANGES, PROBE = (
    "reachable, and tells its SDL",
    "composes with the graph",
    "every query can be answered",
    "a lost answer costs only itself",
    "policy covers every field",
    "changes for those who use the API",
    "answers test patients",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, with the SDL that it is about."""

    report: Report
    sdl: str | None


async def check_subgraph(settings: Settings, policies: Policies, candidate: Candidate, asking: Asking) -> Checked:
    """Check a subgraph that is to be added or changed. Raises SubgraphsFileError."""
    name = candidate.entry.name
    reach = Reach(CollectorRegistry())
    report = Report(name)
    step = report.step(REACH)
    sdl = await read_sdl(settings, candidate, reach, step)
    if sdl is None or step.state == "failed":
        report.skip((COMPOSES, SATISFIABLE, NULLABLE, POLICY, CHANGES, PROBE), "there is no SDL to check")
        return Checked(report, sdl)
    composing, satisfiable = report.step(COMPOSES), report.step(SATISFIABLE)
    beside = await others(settings, name, reach, composing)
    composition = composed([*beside, SubgraphInput(name, sdl, candidate.entry.url)], composing, satisfiable)
    if composition is None:
        report.skip((NULLABLE, POLICY, CHANGES, PROBE), "there is no graph with it")
        return Checked(report, sdl)
    check_nullability(composition, report.step(NULLABLE))
    check_coverage(composition, policies, name, report.step(POLICY))
    before = await present(settings, name, reach)
    _changes(settings, report, composition, [*beside, *([before] if before else [])])
    await _probe(settings, report, candidate, composition, asking, reach)
    return Checked(report, sdl)


async def check_removal(settings: Settings, name: str) -> Report:
    """Check that the graph holds together without a subgraph, and whom that breaks."""
    reach = Reach(CollectorRegistry())
    report = Report(name)
    composing, satisfiable = report.step(COMPOSES.replace("with the graph", "without it")), report.step(SATISFIABLE)
    beside = await others(settings, name, reach, composing)
    composition = composed(beside, composing, satisfiable)
    before = await present(settings, name, reach)
    if composition is None or before is None:
        report.skip((CHANGES,), "there are not two graphs to compare")
    else:
        _changes(settings, report, composition, [*beside, before])
    return report


def _changes(settings: Settings, report: Report, new: Composition, now: list[SubgraphInput]) -> None:
    current = compose([SubgraphInput(RECORD, record_sdl()), *now])
    if current.ok:
        check_changes(settings, current.api_schema, new.api_schema, report.step(CHANGES))
    else:
        report.skip((CHANGES,), "the graph of the configuration does not compose now")


async def _probe(
    settings: Settings, report: Report, candidate: Candidate, composition: Composition, asking: Asking, reach: Reach
) -> None:
    if not candidate.live:
        report.skip((PROBE,), "nothing was asked; give an address instead of a file, or --url beside it")
        return
    step = report.step(PROBE)
    wrong = refused_numbers(asking.patients)
    if wrong:
        step.errors(wrong)
        return
    assert composition.supergraph is not None
    await probe(settings, candidate, composition.supergraph, asking, reach, step)
