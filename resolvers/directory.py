"""Which organisations are connected, and which of them to ask about a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.record.values import Organisation
from resolvers.sources.demographics import Demographics, Person
from resolvers.sources.source import Coverage, Source


@dataclass(frozen=True, slots=True)
class Located:
    """The sources to ask, each for the sections it gives, and what to say of those that are not asked."""

    ask: Mapping[str, frozenset[Section]]
    not_asked: Mapping[str, SourceState]


@dataclass(frozen=True, slots=True)
class Directory:
    """The connected organisations. `reachable` says, by source id, whether the last calls got through."""

    demographics: Demographics
    sources: tuple[Source, ...]
    reachable: Callable[[str], bool | None] = field(default=lambda _: None)

    def locate(self, person: Person | None, sections: frozenset[Section]) -> Located:
        """Whom to ask. Where the demographics service gave no answer (`person` None), a source that serves only some
        people cannot be chosen: it counts as unavailable, not as having nothing."""
        ask: dict[str, frozenset[Section]] = {}
        not_asked: dict[str, SourceState] = {}
        for source in self.sources:
            wanted = sections & source.adapter.gives
            if not wanted:
                continue
            covers = _covers(source.coverage, person)
            if covers:
                ask[source.id] = wanted
            else:
                not_asked[source.id] = SourceState.UNAVAILABLE if covers is None else SourceState.NOT_ASKED
        return Located(ask, not_asked)

    def organisations(self) -> list[tuple[Organisation, frozenset[Section], bool | None]]:
        """Who is connected, what they give, whether they answer."""
        return [(s.organisation, s.adapter.gives, self.reachable(s.id)) for s in self.sources]


def _covers(coverage: Coverage, person: Person | None) -> bool | None:
    """Whether a source serves this person; None where that cannot be told."""
    if coverage.everybody:
        return True
    if person is None:
        return None
    if coverage.practices:
        if person.practice is not None:
            return person.practice.ods_code in coverage.practices
        return None if person.restricted else False
    if person.local_authority is not None:
        return person.local_authority in coverage.local_authorities
    return None if person.restricted else False
