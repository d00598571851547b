"""The same medicine or allergy from several organisations: grouped, never collapsed, conflicts marked.

Two entries belong together only when a code is equal (same terminology, same code) or, where either has none, when
their words are equal but for case and spacing. Under-grouping is safe, wrong grouping is dangerous.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import TypeVar

import strawberry

from resolvers.record.allergies import Allergy, AllergyStatus, Verification
from resolvers.record.medications import Medication, MedicationStatus
from resolvers.record.values import CodeableConcept, Entry

T = TypeVar("T", bound=Entry)


@strawberry.enum(description="How entries disagree.")
class ConflictKind(Enum):
    ALLERGY_AND_NONE_KNOWN = strawberry.enum_value(
        "ALLERGY_AND_NONE_KNOWN",
        description="One organisation records an allergy, another records that none is known.",
    )
    DIFFERENT_DOSES = strawberry.enum_value(
        "DIFFERENT_DOSES", description="The same current medicine is recorded with different directions."
    )
    DIFFERENT_STATUS = strawberry.enum_value(
        "DIFFERENT_STATUS", description="One organisation says that it holds now, another that it does not."
    )
    REFUTED = strawberry.enum_value("REFUTED", description="One organisation refutes what another records.")


@strawberry.type(description="Entries that contradict one another. Neither is taken for the truth.")
class Conflict:
    kind: ConflictKind = strawberry.field(description="How they disagree.")
    entries: list[strawberry.ID] = strawberry.field(description="The ids of the entries.")


@strawberry.type(description="All entries about one substance, from every organisation.")
class AllergyGroup:
    label: str | None = strawberry.field(description="The substance in words.")
    entries: list[Allergy] = strawberry.field(description="Every entry, newest first.")
    conflicts: list[Conflict] = strawberry.field(description="How they disagree, if they do.")


@strawberry.type(description="All entries about one medicine, from every organisation.")
class MedicationGroup:
    label: str | None = strawberry.field(description="The medicine in words.")
    entries: list[Medication] = strawberry.field(description="Every entry, newest first.")
    conflicts: list[Conflict] = strawberry.field(description="How they disagree, if they do.")


def allergy_groups(entries: Sequence[Allergy]) -> list[AllergyGroup]:
    """One group per substance; the statement 'none known' is a group of its own."""
    return [
        AllergyGroup(label=_label(group[0].code), entries=group, conflicts=_allergy_conflicts(group))
        for group in _grouped(entries, lambda entry: entry.code)
    ]


def medication_groups(entries: Sequence[Medication]) -> list[MedicationGroup]:
    """One group per medicine as coded; different strengths are different products and stay apart."""
    return [
        MedicationGroup(label=_label(group[0].medicine), entries=group, conflicts=_medication_conflicts(group))
        for group in _grouped(entries, lambda entry: entry.medicine)
    ]


def none_known_conflicts(entries: Sequence[Allergy]) -> list[Conflict]:
    """'No known allergies' beside an allergy that holds: marked with all the entries concerned."""
    none_known = [entry for entry in entries if entry.no_known_allergies and _holds(entry)]
    allergies = [entry for entry in entries if not entry.no_known_allergies and _holds(entry)]
    if not none_known or not allergies:
        return []
    return [_conflict(ConflictKind.ALLERGY_AND_NONE_KNOWN, [*none_known, *allergies])]


def _allergy_conflicts(group: Sequence[Allergy]) -> list[Conflict]:
    conflicts = []
    refuted = [entry for entry in group if entry.verification is Verification.REFUTED]
    if refuted and len(refuted) < len(group):
        conflicts.append(_conflict(ConflictKind.REFUTED, group))
    holding = {entry.status is AllergyStatus.ACTIVE for entry in group if entry.status is not None}
    if len(holding) > 1:
        conflicts.append(_conflict(ConflictKind.DIFFERENT_STATUS, group))
    return conflicts


def _medication_conflicts(group: Sequence[Medication]) -> list[Conflict]:
    conflicts = []
    current = [entry for entry in group if entry.status is MedicationStatus.ACTIVE]
    if len({_words(entry.dosage) for entry in current if entry.dosage}) > 1:
        conflicts.append(_conflict(ConflictKind.DIFFERENT_DOSES, current))
    over = {MedicationStatus.STOPPED, MedicationStatus.COMPLETED, MedicationStatus.NOT_TAKEN}
    if current and any(entry.status in over for entry in group):
        conflicts.append(_conflict(ConflictKind.DIFFERENT_STATUS, group))
    return conflicts


def _conflict(kind: ConflictKind, entries: Iterable[Entry]) -> Conflict:
    return Conflict(kind=kind, entries=[entry.id for entry in entries])


def _holds(entry: Allergy) -> bool:
    return entry.status in (AllergyStatus.ACTIVE, None) and entry.verification is not Verification.REFUTED


def _grouped(entries: Sequence[T], concept: Callable[[T], CodeableConcept | None]) -> list[list[T]]:
    """Groups in the order of their newest entry. An entry joins the first group with which it shares a name."""
    groups: list[list[T]] = []
    by_name: dict[tuple[str, str], list[T]] = {}
    for entry in entries:
        names = _names(concept(entry))
        group = next((by_name[name] for name in names if name in by_name), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(entry)
        for name in names:
            by_name.setdefault(name, group)
    return groups


def _names(concept: CodeableConcept | None) -> list[tuple[str, str]]:
    """What a concept can be recognised by: its codes, or its words where it has no code."""
    if concept is None:
        return []
    codes = [(coding.system, coding.code) for coding in concept.codings if coding.system and coding.code]
    words = _words(_label(concept))
    return codes or ([("", words)] if words else [])


def _label(concept: CodeableConcept | None) -> str | None:
    if concept is None:
        return None
    return concept.text or next((coding.display for coding in concept.codings if coding.display), None)


def _words(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
