"""Section answers as MessagePack and back, for the cache. Each section's entries have one type."""

from __future__ import annotations

from typing import Any

import msgspec

from policies.sections import Section
from resolvers.record.alerts import Alert
from resolvers.record.allergies import Allergy
from resolvers.record.appointments import Appointment
from resolvers.record.conditions import Condition
from resolvers.record.consultations import Consultation
from resolvers.record.documents import Document
from resolvers.record.immunisations import Immunisation
from resolvers.record.medications import Medication
from resolvers.record.plans import CarePlan
from resolvers.record.procedures import Procedure
from resolvers.record.results import TestResult
from resolvers.record.social import SocialCareEntry
from resolvers.record.status import SourceState, SourceWarning
from resolvers.record.stays import HospitalStay
from resolvers.record.team import CareTeamMember
from resolvers.record.values import Entry
from resolvers.sources.source import SectionAnswer

ENTRY_TYPES: dict[Section, type[Entry]] = {
    Section.ALLERGIES: Allergy,
    Section.MEDICATIONS: Medication,
    Section.CONDITIONS: Condition,
    Section.HOSPITAL_STAYS: HospitalStay,
    Section.APPOINTMENTS: Appointment,
    Section.TEST_RESULTS: TestResult,
    Section.IMMUNISATIONS: Immunisation,
    Section.PROCEDURES: Procedure,
    Section.DOCUMENTS: Document,
    Section.ALERTS: Alert,
    Section.CARE_PLANS: CarePlan,
    Section.CARE_TEAM: CareTeamMember,
    Section.SOCIAL_CARE: SocialCareEntry,
    Section.CONSULTATIONS: Consultation,
}

_encoder = msgspec.msgpack.Encoder()


def encode(answer: SectionAnswer) -> bytes:
    """One section's answer as bytes."""
    return _encoder.encode(
        (answer.status, answer.entries, answer.warnings, answer.as_of, answer.known_none),
    )


def decode(section: Section, data: bytes) -> SectionAnswer:
    """The answer again. Raises msgspec.MsgspecError for bytes that are none (another version's, for example)."""
    status, entries, warnings, as_of, known_none = _decoders[section].decode(data)
    return SectionAnswer(status, entries, warnings, as_of, known_none)


def _decoder(kind: type[Entry]) -> msgspec.msgpack.Decoder[Any]:
    shape = tuple[SourceState, list[kind], list[SourceWarning], str | None, bool]  # type: ignore[valid-type]
    return msgspec.msgpack.Decoder(shape)


_decoders = {section: _decoder(kind) for section, kind in ENTRY_TYPES.items()}
