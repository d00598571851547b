"""The shape of a PDS FHIR R4 Patient, as far as the record needs it."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from resolvers.record.values import Coding
from resolvers.sources.fhir.concepts import FhirPeriod
from resolvers.sources.fhir.lenient import Lenient


class FhirIdentifier(msgspec.Struct):
    system: str | None = None
    value: str | None = None
    period: FhirPeriod | None = None


class FhirMeta(msgspec.Struct):
    security: list[Coding] = []


class FhirName(msgspec.Struct):
    use: str | None = None
    period: FhirPeriod | None = None
    prefix: list[str] = []
    given: list[str] = []
    family: str | None = None
    suffix: list[str] = []
    text: str | None = None


class FhirAddress(msgspec.Struct):
    use: str | None = None
    period: FhirPeriod | None = None
    line: list[str] = []
    postalCode: str | None = None  # noqa: N815


class FhirTelecom(msgspec.Struct):
    system: str | None = None
    value: str | None = None
    use: str | None = None
    period: FhirPeriod | None = None


class FhirPractice(msgspec.Struct):
    identifier: FhirIdentifier | None = None


class FhirPatient(msgspec.Struct):
    fhir_type: ClassVar[str] = "Patient"
    resourceType: str | None = None  # noqa: N815
    id: str | None = None
    meta: FhirMeta | None = None
    identifier: list[FhirIdentifier] = []
    name: list[FhirName] = []
    gender: str | None = None
    birthDate: str | None = None  # noqa: N815
    deceasedDateTime: str | None = None  # noqa: N815
    deceasedBoolean: bool | None = None  # noqa: N815
    address: list[FhirAddress] = []
    telecom: list[FhirTelecom] = []
    generalPractitioner: list[FhirPractice] = []  # noqa: N815


PATIENT = Lenient(FhirPatient)
