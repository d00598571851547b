"""The root fields of the record subgraph."""

from __future__ import annotations

from typing import Annotated

import strawberry

from policies.sections import Section
from resolvers.errors import BadUserInput, RateLimited, SourceTimeout, SourceUnavailable
from resolvers.patient import Patient, RecordInfo, patient
from resolvers.people import PatientLoader
from resolvers.record.people import Gender, HumanName
from resolvers.record.values import NHSNumber, Organisation, PartialDateTime
from resolvers.restriction import without_sensitive_places
from resolvers.sources.demographics import Person, Search
from resolvers.sources.upstream import Failure, UpstreamError

strawberry.enum(Section, name="RecordSection", description="A section of the record.")


@strawberry.type(description="An organisation that is connected to the record.")
class ConnectedOrganisation:
    organisation: Organisation = strawberry.field(description="The organisation.")
    gives: list[Section] = strawberry.field(description="The sections that it can answer.")
    reachable: bool | None = strawberry.field(
        description="Whether the last calls to it got through; empty where none has been made yet."
    )


@strawberry.type(description="What your role lets you see of one section.")
class SectionAccess:
    section: str = strawberry.field(description="The section.")
    fields: list[str] = strawberry.field(description="The fields that you may see, as Type.field; '*' is all of them.")


@strawberry.type(description="Who you are to the record, as your token says.")
class Viewer:
    role: str = strawberry.field(description="Your role here.")
    organisation: str = strawberry.field(description="The ODS code of the organisation for which you act.")
    purpose: str = strawberry.field(description="Why you ask, as an HL7 ActReason code; TREAT is direct care.")
    name: str | None = strawberry.field(description="Your name, where your token gives it.")
    sections: list[SectionAccess] = strawberry.field(description="What you may see.")


@strawberry.type(description="A person who matches a search: enough to tell who it is, and no part of the record.")
class PatientMatch:
    nhs_number: NHSNumber = strawberry.field(description="The NHS number; ask `patient` with it.")
    names: list[HumanName] = strawberry.field(description="Names.")
    birth_date: PartialDateTime | None = strawberry.field(description="Date of birth.")
    gender: Gender | None = strawberry.field(description="Administrative gender.")
    postcode: str | None = strawberry.field(description="Home postcode; withheld for restricted people.")


@strawberry.type
class Query:
    @strawberry.field(
        description="A person's record by NHS number. Answers PATIENT_NOT_AVAILABLE when there is none that you may see, "
        "for whatever reason: that never means that nothing is recorded anywhere."
    )
    async def patient(
        self,
        info: RecordInfo,
        nhs_number: Annotated[NHSNumber, strawberry.argument(description="The person's NHS number.")],
    ) -> Patient | None:
        return await patient(info, nhs_number)

    @strawberry.field(
        description="People by name and birth date, through the demographics service, at most 50 (PDS search rules: family "
        "name and birth date at least; a search with a postcode finds no restricted people)."
    )
    async def find_patients(
        self,
        info: RecordInfo,
        family: Annotated[str, strawberry.argument(description="Family name; at least two letters.")],
        birth_date: Annotated[PartialDateTime, strawberry.argument(description="Date of birth, YYYY-MM-DD.")],
        given: Annotated[str | None, strawberry.argument(description="Given name.")] = None,
        gender: Annotated[Gender | None, strawberry.argument(description="Administrative gender.")] = None,
        postcode: Annotated[str | None, strawberry.argument(description="Home postcode.")] = None,
        exact: Annotated[bool, strawberry.argument(description="Exact spelling only, no sound-alikes.")] = False,
    ) -> list[PatientMatch] | None:
        context = info.context
        context.journal.sections.add(Section.DEMOGRAPHICS)
        search = Search(family, birth_date, given, gender.value if gender else None, postcode, exact)
        try:
            people = await context.directory.demographics.search(
                search, context.caller, context.request_id, context.deadline
            )
        except UpstreamError as error:
            raise (SourceTimeout() if error.failure is Failure.TIMED_OUT else SourceUnavailable()) from error
        except ValueError as error:
            raise BadUserInput(str(error)) from error
        loader = context.people = context.people or PatientLoader(context)
        gone = await loader.refuse_opted_out([person.nhs_number for person in people]) if people else frozenset()
        shown = [person for person in people if person.nhs_number not in gone][:50]
        if not await context.admission.admit(context.caller, [person.nhs_number for person in shown]):
            raise RateLimited
        context.journal.patients.update(person.nhs_number for person in shown)
        sensitivity = context.policies.sensitivity
        return [_match(without_sensitive_places(person, sensitivity)) for person in shown]

    @strawberry.field(description="Who is connected, what they give, and whether they answer.")
    async def organisations(self, info: RecordInfo) -> list[ConnectedOrganisation]:
        return [
            ConnectedOrganisation(
                organisation=organisation,
                gives=sorted(gives, key=lambda section: section.value),
                reachable=reachable,
            )
            for organisation, gives, reachable in info.context.directory.organisations()
        ]

    @strawberry.field(description="Who you are, and what you may see.")
    async def viewer(self, info: RecordInfo) -> Viewer:
        caller = info.context.caller
        scope = info.context.policies.roles.scope(caller.role)
        return Viewer(
            role=caller.role,
            organisation=caller.organisation,
            purpose=caller.purpose,
            name=caller.name,
            sections=[
                SectionAccess(section=section, fields=list(fields)) for section, fields in scope.sections().items()
            ],
        )


def _match(person: Person) -> PatientMatch:
    known = {gender.value for gender in Gender}
    return PatientMatch(
        nhs_number=NHSNumber(person.nhs_number),
        names=person.names,
        birth_date=PartialDateTime(person.birth_date) if person.birth_date else None,
        gender=Gender(person.gender) if person.gender in known else None,
        postcode=person.address.postcode if person.address and not person.restricted else None,
    )
