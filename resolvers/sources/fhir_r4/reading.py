"""From kept items to entries: what every mapper needs to resolve, check and attribute.

Only what policy kept is here. A reference to anything else resolves to nothing, and leaves nothing: no id, no
display. Entries of status entered-in-error are left out by each section's mapper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar, cast

import strawberry

from policies.sections import Section
from resolvers.record.values import CodeableConcept, Organisation, PartialDateTime, Period, RecordedBy
from resolvers.sources.fhir.dates import is_fhir_date
from resolvers.sources.fhir_r4 import attribution, bundle
from resolvers.sources.fhir_r4.bundle import Found
from resolvers.sources.fhir_r4.datatypes import Annotation, Code, Codes, Reference, Span, Status
from resolvers.sources.fhir_r4.resources import Resource
from resolvers.sources.source import Ask, ReadNotes

Listed = TypeVar("Listed", bound=Enum)
Kind = TypeVar("Kind", bound=Resource)
ANYTHING = (Resource,)


@dataclass(frozen=True, slots=True)
class Home:
    """The source itself: its id, whose system it is, and the base URLs under which it names itself."""

    source_id: str
    organisation: Organisation
    bases: tuple[str, ...] = ()


class Reading:
    """One reading of what one source sent: the kept items and where to note what is wrong with them."""

    def __init__(self, kept: Sequence[Found], ask: Ask, notes: ReadNotes, home: Home) -> None:
        self.section = Section.ALLERGIES
        self.now = PartialDateTime(ask.now)
        self.nhs_number = ask.subject.nhs_number
        self._notes = notes
        self._prefix = f"{home.source_id}:"
        self._organisation = home.organisation
        self.own = RecordedBy(organisation=home.organisation)
        self._kept: dict[str, Resource] = {found.key: found.resource for found in kept}
        self._bases = home.bases
        self._people = any(type(resource).__name__ in attribution.PEOPLE for resource in self._kept.values())

    def id(self, resource: Resource) -> strawberry.ID:
        """The entry's id: the source, the resource type and the source's own id."""
        return cast("strawberry.ID", f"{self._prefix}{resource.__class__.__name__}/{resource.id}")

    def invalid(self, where: str) -> None:
        self._notes.invalid(self.section, where)

    # values

    def date(self, value: str | None, where: str) -> PartialDateTime | None:
        """A FHIR date as it was sent; None, and noted, where it is none."""
        if value is None:
            return None
        if is_fhir_date(value):
            return value
        self.invalid(where)
        return None

    def period(self, span: Span | None, where: str) -> Period | None:
        if span is None or (span.start is None and span.end is None):
            return None
        return Period(start=self.date(span.start, f"{where}.start"), end=self.date(span.end, f"{where}.end"))

    def listed(self, table: Mapping[str, Listed], code: str | None, where: str) -> Listed | None:
        """The member for a code of a required binding; None, and noted, for a code that the standard does not know."""
        if code is None:
            return None
        found = table.get(code)
        if found is None:
            self.invalid(where)
        return found

    def coded(self, table: Mapping[str, Listed], codes: Codes | Status | None, where: str) -> Listed | None:
        """As `listed`, for a CodeableConcept: the first coding that the table knows."""
        if codes is None or not codes.coding:
            return None
        for coding in codes.coding:
            found = table.get(coding.code or "")
            if found is not None:
                return found
        self.invalid(where)
        return None

    def as_of(self, resource: Resource) -> PartialDateTime:
        """When the source last changed the entry; where it does not say, now."""
        meta = resource.meta
        changed = meta.last_updated if meta is not None else None
        if changed is None:
            return self.now
        if is_fhir_date(changed):
            return changed
        self.invalid(f"{type(resource).__name__}.meta.lastUpdated")
        return self.now

    # links

    def resolve(self, reference: Reference | None, holder: Resource, *kinds: type[Kind]) -> Kind | None:
        """The kept resource of one of these types that a reference means: contained, by type and id, or by a URN with its id."""
        target = reference.reference if reference is not None else None
        if target is None:
            return None
        found = self._contained(holder, target[1:]) if target[:1] == "#" else self._find(target)
        # by name: of some types only a part may have been decoded, as a class of the same name
        named = found is not None and (
            kinds == ANYTHING or found.__class__.__name__ in [kind.__name__ for kind in kinds]
        )
        return cast("Kind", found) if named else None

    def _find(self, target: str) -> Resource | None:
        found = self._kept.get(target)
        if found is not None:
            return found
        if target.startswith("urn:"):
            tail = f"/{target.rsplit(':', 1)[-1]}"
            return next((resource for key, resource in self._kept.items() if key.endswith(tail)), None)
        for base in self._bases:
            if target.startswith(f"{base}/"):
                target = target[len(base) + 1 :]
                break
        return self._kept.get(target.split("/_history/", 1)[0])

    def _contained(self, holder: Resource, local: str) -> Resource | None:
        for raw in holder.contained:
            resource, lost = bundle.one(bytes(raw))
            if resource is not None and resource.id is not None and resource.id.lstrip("#") == local:
                return None if bundle.modified(lost) else resource
        return None

    def attributes(self, holder: Resource) -> bool:
        """Whether anything was kept that could name another author than the source itself."""
        return self._people or bool(holder.contained) or (holder.meta is not None and bool(holder.meta.tag))

    def recorded_by(self, holder: Resource, *authors: Reference | None) -> RecordedBy:
        """Who recorded it: the first author that was kept, else the resource's Provenance tag, else the source."""
        if not self.attributes(holder):
            return self.own
        for author in authors:
            found = attribution.recorded_by(self, author, holder, self._organisation)
            if found is not None:
                return found
        tags = holder.meta.tag if holder.meta is not None else ()
        return attribution.tagged(tags, self._organisation) or self.own

    def concepts_meant(
        self, codes: Iterable[CodeableConcept], references: Iterable[Reference], holder: Resource
    ) -> list[CodeableConcept]:
        """Reasons and the like: those coded in place and those of the kept resources that are referred to."""
        if not codes and not references:
            return []
        found = concepts(codes)
        for reference in references:
            target = self.resolve(reference, holder, Resource)
            code = getattr(target, "code", None)
            meant = concept(code) if isinstance(code, CodeableConcept) else None
            if meant is not None:
                found.append(meant)
        return found


def concept(source: CodeableConcept | None) -> CodeableConcept | None:
    """A CodeableConcept; None where it says nothing."""
    return source if source is not None and (source.text or source.codings) else None


def concepts(sources: Iterable[CodeableConcept]) -> list[CodeableConcept]:
    if not sources:
        return []
    return [found for found in map(concept, sources) if found is not None]


def words(source: CodeableConcept | None) -> str | None:
    """A concept in words: its text, or what the source showed with a code."""
    if source is None:
        return None
    if source.text:
        return source.text
    return next((coding.display for coding in source.codings if coding.display), None)


def codes_of(source: Iterable[Codes]) -> list[str]:
    """The first code of each concept, its words where it has no code."""
    found = []
    for codes in source:
        first: Code | None = codes.coding[0] if codes.coding else None
        code = first.code if first is not None and first.code else codes.text
        if code:
            found.append(code)
    return found


def note(annotations: Iterable[Annotation]) -> str | None:
    """Comments, one below the other."""
    if not annotations:
        return None
    return "\n".join(each.text for each in annotations if each.text) or None
