"""Grouped, never collapsed; conflicts marked; nothing grouped that may differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resolvers.grouping import ConflictKind, allergy_groups, medication_groups, none_known_conflicts
from resolvers.record.allergies import Allergy, AllergyStatus, Verification
from resolvers.record.medications import Medication, MedicationStatus
from resolvers.record.values import CodeableConcept, Coding

SNOMED = "http://snomed.info/sct"


def concept(text: str | None = None, *codes: str) -> CodeableConcept:
    return CodeableConcept(text=text, codings=[Coding(system=SNOMED, code=code) for code in codes])


def medicine(
    id_: str,
    what: CodeableConcept | None,
    dosage: str | None = None,
    status: MedicationStatus | None = MedicationStatus.ACTIVE,
) -> Medication:
    return Medication(id=id_, medicine=what, dosage=dosage, status=status)  # type: ignore[arg-type]


def allergy(id_: str, what: CodeableConcept | None, **facts: object) -> Allergy:
    return Allergy(id=id_, code=what, **facts)  # type: ignore[arg-type]


concepts = st.one_of(
    st.none(), st.builds(concept, st.sampled_from([None, "A", "a ", "B"]), *[st.sampled_from(["1", "2", "3"])] * 2)
)


@given(st.lists(concepts, max_size=12))
def test_every_entry_is_in_exactly_one_group(found: list[CodeableConcept | None]) -> None:
    entries = [medicine(str(index), what) for index, what in enumerate(found)]
    grouped = [entry.id for group in medication_groups(entries) for entry in group.entries]
    assert sorted(grouped) == sorted(entry.id for entry in entries)


def test_same_code_is_one_group_whatever_the_words() -> None:
    groups = medication_groups(
        [medicine("1", concept("Aspirin 75", "319773006")), medicine("2", concept("ASA", "319773006"))]
    )
    assert [len(group.entries) for group in groups] == [2]


def test_words_alone_never_join_what_is_coded_differently() -> None:
    groups = medication_groups([medicine("1", concept("Aspirin", "1")), medicine("2", concept("Aspirin", "2"))])
    assert [len(group.entries) for group in groups] == [1, 1]


def test_uncoded_entries_join_by_exact_words() -> None:
    groups = allergy_groups(
        [allergy("1", concept("Latex ")), allergy("2", concept("latex")), allergy("3", concept("latex gloves"))]
    )
    assert [len(group.entries) for group in groups] == [2, 1]


def test_nameless_entries_stay_apart() -> None:
    assert [len(group.entries) for group in allergy_groups([allergy("1", None), allergy("2", None)])] == [1, 1]


def test_two_directions_for_one_current_medicine_are_a_conflict() -> None:
    what = concept("Amlodipine", "319284000")
    (group,) = medication_groups([medicine("1", what, "Take one daily"), medicine("2", what, "Take half daily")])
    assert [conflict.kind for conflict in group.conflicts] == [ConflictKind.DIFFERENT_DOSES]
    assert group.conflicts[0].entries == ["1", "2"]


def test_the_same_directions_written_otherwise_are_none() -> None:
    what = concept("Amlodipine", "319284000")
    (group,) = medication_groups([medicine("1", what, "Take  one daily"), medicine("2", what, "take one daily")])
    assert group.conflicts == []


def test_stopped_here_and_current_there_is_a_conflict() -> None:
    what = concept("Amlodipine", "319284000")
    (group,) = medication_groups([medicine("1", what), medicine("2", what, status=MedicationStatus.STOPPED)])
    assert [conflict.kind for conflict in group.conflicts] == [ConflictKind.DIFFERENT_STATUS]


def test_an_allergy_beside_none_known_is_a_conflict() -> None:
    none_known = allergy("1", concept("No known allergies"), no_known_allergies=True)
    assert none_known_conflicts([none_known]) == []
    (conflict,) = none_known_conflicts([none_known, allergy("2", concept("Latex"), status=AllergyStatus.ACTIVE)])
    assert conflict.entries == ["1", "2"]


def test_a_resolved_or_refuted_allergy_does_not_contradict_none_known() -> None:
    none_known = allergy("1", concept("No known allergies"), no_known_allergies=True)
    resolved = allergy("2", concept("Latex"), status=AllergyStatus.RESOLVED)
    refuted = allergy("3", concept("Peanut"), verification=Verification.REFUTED)
    assert none_known_conflicts([none_known, resolved, refuted]) == []


def test_refuted_by_one_and_recorded_by_another_is_a_conflict() -> None:
    what = concept("Latex", "300916003")
    (group,) = allergy_groups([allergy("1", what), allergy("2", what, verification=Verification.REFUTED)])
    assert [conflict.kind for conflict in group.conflicts] == [ConflictKind.REFUTED]
