"""The catches of all searches put together: each resource once, each section with its own state."""

from __future__ import annotations

from collections.abc import Sequence

from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4.bundle import Found
from resolvers.sources.fhir_r4.catch import Catch
from resolvers.sources.fhir_r4.outcomes import NOT_IMPLEMENTED, WRONG_PATIENT
from resolvers.sources.source import Fetched


def gather(wanted: Sequence[Section], catches: Sequence[Catch], doubtful: bool) -> Fetched:
    """`doubtful`: the server has somebody with the NHS number who is not the asked person."""
    fetched = Fetched()
    merged: dict[str, Found] = {}
    for section in wanted:
        _tell(fetched, section, [catch for catch in catches if section in catch.wanted.sections], doubtful)
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


def _tell(fetched: Fetched, section: Section, catches: Sequence[Catch], doubtful: bool) -> None:
    """One type that the server turns out not to keep is no fault where it answers with another."""
    kept = [catch for catch in catches if catch.failure is not SourceState.NOT_ASKED]
    if not kept:
        fetched.failures[section] = SourceState.NOT_ASKED
        fetched.warnings[section] = [NOT_IMPLEMENTED]
        return
    warnings = [warning for catch in kept for warning in catch.warnings]
    if doubtful:
        fetched.partial.add(section)
        warnings.append(WRONG_PATIENT)
    fetched.warnings[section] = [each for place, each in enumerate(warnings) if each not in warnings[:place]]
    failures = [catch.failure for catch in kept if catch.failure is not None]
    if failures:
        fetched.failures[section] = failures[0]
    if any(catch.partial for catch in kept):
        fetched.partial.add(section)
