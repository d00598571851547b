"""How single items are read, and that what policy withholds leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.sections import Section
from resolvers.record.allergies import Allergy
from resolvers.record.immunisations import Immunisation, ImmunisationStatus
from resolvers.record.medications import Medication, MedicationStatus
from resolvers.record.results import TestResult as LabResult
from resolvers.record.status import SourceState
from resolvers.sources.gp_connect.parameters import STRUCTURED
from tests.resolvers.gp_connect.practice import answer, bundle, listing, resource, snomed
from tests.resolvers.recorded import always

EXTENSION = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC"
HIV = snomed("86406008", "Human immunodeficiency virus infection")


def statement(id_: str, **more: Any) -> dict[str, Any]:
    values = {"status": "active", "taken": "unk", "medicationReference": {"reference": f"Medication/{id_}-m"}}
    return resource("MedicationStatement", id_, basedOn=[{"reference": f"MedicationRequest/{id_}-p"}], **values) | more


def medicine(id_: str, code: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": f"{id_}-m", "code": code}


async def first(section: Section, *resources: dict[str, Any]) -> Any:
    return (await answer(always(bundle(*resources)), section))[section].entries[0]


async def test_no_known_allergies_is_marked() -> None:
    told = await first(Section.ALLERGIES, resource("AllergyIntolerance", "1", code=snomed("716186003")))
    assert isinstance(told, Allergy)
    assert told.no_known_allergies
    other = await first(Section.ALLERGIES, resource("AllergyIntolerance", "1", code=snomed("91936005")))
    assert not other.no_known_allergies


@pytest.mark.parametrize(
    ("section", "item"),
    [
        (Section.ALLERGIES, resource("AllergyIntolerance", "1", verificationStatus="entered-in-error")),
        (Section.CONDITIONS, resource("Condition", "1", verificationStatus="entered-in-error")),
        (Section.MEDICATIONS, statement("1", status="entered-in-error")),
        (Section.TEST_RESULTS, resource("Observation", "1", status="entered-in-error", valueString="x")),
        (Section.IMMUNISATIONS, resource("Immunization", "1", status="entered-in-error")),
    ],
)
async def test_entries_made_in_error_are_left_out(section: Section, item: dict[str, Any]) -> None:
    told = (await answer(always(bundle(item, medicine("1", snomed("1")))), section))[section]
    assert (told.entries, told.status) == ([], SourceState.EMPTY)


async def test_wrong_types_cost_their_field_and_are_told() -> None:
    item = resource("AllergyIntolerance", "1", code=snomed("91936005"), onsetDateTime=7, clinicalStatus="odd")
    told = (await answer(always(bundle(item)), Section.ALLERGIES))[Section.ALLERGIES]
    [entry] = told.entries
    assert isinstance(entry, Allergy)
    assert entry.code is not None
    assert (entry.onset, entry.status) == (None, None)
    assert sorted(warning.text for warning in told.warnings) == [
        "A value of AllergyIntolerance.clinicalStatus could not be read and is left out.",
        "A value of AllergyIntolerance.onsetDateTime could not be read and is left out.",
    ]


async def test_narrative_and_reference_words_are_never_shown() -> None:
    item = resource("Condition", "1", code=snomed("44054006", "Diabetes"), text={"div": "<div>secret words</div>"})
    item["asserter"] = {"reference": "Practitioner/9", "display": "secret words"}
    assert "secret" not in repr(await first(Section.CONDITIONS, item))


async def test_a_stopped_medicine_says_why_and_who_prescribed_it() -> None:
    plan = resource("MedicationRequest", "1-p", intent="plan", status="stopped")
    reason = {"url": "statusReason", "valueCodeableConcept": {"text": "Nausea"}}
    plan["extension"] = [{"url": f"{EXTENSION}-MedicationStatusReason-1", "extension": [reason]}]
    agency = {"coding": [{"code": "prescribed-by-another-organisation"}]}
    item = statement("1", status="stopped")
    item["extension"] = [{"url": f"{EXTENSION}-PrescribingAgency-1", "valueCodeableConcept": agency}]
    told = await first(Section.MEDICATIONS, item, plan, medicine("1", snomed("319773006")))
    assert isinstance(told, Medication)
    assert (told.status, told.stopped_reason) == (MedicationStatus.STOPPED, "Nausea")
    assert told.prescribed_by is not None


async def test_a_medicine_that_was_not_sent_is_told_and_not_hidden() -> None:
    told = await answer(always(bundle(statement("1", dosage=[{"text": "daily"}]))), Section.MEDICATIONS)
    [entry] = told[Section.MEDICATIONS].entries
    assert isinstance(entry, Medication)
    assert (entry.medicine, entry.dosage) == (None, "daily")
    assert told[Section.MEDICATIONS].status is SourceState.PARTIAL


async def test_results_show_value_range_and_members() -> None:
    high, low = {"value": 7.8, "unit": "mmol/L"}, {"value": 3.5, "unit": "mmol/L"}
    potassium = resource(
        "Observation",
        "k",
        status="final",
        code=snomed("1"),
        valueQuantity={"value": 4.1, "unit": "mmol/L"},
        referenceRange=[{"low": low, "high": high}],
    )
    remark = resource("Observation", "r", status="final", code=snomed("2"), comment="Repeat in a week")
    job = resource("Observation", "job", status="final", code=snomed("265943003", "Engraver"))
    related = [{"type": "has-member", "target": {"reference": f"Observation/{each}"}} for each in ("k", "r")]
    group = resource("Observation", "g", status="final", code=snomed("3"), related=related)
    report = resource("DiagnosticReport", "d", status="final", result=[{"reference": "Observation/g"}])
    told = await answer(always(bundle(job, potassium, remark, group, report)), Section.TEST_RESULTS)
    entries = {entry.id.removeprefix("gp1:"): entry for entry in told[Section.TEST_RESULTS].entries}
    assert set(entries) == {"DiagnosticReport/d", "Observation/g", "Observation/k", "Observation/r"}
    found = entries["Observation/k"]
    assert isinstance(found, LabResult)
    assert (found.value, found.reference_range) == ("4.1 mmol/L", "3.5 to 7.8 mmol/L")
    header = entries["Observation/g"]
    assert isinstance(header, LabResult)
    assert header.members == ["gp1:Observation/k", "gp1:Observation/r"]


async def test_a_vaccine_not_given_says_so() -> None:
    item = resource("Immunization", "1", status="completed", notGiven=True, vaccineCode={"coding": [{"code": "UNK"}]})
    item["explanation"] = {"reasonNotGiven": [{"text": "Declined"}]}
    procedure = {"url": f"{EXTENSION}-VaccinationProcedure-1", "valueCodeableConcept": snomed("822851000000102")}
    item["extension"] = [procedure]
    told = await first(Section.IMMUNISATIONS, item)
    assert isinstance(told, Immunisation)
    assert (told.status, told.not_given_reason) == (ImmunisationStatus.NOT_DONE, "Declined")
    assert told.vaccine is not None
    assert told.vaccine.codings[0].code == "822851000000102"


SENSITIVE: list[list[dict[str, Any]]] = [
    [resource("Condition", "s", code=HIV, clinicalStatus="active")],
    [
        resource(
            "Observation",
            "s",
            status="final",
            code=snomed("1"),
            valueString="taken",
            comment="(Test request : HIV Investigation)",
        )
    ],
    [resource("Observation", "s", status="final", code=snomed("1"), valueString="(Test request : Syphilis Serology)")],
    [statement("s"), medicine("s", snomed("1", "Abacavir 300mg / Lamivudine 150mg / Zidovudine 300mg tablets"))],
    [resource("AllergyIntolerance", "s", code=HIV, patient={"reference": "Patient/q"})],
    [resource("AllergyIntolerance", "s", code=HIV, onsetDateTime="x", clinicalStatus="odd")],
    [statement("s", medicationReference={"reference": "Medication/none"}, note=[{"text": "for HIV"}])],
    [resource("Immunization", "s", status="completed", date="x", note=[{"text": "HIV positive"}])],
    [resource("Condition", "c", code=HIV, clinicalStatus="active")],
    [resource("AllergyIntolerance", "a", code=HIV)],
]
PLAIN: list[dict[str, Any]] = [
    resource("AllergyIntolerance", "a", code=snomed("91936005"), clinicalStatus="active"),
    resource("Condition", "c", code=snomed("44054006"), clinicalStatus="active"),
    resource("Observation", "o", status="final", code=snomed("27113001"), valueQuantity={"value": 70, "unit": "kg"}),
    statement("m"),
    medicine("m", snomed("319773006", "Aspirin 75mg dispersible tablets")),
]


@given(st.sets(st.integers(0, len(SENSITIVE) - 1)), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
async def test_withheld_items_change_nothing(chosen: set[int], shuffle: Any) -> None:
    added = [each for index in sorted(chosen) for each in SENSITIVE[index]]

    mixed = [*PLAIN, *added]
    shuffle.shuffle(mixed)
    alone = await answer(always(bundle(*PLAIN)), *STRUCTURED)
    beside = await answer(always(bundle(*mixed)), *STRUCTURED)
    for section in STRUCTURED:
        one, other = alone[section], beside[section]
        assert sorted(map(repr, one.entries)) == sorted(map(repr, other.entries))
        assert (one.status, one.warnings) == (other.status, other.warnings)


async def test_a_source_whose_every_entry_is_withheld_reads_empty() -> None:
    told = await answer(always(bundle(listing("717711000000103"), *SENSITIVE[0])), Section.CONDITIONS)
    assert told[Section.CONDITIONS].status is SourceState.EMPTY
