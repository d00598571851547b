"""Whatever a practice's system sends, the answer is an answer."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.sections import Section
from resolvers.sources.gp_connect.parameters import STRUCTURED
from tests.resolvers.gp_connect.practice import answer, asking, bundle, listing, patient, practice, resource, snomed
from tests.resolvers.gp_connect.test_appointments import booking, diary
from tests.resolvers.gp_connect.test_reading import EXTENSION, medicine, statement
from tests.resolvers.gp_connect.test_real_records import LetAllThrough
from tests.resolvers.hostile import VALUES, places, replaced
from tests.resolvers.recorded import always

PRACTITIONER = {"reference": "Practitioner/1"}
PLAN = resource("MedicationRequest", "m-p", intent="plan", status="active", recorder=PRACTITIONER, authoredOn="2020")
PLAN["dispenseRequest"] = {"quantity": {"value": 28, "unit": "tablet"}, "validityPeriod": {"start": "2020-01-01"}}
PLAN["extension"] = [
    {"url": f"{EXTENSION}-PrescriptionType-1", "valueCodeableConcept": {"coding": [{"code": "acute"}]}}
]
ROLE = {"resourceType": "PractitionerRole", "id": "r", "practitioner": PRACTITIONER, "code": [snomed("1", "GP")]}
ROLE["organization"] = {"reference": "Organization/o"}
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
SURGERY = {"resourceType": "Organization", "id": "o", "identifier": [{"system": ODS, "value": "A1"}], "name": "X"}
RECORD: Any = bundle(
    listing("886921000000105", "data-in-transit", "before 01-Jan-2020", entry=[{"item": {"reference": "#x"}}]),
    listing("1103671000000101", contained=[resource("AllergyIntolerance", "x", code=snomed("91935009"))]),
    resource("AllergyIntolerance", "a", code=snomed("91936005"), reaction=[{"manifestation": [snomed("1")]}]),
    resource("Condition", "c", code=snomed("44054006"), onsetDateTime="2020-01-01", note=[{"text": "n"}]),
    resource("Observation", "o", status="final", code=snomed("2"), valueQuantity={"value": 1, "unit": "g"}),
    resource("DiagnosticReport", "d", status="final", result=[{"reference": "Observation/o"}], specimen=[]),
    resource(
        "Immunization", "i", status="completed", vaccineCode=snomed("3"), vaccinationProtocol=[{"doseSequence": 1}]
    ),
    statement("m", dosage=[{"text": "daily", "doseQuantity": {"value": 1}}]),
    PLAN,
    medicine("m", snomed("319773006")),
    ROLE,
    SURGERY,
    {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "details": {"text": "includeX"}}]},
)
DAY = booking("1", extension=[{"url": f"{EXTENSION}-DeliveryChannel-2", "valueCode": "Telephone"}])


@given(st.sampled_from(places(RECORD)), VALUES)
@settings(max_examples=400, deadline=None)
async def test_any_one_value_may_be_wrong(path: tuple[Any, ...], value: Any) -> None:
    source = practice(always(replaced(RECORD, path, value)))
    told = await source.ask(asking(*STRUCTURED), LetAllThrough())  # type: ignore[arg-type]
    assert set(told) == set(STRUCTURED)


@given(st.sampled_from(places(RECORD)), VALUES)
@settings(max_examples=100, deadline=None)
async def test_a_wrong_value_in_one_section_leaves_the_others(path: tuple[Any, ...], value: Any) -> None:
    index = path[1] if len(path) > 1 else None
    kinds = [entry["resource"]["resourceType"] for entry in RECORD["entry"]]
    if index is None or kinds[index] != "Condition" or len(path) < 4:
        return
    whole, broken = await answer(always(RECORD)), await answer(always(replaced(RECORD, path, value)))
    for section in STRUCTURED - {Section.CONDITIONS}:
        assert repr(broken[section].entries) == repr(whole[section].entries)


@given(st.sampled_from(places([DAY, patient()])), VALUES)
@settings(max_examples=200, deadline=None)
async def test_any_one_value_of_an_appointment_may_be_wrong(path: tuple[Any, ...], value: Any) -> None:
    day, person = replaced([DAY, patient()], path, value)
    source = practice(appointments=diary(day, person=[person]))
    told = await source.ask(asking(Section.APPOINTMENTS), LetAllThrough())  # type: ignore[arg-type]
    assert set(told) == {Section.APPOINTMENTS}
