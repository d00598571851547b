"""What one request for entries, with its pages, has brought so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from policies.sections import Section
from resolvers.record.status import SourceState, SourceWarning
from resolvers.sources.fhir_r4.bundle import WHOLE, Decoder, Found
from resolvers.sources.fhir_r4.outcomes import INCOMPLETE, WRONG_PATIENT
from resolvers.sources.fhir_r4.searches import Search, with_holders


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be kept of an answer: `kinds` are matches; `included` may come along, and of these `adopts` count as
    matches. `whole`: an answer of `$everything`, whose modes and total mean nothing. `decoder` reads its pages."""

    sections: frozenset[Section]
    kinds: frozenset[str]
    included: frozenset[str]
    adopts: frozenset[str] = frozenset()
    whole: bool = False
    decoder: Decoder = WHOLE


def of_search(section: Section, search: Search, decoder: Decoder = WHOLE) -> Wanted:
    """What one search for one section may bring."""
    kinds = frozenset({search.type})
    return Wanted(frozenset({section}), kinds, search.included, search.adopts, decoder=decoder)


def of_everything(pairs: Iterable[tuple[Section, Search]], decoder: Decoder = WHOLE) -> Wanted:
    """What `$everything` may bring for all these searches."""
    asked = list(pairs)
    kinds = frozenset(search.type for _, search in asked)
    beside = with_holders(frozenset(kind for _, search in asked for kind in (search.type, *search.included)))
    return Wanted(frozenset(section for section, _ in asked), kinds, beside, whole=True, decoder=decoder)


@dataclass(slots=True)
class Catch:
    """The rows found, by key, and what was wrong. `failure` is set where the first page never came."""

    wanted: Wanted
    found: dict[str, Found] = field(default_factory=dict)
    failure: SourceState | None = None
    warnings: list[SourceWarning] = field(default_factory=list)
    partial: bool = False
    wrong_patient: bool = False
    total: int | None = None
    matches: int = 0
    as_of: str | None = None

    def warn(self, warning: SourceWarning) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def cut_short(self, warning: SourceWarning = INCOMPLETE) -> None:
        """Something of this list is known to be missing."""
        self.partial = True
        self.warn(warning)

    def disown(self) -> None:
        """A row of another person was here."""
        self.wrong_patient = True
        self.cut_short(WRONG_PATIENT)

    def count(self) -> None:
        """A server whose sort has ties loses rows between pages: compare with its own total, where it gave one."""
        told = None if self.failure is not None or self.wrong_patient or self.wanted.whole else self.total
        if told is not None and self.matches < told:
            self.cut_short()
