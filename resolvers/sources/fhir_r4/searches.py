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
    may still hold, so states are always asked for in full; `margin` days before that bound are asked for, too.
    `include`: search parameter → resource types wanted through it. `adopts`: included types that count as entries of
    the section.
    """

    type: str
    by: tuple[str, ...] = ("patient", "subject")
    order: str | None = "date"
    window: str | None = None
    margin: int = 0
    include: tuple[tuple[str, tuple[str, ...]], ...] = ()
    adopts: frozenset[str] = frozenset()

    @cached_property
    def included(self) -> frozenset[str]:
        return frozenset(kind for _, kinds in self.include for kind in kinds)


_PEOPLE = ("Practitioner", "PractitionerRole", "Organization")
_ORDER = ("based-on", ("ServiceRequest",))
_BEFORE_RESULTS = 92
"""A report or a group draws its results with it: it is wanted also where it is dated up to three months before them."""

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
                ("episode-of-care", ("EpisodeOfCare",)),
                _ORDER,
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
                _ORDER,
            ),
        ),
    ),
    Section.TEST_RESULTS: (
        Search(
            "Observation",
            window="date",
            margin=_BEFORE_RESULTS,
            include=(("performer", _PEOPLE), ("specimen", ("Specimen",)), _ORDER),
        ),
        Search(
            "DiagnosticReport",
            window="date",
            margin=_BEFORE_RESULTS,
            include=(("result", ("Observation",)), ("specimen", ("Specimen",)), ("performer", _PEOPLE), _ORDER),
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
            include=(("performer", _PEOPLE), ("reason-reference", ("Condition", "Procedure", "Observation")), _ORDER),
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

_BESIDE = (
    Search("ServiceRequest", order="authored", include=(("requester", _PEOPLE), ("performer", _PEOPLE))),
    Search("EpisodeOfCare", by=("patient",), include=(("organization", ("Organization",)),)),
)
"""Of no section, but what they say of an entry's order or episode of care tells of the entry."""

_BY_ID = (
    Search(
        "PractitionerRole",
        by=(),
        order=None,
        include=(("practitioner", ("Practitioner",)), ("organization", ("Organization",))),
    ),
    *(
        Search(kind, by=(), order=None)
        for kind in (
            "Practitioner",
            "Organization",
            "Location",
            "HealthcareService",
            "Medication",
            "Specimen",
            "Goal",
        )
    ),
)
"""Places, people and parts, which no search by patient finds."""

BY_TYPE = {search.type: search for searches in (*SEARCHES.values(), _BESIDE, _BY_ID) for search in searches}
"""How each type is searched for that an entry may refer to."""

HELD = "Observation"
HOLDERS = (("DiagnosticReport", "result"), (HELD, "has-member"))
"""What draws the Observations that it holds with it when it is withheld: type, and parameter for what it holds."""


def with_holders(kinds: frozenset[str]) -> frozenset[str]:
    """These types, and those without which they cannot be judged."""
    return kinds.union(kind for kind, _ in HOLDERS) if HELD in kinds else kinds
