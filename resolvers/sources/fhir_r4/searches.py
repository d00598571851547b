"""Which searches a section needs: FHIR R4 resource types, their parameters and what to have included.

Search parameters are those of FHIR R4 (search parameter registry, 4.0.1). A parameter that the server's
CapabilityStatement does not declare is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from policies.sections import Section


@dataclass(frozen=True)
class Search:
    """One search by patient.

    `by`: parameters that name the patient, the best first. `order`: the date parameter to sort by. `window`: the
    parameter for a lower bound, given only for events: a condition, an allergy or a medicine that began long ago
    may still hold, so states are always asked for in full. `include`: search parameter → resource types wanted
    through it. `adopts`: included types that count as entries of the section.
    """

    type: str
    by: tuple[str, ...] = ("patient", "subject")
    order: str | None = "date"
    window: str | None = None
    include: tuple[tuple[str, tuple[str, ...]], ...] = ()
    adopts: frozenset[str] = frozenset()

    @cached_property
    def included(self) -> frozenset[str]:
        return frozenset(kind for _, kinds in self.include for kind in kinds)


_PEOPLE = ("Practitioner", "PractitionerRole", "Organization")

SEARCHES: dict[Section, tuple[Search, ...]] = {
    Section.ALLERGIES: (
        Search(
            "AllergyIntolerance",
            by=("patient",),
            include=(("recorder", _PEOPLE), ("asserter", _PEOPLE)),
        ),
    ),
    Section.MEDICATIONS: (
        Search(
            "MedicationRequest",
            order="authoredon",
            include=(("medication", ("Medication",)), ("requester", _PEOPLE)),
        ),
        Search(
            "MedicationStatement",
            order="effective",
            include=(("medication", ("Medication",)), ("source", _PEOPLE)),
        ),
    ),
    Section.CONDITIONS: (
        Search(
            "Condition",
            order="recorded-date",
            include=(("asserter", _PEOPLE),),
        ),
    ),
    Section.HOSPITAL_STAYS: (
        Search(
            "Encounter",
            window="date",
            include=(
                ("diagnosis", ("Condition", "Procedure")),
                ("reason-reference", ("Condition", "Procedure")),
                ("location", ("Location",)),
                ("service-provider", ("Organization",)),
                ("participant", _PEOPLE),
            ),
        ),
        Search("Composition", window="date", include=(("author", _PEOPLE),)),
    ),
    Section.APPOINTMENTS: (
        Search(
            "Appointment",
            by=("patient", "actor"),
            window="date",
            include=(
                ("location", ("Location",)),
                ("practitioner", ("Practitioner",)),
                ("actor", ("Practitioner", "PractitionerRole", "HealthcareService", "Location")),
                ("reason-reference", ("Condition", "Procedure", "Observation")),
            ),
        ),
    ),
    Section.TEST_RESULTS: (
        Search(
            "Observation",
            window="date",
            include=(("performer", _PEOPLE), ("specimen", ("Specimen",))),
        ),
        Search(
            "DiagnosticReport",
            window="date",
            include=(("result", ("Observation",)), ("specimen", ("Specimen",)), ("performer", _PEOPLE)),
            adopts=frozenset({"Observation"}),
        ),
    ),
    Section.IMMUNISATIONS: (
        Search(
            "Immunization",
            by=("patient",),
            window="date",
            include=(
                ("manufacturer", ("Organization",)),
                ("performer", _PEOPLE),
                ("reason-reference", ("Condition", "Observation")),
            ),
        ),
    ),
    Section.PROCEDURES: (
        Search(
            "Procedure",
            window="date",
            include=(("performer", _PEOPLE), ("reason-reference", ("Condition", "Procedure", "Observation"))),
        ),
    ),
    Section.DOCUMENTS: (
        Search(
            "DocumentReference",
            window="date",
            include=(("author", _PEOPLE), ("custodian", ("Organization",))),
        ),
    ),
    Section.ALERTS: (Search("Flag", include=(("author", _PEOPLE),)),),
    Section.CARE_PLANS: (Search("CarePlan", include=(("goal", ("Goal",)),)),),
    Section.CARE_TEAM: (
        Search("CareTeam", include=(("participant", _PEOPLE),)),
        Search("RelatedPerson", by=("patient",), order=None),
    ),
}
