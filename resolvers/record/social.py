"""Adult social care (PRSB: Services and care, Assessments, Equipment and adaptations; our social care JSON)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="What kind of social care entry it is.")
class SocialCareKind(Enum):
    SERVICE = "service"
    ASSESSMENT = "assessment"
    CONTACT = "contact"
    EQUIPMENT = "equipment"
    SUPPORT_REASON = "support-reason"
    FLAG = "flag"


@strawberry.enum(description="Where it stands.")
class SocialCareStatus(Enum):
    PLANNED = "planned"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@record_type(
    "An entry of a council's adult social care record (PRSB: Services and care, Assessments, Equipment and "
    "adaptations, Primary support reason; Interweave SocialCareService, Assessment, Contact, EquipmentProvision, SupportReason, Flag). Children's social care is never included. `date` is the start."
)
class SocialCareEntry(Entry, gc=False):
    kind: Annotated[SocialCareKind, says("Service, assessment, contact and so on.")] = SocialCareKind.SERVICE
    code: Annotated[CodeableConcept | None, says("What it is.")] = None
    status: Annotated[SocialCareStatus | None, says("Where it stands.")] = None
    start: Annotated[PartialDateTime | None, says("When it began or was made.")] = None
    end: Annotated[PartialDateTime | None, says("When it ended.")] = None
    description: Annotated[str | None, says("What the council wrote.")] = None
    outcome: Annotated[str | None, says("What came of it.")] = None
    frequency: Annotated[str | None, says("How often, for a service.")] = None
    provider: Annotated[str | None, says("Who provides it.")] = None
    team: Annotated[str | None, says("The council's team.")] = None
