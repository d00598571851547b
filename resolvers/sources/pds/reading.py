"""From a PDS Patient to a person, cut to what may be known where the person is restricted.

PDS FHIR R4, Patient.meta.security: one label, U (unrestricted), R or V (restricted), or REDACTED (invalidated).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policies.restricted import is_restricted
from resolvers.record.people import Address, ContactPoint, Gender, HumanName
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.demographics import Person
from resolvers.sources.fhir.concepts import FhirPeriod
from resolvers.sources.fhir.dates import fhir_date, whole_day
from resolvers.sources.pds.localities import Localities
from resolvers.sources.pds.shapes import PATIENT, FhirAddress, FhirName, FhirPatient, FhirTelecom
from resolvers.sources.upstream import Failure, UpstreamError

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
REDACTED = "REDACTED"
PAST_NAMES = frozenset({"old", "maiden"})  # a former name may reveal what its bearer has left behind
GENDERS = frozenset(gender.value for gender in Gender)


def read_person(
    raw: bytes, asked: str | None, now: str, localities: Localities, practices: Mapping[str, str]
) -> Person | None:
    """The person in a Patient resource; None for an invalidated one. `asked` is the number that was asked for.

    Raises UpstreamError(MALFORMED) where the bytes are no Patient with one NHS number.
    """
    source, bad = PATIENT.decode(raw)
    if source is None or source.resourceType != "Patient" or not _is_number(source.id) or not _one_number(source):
        raise UpstreamError(Failure.MALFORMED, "the answer is not a Patient with an NHS number")
    labels = {coding.code for coding in source.meta.security} if source.meta is not None else set()
    if REDACTED in labels:
        return None
    invalid = [place.removeprefix("Patient.") for place in bad]
    restricted = is_restricted(labels) or any(place.startswith("meta") for place in invalid)
    number = source.id or ""
    person = Person(nhs_number=number, asked_number=asked or number, restricted=restricted, as_of=now)
    _identify(person, source, invalid)
    if not restricted:
        _locate(person, source, now[:10], localities, practices)
    person.invalid = tuple(dict.fromkeys(invalid))
    return person


def _is_number(text: str | None) -> bool:
    """Ten digits. The check digit is not looked at: this service is who issues the numbers."""
    return text is not None and len(text) == 10 and text.isascii() and text.isdigit()


def _one_number(source: FhirPatient) -> bool:
    """The resource's id and its NHS number, where it has one, agree."""
    numbers = {identifier.value for identifier in source.identifier if identifier.system == NHS_NUMBER}
    return not numbers or source.id in numbers


def _identify(person: Person, source: FhirPatient, invalid: list[str]) -> None:
    person.names = [_name(name) for name in sorted(source.name, key=_usual_first) if name.use not in PAST_NAMES]
    person.birth_date = fhir_date(source.birthDate) if source.birthDate and "T" not in source.birthDate else None
    if source.birthDate is not None and person.birth_date is None:
        invalid.append("birthDate")
    person.gender = source.gender if source.gender in GENDERS else None
    if source.gender is not None and person.gender is None:
        invalid.append("gender")
    person.deceased = fhir_date(source.deceasedDateTime)
    if source.deceasedDateTime is not None and person.deceased is None:
        invalid.append("deceasedDateTime")
    unreadable = any(place.startswith("deceased") for place in invalid)
    person.is_deceased = bool(source.deceasedBoolean or source.deceasedDateTime or unreadable)


def _usual_first(name: FhirName) -> int:
    return {"usual": 0, "official": 1}.get(name.use or "", 2)


def _name(source: FhirName) -> HumanName:
    return HumanName(
        use=source.use,
        prefix=" ".join(source.prefix) or None,
        given=source.given,
        family=source.family,
        text=source.text or " ".join(filter(None, [*source.prefix, *source.given, source.family, *source.suffix])),
    )


def _locate(
    person: Person, source: FhirPatient, today: str, localities: Localities, practices: Mapping[str, str]
) -> None:
    home = next((a for a in source.address if a.use == "home" and _runs(a.period, today)), None)
    person.address = _address(home)
    person.contacts = _contacts(source.telecom, today)
    person.local_authority = localities.authority(home.postalCode) if home is not None else None
    for practice in source.generalPractitioner:
        identifier = practice.identifier
        if identifier is not None and identifier.system == ODS and identifier.value and _runs(identifier.period, today):
            name = practices.get(identifier.value)
            kind = OrganisationKind.GP_PRACTICE
            person.practice = Organisation(ods_code=identifier.value, name=name, kind=kind)
            return


def _runs(period: FhirPeriod | None, today: str) -> bool:
    """Whether a period holds today; an end or start that is no whole day does not bound it."""
    if period is None:
        return True
    start, end = whole_day(period.start), whole_day(period.end)
    return (start is None or start <= today) and (end is None or end >= today)


def _address(source: FhirAddress | None) -> Address | None:
    if source is None:
        return None
    lines = [line for line in source.line if line]
    return Address(lines=lines, postcode=source.postalCode) if lines or source.postalCode else None


def _contacts(sources: Iterable[FhirTelecom], today: str) -> list[ContactPoint]:
    return [
        ContactPoint(system=source.system, value=source.value, use=source.use)
        for source in sources
        if source.value and _runs(source.period, today)
    ]
