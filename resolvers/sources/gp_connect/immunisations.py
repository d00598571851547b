"""Immunisations: GP Connect Immunization (STU3), given and not given."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from policies.sections import Section
from resolvers.record.immunisations import Immunisation, ImmunisationStatus
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import (
    FhirNote,
    FhirReference,
    concept,
    concepts,
    notes_text,
    words,
)
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.extensions import FhirExtension, first
from resolvers.sources.gp_connect.kept import FhirMeta, Kept

SECTION = Section.IMMUNISATIONS
UNKNOWN_VACCINE = frozenset({"UNK", "NI", "NA"})
GAVE = "AP"


class _Practitioner(msgspec.Struct):
    role: CodeableConcept | None = None
    actor: FhirReference | None = None


class _Explanation(msgspec.Struct):
    reason: list[CodeableConcept] = []
    reasonNotGiven: list[CodeableConcept] = []  # noqa: N815


class _Protocol(msgspec.Struct):
    doseSequence: int | None = None  # noqa: N815
    seriesDoses: int | None = None  # noqa: N815


class FhirImmunization(msgspec.Struct):
    fhir_type: ClassVar[str] = "Immunization"
    meta: FhirMeta | None = None
    extension: list[FhirExtension] = []
    status: str | None = None
    notGiven: bool | None = None  # noqa: N815
    vaccineCode: CodeableConcept | None = None  # noqa: N815
    date: str | None = None
    manufacturer: FhirReference | None = None
    lotNumber: str | None = None  # noqa: N815
    expirationDate: str | None = None  # noqa: N815
    site: CodeableConcept | None = None
    route: CodeableConcept | None = None
    practitioner: list[_Practitioner] = []
    note: list[FhirNote] = []
    explanation: _Explanation | None = None
    vaccinationProtocol: list[_Protocol] = []  # noqa: N815


IMMUNIZATION = Lenient(FhirImmunization)


def read_immunisations(kept: Kept) -> list[Immunisation]:
    """Every kept Immunization that was not entered in error."""
    found = kept.each("Immunization", IMMUNIZATION, SECTION)
    return [_immunisation(kept, key, source) for key, source in found if source.status != "entered-in-error"]


def _immunisation(kept: Kept, key: str, source: FhirImmunization) -> Immunisation:
    explanation = source.explanation or _Explanation()
    maker = kept.organisation_of(source.manufacturer)
    return Immunisation(
        kept.id(key),
        kept.date(SECTION, "Immunization.date", source.date),
        kept.recorded_by(*_actors(source)),
        kept.as_of(source.meta),
        vaccine=vaccine(source),
        status=_status(source),
        not_given_reason="; ".join(filter(None, map(words, explanation.reasonNotGiven))) or None,
        dose=_dose(source),
        batch=source.lotNumber,
        expiry=kept.date(SECTION, "Immunization.expirationDate", source.expirationDate),
        manufacturer=maker.name if maker is not None else None,
        site=concept(source.site),
        route=concept(source.route),
        reasons=concepts(explanation.reason),
        note=notes_text(source.note),
    )


def _status(source: FhirImmunization) -> ImmunisationStatus | None:
    if source.notGiven:
        return ImmunisationStatus.NOT_DONE
    return ImmunisationStatus.COMPLETED if source.status == "completed" else None


def vaccine(source: FhirImmunization) -> CodeableConcept | None:
    """The product; where the practice knows only the procedure, that."""
    known = source.vaccineCode is not None and any(c.code not in UNKNOWN_VACCINE for c in source.vaccineCode.codings)
    procedure = first(source.extension, "VaccinationProcedure")
    if not known and procedure is not None:
        return concept(procedure.valueCodeableConcept)
    return concept(source.vaccineCode)


def _actors(source: FhirImmunization) -> list[FhirReference | None]:
    """Who gave it first, then who else is named."""
    gave = [p for p in source.practitioner if p.role is not None and any(c.code == GAVE for c in p.role.codings)]
    return [person.actor for person in [*gave, *source.practitioner]]


def _dose(source: FhirImmunization) -> str | None:
    protocol = source.vaccinationProtocol[0] if source.vaccinationProtocol else _Protocol()
    if protocol.doseSequence is None:
        return None
    return f"{protocol.doseSequence} of {protocol.seriesDoses}" if protocol.seriesDoses else str(protocol.doseSequence)
