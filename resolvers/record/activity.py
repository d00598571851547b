"""Whether an entry still holds: what recent-history windows ask of it."""

from __future__ import annotations

from typing import Any

from resolvers.record.alerts import Alert, AlertStatus
from resolvers.record.allergies import Allergy, AllergyStatus
from resolvers.record.conditions import Condition, ConditionStatus
from resolvers.record.medications import Medication, MedicationStatus
from resolvers.record.plans import CarePlan, CarePlanStatus
from resolvers.record.social import SocialCareEntry, SocialCareStatus
from resolvers.record.stays import HospitalStay, StayStatus
from resolvers.record.team import CareTeamMember
from resolvers.record.values import Entry

_STATES: dict[type[Entry], set[Any]] = {
    Allergy: {AllergyStatus.ACTIVE, None},
    Alert: {AlertStatus.ACTIVE, None},
    CarePlan: {CarePlanStatus.ACTIVE, CarePlanStatus.ON_HOLD},
    Condition: {ConditionStatus.ACTIVE, ConditionStatus.RECURRENCE, ConditionStatus.RELAPSE},
    HospitalStay: {StayStatus.IN_PROGRESS, StayStatus.ON_LEAVE},
    Medication: {MedicationStatus.ACTIVE, MedicationStatus.ON_HOLD},
    SocialCareEntry: {SocialCareStatus.ACTIVE, SocialCareStatus.SUSPENDED},
}

_HOLDING = {kind: frozenset(map(id, states)) for kind, states in _STATES.items()}
"""By identity, which members of an enumeration keep: hashing one costs more than everything else here."""


def is_active(entry: Entry) -> bool | None:
    """True or False where this kind of entry can hold or cease to; None where that means nothing."""
    holding = _HOLDING.get(type(entry))
    if holding is not None:
        status: Any = getattr(entry, "status", None)
        return id(status) in holding
    if isinstance(entry, CareTeamMember):
        return entry.period is None or entry.period.end is None
    return None
