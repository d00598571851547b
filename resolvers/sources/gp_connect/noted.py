"""What a consultation's headings name: the words of each thing, and the entry that it is in its own section.

A practice notes everything as a resource: a remark is an Observation with a comment, a prescription a MedicationRequest.
Their words are put together as the practice's own view shows them, one line for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

import msgspec
import strawberry

from policies.sections import Section
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.bundles import local
from resolvers.sources.fhir.concepts import FhirNote, FhirReference, notes_text, words
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.immunisations import IMMUNIZATION, vaccine
from resolvers.sources.gp_connect.kept import Kept
from resolvers.sources.gp_connect.medication_shapes import MEDICATION, STATEMENT, FhirDosage
from resolvers.sources.gp_connect.result_shapes import OBSERVATION, FhirObservation, value_words

ERROR = "entered-in-error"
REMARK = "37331000000100"
"""SNOMED CT 'Comment note': the code that says no more than that somebody remarked something."""
OWN = frozenset({"AllergyIntolerance", "Condition", "Immunization", "DiagnosticReport"})
"""Kinds that are entries of their sections by themselves."""


class Stated(msgspec.Struct):
    """What the kinds without a reader of their own say, wherever they say it."""

    status: str | None = None
    verificationStatus: str | None = None  # noqa: N815
    code: CodeableConcept | None = None
    serviceRequested: list[CodeableConcept] = []  # noqa: N815
    reasonCode: list[CodeableConcept] = []  # noqa: N815
    description: str | None = None
    conclusion: str | None = None
    note: list[FhirNote] = []


class FhirPrescribed(msgspec.Struct):
    fhir_type: ClassVar[str] = "MedicationRequest"
    status: str | None = None
    basedOn: list[FhirReference] = []  # noqa: N815
    medicationReference: FhirReference | None = None  # noqa: N815
    medicationCodeableConcept: CodeableConcept | None = None  # noqa: N815
    dosageInstruction: list[FhirDosage] = []  # noqa: N815


class FhirFiled(msgspec.Struct):
    fhir_type: ClassVar[str] = "DocumentReference"
    status: str | None = None
    type: CodeableConcept | None = None
    description: str | None = None


_PRESCRIBED = Lenient(FhirPrescribed)
_FILED = Lenient(FhirFiled)
_STATED: dict[str, Lenient[Stated]] = {}
for _kind in ("AllergyIntolerance", "Condition", "DiagnosticReport", "ReferralRequest", "ProcedureRequest"):
    _STATED[_kind] = Lenient(Stated)
    _STATED[_kind].name = _kind


class Noted:
    """Reads what the lists of consultations name. `section` is where bad values are told."""

    def __init__(self, kept: Kept, section: Section) -> None:
        self.kept = kept
        self.section = section

    def text(self, items: Iterable[FhirReference]) -> str | None:
        """The words of the kept items, one line for each, equal ones (a plan and its issue) once; None where there are none."""
        return "\n".join(dict.fromkeys(filter(None, map(self._line, items)))) or None

    def entries(self, items: Iterable[FhirReference]) -> list[strawberry.ID]:
        """The ids under which the kept items stand in their own sections."""
        found = (self._entry(item) for item in items)
        return [self.kept.id(key) for key in dict.fromkeys(filter(None, found))]

    def _line(self, item: FhirReference) -> str | None:
        kind = (self.kept.key_of(item) or "").partition("/")[0]
        if kind == "Observation":
            return self._observed(item)
        if kind == "MedicationRequest":
            return self._prescribed(item)
        if kind == "Immunization":
            return self._given(item)
        if kind == "DocumentReference":
            filed = self.kept.one(item, kind, _FILED, self.section)
            return _joined(words(filed.type), filed.description) if filed and filed.status != ERROR else None
        return self._stated(item, kind) if kind in _STATED else None

    def _observed(self, item: FhirReference) -> str | None:
        source = self.kept.one(item, "Observation", OBSERVATION, self.section)
        if source is None or source.status == ERROR:
            return None
        codes = source.code.codings if source.code is not None else []
        remark = source.comment is not None and any(coding.code == REMARK for coding in codes)
        name = None if remark else words(source.code)
        return _joined(_valued(name, _values(source)), source.comment)

    def _prescribed(self, item: FhirReference) -> str | None:
        source = self.kept.one(item, "MedicationRequest", _PRESCRIBED, self.section)
        if source is None or source.status == ERROR:
            return None
        sent = self.kept.get(source.medicationReference, "Medication", MEDICATION)
        medicine = source.medicationCodeableConcept or (sent.code if sent is not None else None)
        return _joined(words(medicine), *(dosage.text for dosage in source.dosageInstruction))

    def _given(self, item: FhirReference) -> str | None:
        source = self.kept.one(item, "Immunization", IMMUNIZATION, self.section)
        if source is None or source.status == ERROR:
            return None
        product = vaccine(source)
        shown = next((c.display or c.code for c in product.codings), None) if product is not None else None
        named = product.text or shown if product is not None else None
        return _joined(f"{named} (not given)" if named and source.notGiven else named, notes_text(source.note))

    def _stated(self, item: FhirReference, kind: str) -> str | None:
        source = self.kept.one(item, kind, _STATED[kind], self.section)
        if source is None or ERROR in (source.status, source.verificationStatus):
            return None
        names = map(words, [source.code, *source.serviceRequested, *source.reasonCode])
        return _joined(*names, source.description, source.conclusion, notes_text(source.note))

    def _entry(self, item: FhirReference) -> str | None:
        key = self.kept.key_of(item)
        kind = (key or "").partition("/")[0]
        if kind in OWN:
            return key
        if kind == "Observation":
            source = self.kept.get(item, kind, OBSERVATION)
            return key if source is not None and source.status != ERROR and source.is_measurement else None
        if kind == "MedicationRequest":
            request = self.kept.get(item, kind, _PRESCRIBED)
            plans = [key, *(local(based.reference) for based in request.basedOn)] if request is not None else []
            return next((self._statements[plan] for plan in plans if plan in self._statements), None)
        return None

    @cached_property
    def _statements(self) -> dict[str | None, str]:
        """The statement of each plan: the medicine as its own section shows it."""
        found: dict[str | None, str] = {}
        for key, statement, _ in self.kept.quietly("MedicationStatement", STATEMENT):
            for based in statement.basedOn if statement is not None and statement.status != ERROR else ():
                found.setdefault(local(based.reference), key)
        return found


def _values(source: FhirObservation) -> str | None:
    parts = [_valued(words(part.code), value_words(part)) for part in source.component]
    return _joined(value_words(source), *parts)


def _valued(name: str | None, value: str | None) -> str | None:
    return f"{name}: {value}" if name and value else name or value


def _joined(*parts: str | None) -> str | None:
    return "; ".join(dict.fromkeys(part.strip() for part in parts if part and part.strip())) or None
