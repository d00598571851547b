"""The catches of all searches put together: each resource once, each section with its own state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.sections import Section
from resolvers.record.status import SourceState, SourceWarning
from resolvers.sources.fhir_r4.bundle import Found
from resolvers.sources.fhir_r4.catch import Catch
from resolvers.sources.fhir_r4.outcomes import NOT_IMPLEMENTED, WRONG_PATIENT
from resolvers.sources.source import Fetched


def gather(wanted: Sequence[Section], catches: Sequence[Catch], doubtful: bool) -> Fetched:
    """`doubtful`: the server has somebody with the NHS number who is not the asked person."""
    fetched = Fetched()
    merged: dict[str, Found] = {}
    states: dict[tuple[int, ...], _State] = {}
    for section in wanted:
        mine = [catch for catch in catches if section in catch.wanted.sections]
        which = tuple(map(id, mine))
        state = states.get(which)
        if state is None:
            state = states[which] = _state(mine, doubtful)
        fetched.warnings[section] = list(state.warnings)
        if state.failure is not None:
            fetched.failures[section] = state.failure
        if state.partial:
            fetched.partial.add(section)
    for catch in catches:
        if not merged:
            merged.update(catch.found)
            continue
        for key, found in catch.found.items():
            if key not in merged or (found.matched and not merged[key].matched):
                merged[key] = found
    fetched.items.extend(merged.values())
    fetched.as_of = min(
        (each.as_of for each in catches if each.as_of is not None and each.wanted.sections), default=None
    )
    return fetched


@dataclass(frozen=True, slots=True)
class _State:
    """What the catches of a section say about it."""

    failure: SourceState | None
    warnings: Sequence[SourceWarning]
    partial: bool


def _state(catches: Sequence[Catch], doubtful: bool) -> _State:
    """One type that the server turns out not to keep is no fault where it answers with another."""
    kept = [catch for catch in catches if catch.failure is not SourceState.NOT_ASKED]
    if not kept:
        return _State(SourceState.NOT_ASKED, [NOT_IMPLEMENTED], partial=False)
    warnings = [warning for catch in kept for warning in catch.warnings] + [WRONG_PATIENT] * doubtful
    return _State(
        next((catch.failure for catch in kept if catch.failure is not None), None),
        [each for place, each in enumerate(warnings) if each not in warnings[:place]],
        partial=doubtful or any(catch.partial for catch in kept),
    )
