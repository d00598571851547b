"""Immunisations from Immunization (UK Core)."""

from __future__ import annotations

from resolvers.record.immunisations import Immunisation, ImmunisationStatus
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import extended
from resolvers.sources.fhir_r4.reading import Reading, concept, note, words

PROCEDURE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-VaccinationProcedure"

STATUS = {each.value: each for each in ImmunisationStatus}


def immunisation(source: fhir.Immunization, reading: Reading) -> Immunisation | None:
    """One vaccination, given or not; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    given = reading.date(source.occurrence_date_time, "Immunization.occurrence")
    maker = reading.resolve(source.manufacturer, source, fhir.Organization)
    procedure = extended(source.extension, PROCEDURE)
    return Immunisation(
        reading.id(source),
        given or reading.date(source.recorded, "Immunization.recorded"),
        reading.recorded_by(source, *(each.actor for each in source.performer)),
        reading.as_of(source),
        vaccine=concept(source.vaccine_code)
        or (concept(procedure.value_codeable_concept) if procedure is not None else None),
        status=reading.listed(STATUS, source.status, "Immunization.status"),
        not_given_reason=words(source.status_reason),
        dose=_dose(source),
        batch=source.lot_number,
        expiry=reading.date(source.expiration_date, "Immunization.expirationDate"),
        manufacturer=maker.name if maker is not None else None,
        site=concept(source.site),
        route=concept(source.route),
        reasons=reading.concepts_meant(source.reason_code, source.reason_reference, source),
        note=note(source.note),
    )


def _dose(source: fhir.Immunization) -> str | None:
    """'2', '2 of 3', '2 of 3 (COVID-19 primary course)': every protocol that the dose counts for."""
    said = []
    for protocol in source.protocol_applied:
        number = protocol.dose_number_string or protocol.dose_number_positive_int
        doses = protocol.series_doses_string or protocol.series_doses_positive_int
        if number is not None:
            text = f"{number} of {doses}" if doses is not None else str(number)
            said.append(f"{text} ({protocol.series})" if protocol.series else text)
    return ", ".join(said) or None
