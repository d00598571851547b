"""The Patient entity: who a person is, and the sections of their record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.types import Info

from policies.sections import Section
from resolvers.connection import AllergyConnection, Connection, MedicationConnection, about, page
from resolvers.context import RecordContext
from resolvers.errors import SourceInvalid
from resolvers.filters import (
    KIND,
    STATUS,
    After,
    First,
    Since,
    When,
    is_when,
    of_category,
    of_kind,
    since_filter,
    with_status,
)
from resolvers.lookahead import sections_of
from resolvers.people import Found, PatientLoader
from resolvers.record.alerts import Alert, AlertStatus
from resolvers.record.allergies import Allergy, AllergyStatus
from resolvers.record.appointments import Appointment, AppointmentStatus
from resolvers.record.conditions import Condition, ConditionStatus
from resolvers.record.consultations import Consultation
from resolvers.record.documents import Document
from resolvers.record.immunisations import Immunisation
from resolvers.record.medications import Medication, MedicationStatus
from resolvers.record.people import Address, ContactPoint, Gender, HumanName
from resolvers.record.plans import CarePlan, CarePlanStatus
from resolvers.record.procedures import Procedure
from resolvers.record.results import TestResult
from resolvers.record.social import SocialCareEntry, SocialCareKind, SocialCareStatus
from resolvers.record.stays import HospitalStay, StayKind
from resolvers.record.team import CareTeamMember, ContactKind
from resolvers.record.values import Entry, NHSNumber, Organisation, PartialDateTime
from resolvers.scalars import parse_nhs_number
from resolvers.sources.demographics import Person

T = TypeVar("T", bound=Entry)
V = TypeVar("V")
RecordInfo = Info[RecordContext, None]


@strawberry.federation.type(
    keys=["nhsNumber"],
    description="A person and their record, read live from every organisation that holds a part. Sensitive matters, "
    "children's social care and old history are not part of it.",
)
class Patient:
    nhs_number: NHSNumber = strawberry.field(description="The current NHS number.")
    found: strawberry.Private[Found]

    @classmethod
    async def resolve_reference(cls, info: RecordInfo, nhsNumber: str) -> Patient:  # noqa: N803 - the key's GraphQL name
        return await patient(info, NHSNumber(parse_nhs_number(nhsNumber)))

    @strawberry.field(description="The name in use (PRSB: Person demographics; PDS Patient.name).")
    def name(self) -> HumanName | None:
        names = self._person().names
        usual = next((name for name in names if name.use in ("usual", "official")), names[0] if names else None)
        return self._told(usual, "name")

    @strawberry.field(description="Every name that the demographics service holds (PDS Patient.name).")
    def names(self) -> list[HumanName] | None:
        return self._person().names

    @strawberry.field(description="Date of birth (PDS Patient.birthDate).")
    def birth_date(self) -> PartialDateTime | None:
        return _date(self._told(self._person().birth_date, "birthDate"))

    @strawberry.field(description="Administrative gender (PDS Patient.gender).")
    def gender(self) -> Gender | None:
        gender = self._told(self._person().gender, "gender")
        return Gender(gender) if gender in {known.value for known in Gender} else None

    @strawberry.field(description="Home address; withheld for restricted people (PDS Patient.address).")
    def address(self) -> Address | None:
        return self._told(self._person().address, "address")

    @strawberry.field(
        description="Telephone numbers and e-mail addresses; withheld for restricted people (PDS Patient.telecom)."
    )
    def contacts(self) -> list[ContactPoint] | None:
        return self._person().contacts

    @strawberry.field(
        description="The GP practice where the person is registered; withheld for restricted people "
        "(PRSB: GP practice; PDS Patient.generalPractitioner)."
    )
    def registered_practice(self) -> Organisation | None:
        return self._told(self._person().practice, "generalPractitioner")

    @strawberry.field(description="Whether the person has died (PDS Patient.deceased).")
    def is_deceased(self) -> bool | None:
        return self._person().is_deceased

    @strawberry.field(description="When the person died, as exactly as it is known (PDS Patient.deceasedDateTime).")
    def deceased(self) -> PartialDateTime | None:
        return _date(self._told(self._person().deceased, "deceasedDateTime"))

    @strawberry.field(
        description="Whether the demographics service marks the person as restricted (PDS meta.security R or V)."
    )
    def restricted(self) -> bool | None:
        return self._person().restricted

    @strawberry.field(description="When the demographics service gave its answer.")
    def demographics_as_of(self) -> PartialDateTime | None:
        return _date(self._person().as_of)

    @strawberry.field(description="Allergies and adverse reactions (PRSB: Allergies and adverse reactions).")
    async def allergies(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        status: Annotated[list[AllergyStatus] | None, STATUS] = None,
    ) -> AllergyConnection | None:
        entries, shown = await self._page(
            Section.ALLERGIES, Allergy, first, after, since, lambda entries: with_status(entries, status)
        )
        return AllergyConnection(entries=entries, **shown)

    @strawberry.field(description="Medicines taken or prescribed (PRSB: Medications and medical devices).")
    async def medications(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        status: Annotated[list[MedicationStatus] | None, STATUS] = None,
    ) -> MedicationConnection | None:
        entries, shown = await self._page(
            Section.MEDICATIONS, Medication, first, after, since, lambda entries: with_status(entries, status)
        )
        return MedicationConnection(entries=entries, **shown)

    @strawberry.field(description="Problems and diagnoses (PRSB: Problem list).")
    async def conditions(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        status: Annotated[list[ConditionStatus] | None, STATUS] = None,
    ) -> Connection[Condition] | None:
        return await self._section(
            Section.CONDITIONS, Condition, first, after, since, lambda entries: with_status(entries, status)
        )

    @strawberry.field(
        description="Hospital stays and attendances, with discharge summaries (PRSB: Admission details, Discharge details)."
    )
    async def hospital_stays(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        kind: Annotated[list[StayKind] | None, KIND] = None,
    ) -> Connection[HospitalStay] | None:
        return await self._section(
            Section.HOSPITAL_STAYS, HospitalStay, first, after, since, lambda entries: of_kind(entries, kind)
        )

    @strawberry.field(description="Appointments, past and future (PRSB: Future appointments).")
    async def appointments(
        self,
        info: RecordInfo,
        first: First = None,
        after: After = None,
        since: Since = None,
        when: Annotated[
            When | None,
            strawberry.argument(
                description="Only those that began before, or begin after, this moment. Without a start they are still to come."
            ),
        ] = None,
        status: Annotated[list[AppointmentStatus] | None, STATUS] = None,
    ) -> Connection[Appointment] | None:
        now = info.context.now.isoformat(timespec="seconds").replace("+00:00", "Z")

        def keep(entries: list[Appointment]) -> list[Appointment]:
            timely = [entry for entry in entries if when is None or is_when(entry, when, now)]
            return with_status(timely, status)

        return await self._section(Section.APPOINTMENTS, Appointment, first, after, since, keep)

    @strawberry.field(description="Test results and observations (PRSB: Investigation results, Examination findings).")
    async def test_results(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        category: Annotated[
            str | None,
            strawberry.argument(
                description="Only this category, for example laboratory or vital-signs; results without any category stay."
            ),
        ] = None,
    ) -> Connection[TestResult] | None:
        return await self._section(
            Section.TEST_RESULTS,
            TestResult,
            first,
            after,
            since,
            lambda entries: of_category(entries, category),
        )

    @strawberry.field(description="Vaccinations (PRSB: Vaccinations).")
    async def immunisations(
        self, first: First = None, after: After = None, since: Since = None
    ) -> Connection[Immunisation] | None:
        return await self._section(Section.IMMUNISATIONS, Immunisation, first, after, since)

    @strawberry.field(description="Operations and other procedures (PRSB: Procedures and therapies).")
    async def procedures(
        self, first: First = None, after: After = None, since: Since = None
    ) -> Connection[Procedure] | None:
        return await self._section(Section.PROCEDURES, Procedure, first, after, since)

    @strawberry.field(description="Letters and other documents that exist at an organisation (PRSB: Documents).")
    async def documents(
        self, first: First = None, after: After = None, since: Since = None
    ) -> Connection[Document] | None:
        return await self._section(Section.DOCUMENTS, Document, first, after, since)

    @strawberry.field(description="What everyone should know at once (PRSB: Alerts, Risks).")
    async def alerts(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        status: Annotated[list[AlertStatus] | None, STATUS] = None,
    ) -> Connection[Alert] | None:
        return await self._section(
            Section.ALERTS, Alert, first, after, since, lambda entries: with_status(entries, status)
        )

    @strawberry.field(description="Care, support and contingency plans (PRSB: Care and support plan).")
    async def care_plans(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        status: Annotated[list[CarePlanStatus] | None, STATUS] = None,
    ) -> Connection[CarePlan] | None:
        return await self._section(
            Section.CARE_PLANS, CarePlan, first, after, since, lambda entries: with_status(entries, status)
        )

    @strawberry.field(
        description="Professionals and personal contacts (PRSB: Professional contacts, Personal contacts)."
    )
    async def care_team(
        self, first: First = None, after: After = None, kind: Annotated[list[ContactKind] | None, KIND] = None
    ) -> Connection[CareTeamMember] | None:
        return await self._section(
            Section.CARE_TEAM, CareTeamMember, first, after, None, lambda entries: of_kind(entries, kind)
        )

    @strawberry.field(
        description="Adult social care: services, assessments, contacts, equipment (PRSB: Services and care)."
    )
    async def social_care(
        self,
        first: First = None,
        after: After = None,
        since: Since = None,
        kind: Annotated[list[SocialCareKind] | None, KIND] = None,
        status: Annotated[list[SocialCareStatus] | None, STATUS] = None,
    ) -> Connection[SocialCareEntry] | None:
        return await self._section(
            Section.SOCIAL_CARE,
            SocialCareEntry,
            first,
            after,
            since,
            lambda entries: with_status(of_kind(entries, kind), status),
        )

    @strawberry.field(
        description="Contacts with the practice: when, how, with whom, and what was noted (PRSB: Contacts with professionals)."
    )
    async def consultations(
        self, first: First = None, after: After = None, since: Since = None
    ) -> Connection[Consultation] | None:
        return await self._section(Section.CONSULTATIONS, Consultation, first, after, since)

    async def _section(
        self,
        section: Section,
        kind: type[T],
        first: int | None,
        after: str | None,
        since: str | None,
        keep: Callable[[list[T]], list[T]] = lambda entries: entries,
    ) -> Connection[T]:
        _, shown = await self._page(section, kind, first, after, since, keep)
        return Connection(**shown)

    async def _page(
        self,
        section: Section,
        kind: type[T],
        first: int | None,
        after: str | None,
        since: str | None,
        keep: Callable[[list[T]], list[T]],
    ) -> tuple[list[T], dict[str, Any]]:
        """The entries that the filters leave, over all pages, and the fields that every connection has."""
        record = await self.found.record.section(section)
        entries = keep(since_filter(_of(kind, record.entries), since))
        nodes, info = page(entries, first, after)
        completeness, finding, sources = about(record)
        return entries, {
            "nodes": nodes,
            "page_info": info,
            "total_count": len(entries),
            "completeness": completeness,
            "finding": finding,
            "sources": sources,
        }

    def _person(self) -> Person:
        if self.found.person is None:
            assert self.found.failure is not None
            raise self.found.failure
        return self.found.person

    def _told(self, value: V | None, place: str) -> V | None:
        """A value of the demographics service; where there is none because it could not be read, that is said."""
        if value is None and any(bad.split(".")[0] == place for bad in self._person().invalid):
            raise SourceInvalid
        return value


async def patient(info: RecordInfo, nhs_number: str) -> Patient:
    """The person with this NHS number, their sections begun. Raises the errors of PatientLoader.find."""
    context = info.context
    if context.people is None:
        context.people = PatientLoader(context)
    found = await context.people.find(nhs_number, sections_of(info._raw_info))
    return Patient(nhs_number=NHSNumber(found.nhs_number), found=found)


def _date(value: str | None) -> PartialDateTime | None:
    return None if value is None else PartialDateTime(value)


def _of(kind: type[T], entries: Sequence[Entry]) -> list[T]:
    return [entry for entry in entries if isinstance(entry, kind)]
