"""What policy withholds changes nothing in the answer: not an entry, not a warning, not a state."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.sections import Section
from resolvers.sources.source import Answer
from tests.resolvers.fhir_r4.kit import of, shared, status
from tests.resolvers.fhir_r4.server import Everything, FhirServer, Json, allergy, answer, observation, patient

SECTIONS = (
    Section.ALLERGIES,
    Section.MEDICATIONS,
    Section.CONDITIONS,
    Section.HOSPITAL_STAYS,
    Section.TEST_RESULTS,
    Section.APPOINTMENTS,
    Section.CARE_TEAM,
)


def _named(local: str, resource: Json) -> Json:
    return {**resource, "id": local}


def _pool() -> list[Json]:
    """Resources that refer to each other in every way the adapter follows, some of them malformed."""
    author = {"reference": "PractitionerRole/r1", "display": "A role"}
    visit = {"reference": "Encounter/e1"}
    team = [{"member": author}, {"member": {"reference": "Practitioner/d1"}, "role": [{"text": "Nurse"}]}]
    return [
        shared("Medication", "m1", code={"text": "Ramipril"}),
        shared("PractitionerRole", "r1", code=[{"text": "GP"}], organization={"reference": "Organization/o1"}),
        shared("Practitioner", "d1", name=[{"text": "Dr Noor"}]),
        shared("Organization", "o1", name="Clinic"),
        shared("Location", "l1", name="Ward"),
        _named("c1", of("Condition", code={"text": "Infarct"}, recordedDate="x")),
        _named("c2", of("Condition", code=5, category="none")),
        allergy("a1", recorder=author),
        allergy("a2", onsetDateTime="x", modifierExtension=[{"url": "u"}]),
        _named("r1", of("MedicationRequest", medicationReference={"reference": "Medication/m1"}, requester=author)),
        _named(
            "e1",
            of(
                "Encounter",
                diagnosis=[{"condition": {"reference": "Condition/c1"}}],
                location=[{"location": {"reference": "Location/l1"}}],
            ),
        ),
        _named("s1", of("Composition", type={"text": "Discharge summary"}, encounter=visit, title="Summary")),
        observation("o1", performer=[author]),
        observation("o2", valueQuantity={"value": "high"}),
        _named("d1", of("DiagnosticReport", result=[{"reference": "Observation/o1"}, {"reference": "Observation/o2"}])),
        shared(
            "Appointment",
            "p1",
            status="odd",
            participant=[{"actor": {"reference": "Patient/p1"}}, {"actor": {"reference": "Practitioner/d1"}}],
            reasonReference=[{"reference": "Condition/c1"}],
        ),
        _named("t1", of("CareTeam", name="Team", participant=team, status=status("no")["coding"])),
    ]


POOL = _pool()
KEYS = [f"{each['resourceType']}/{each['id']}" for each in POOL]


def _answer(resources: list[Json], page: int | None, **more: Any) -> Answer:
    server = FhirServer(copy.deepcopy([patient(), *resources]), page=page)
    return asyncio.run(answer(server, *SECTIONS, **more))


@settings(deadline=None, max_examples=120)
@given(
    present=st.sets(st.sampled_from(KEYS), min_size=1),
    withheld=st.sets(st.sampled_from(KEYS), min_size=1),
    page=st.sampled_from([None, 1, 2]),
    way=st.sampled_from([{}, {"batch": True}, {"everything": True}]),
)
def test_the_answer_over_a_record_with_withheld_items_is_the_answer_without_them(
    present: set[str], withheld: set[str], page: int | None, way: dict[str, bool]
) -> None:
    here = [each for each, key in zip(POOL, KEYS, strict=True) if key in present]
    rest = [each for each, key in zip(POOL, KEYS, strict=True) if key in present - withheld]
    kept = _answer(here, page, policy=Everything(*withheld), **way)
    assert kept == _answer(rest, page, policy=Everything(), **way)
