"""Adult social care (PRSB: Services and care, Assessments, Equipment and adaptations; our social care JSON)."""

from __future__ import annotations

from enum import Enum

import strawberry

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


@strawberry.type(
    description="An entry of a council's adult social care record (PRSB: Services and care, Assessments, Equipment and "
    "adaptations, Primary support reason; Interweave SocialCareService, Assessment, Contact, EquipmentProvision, SupportReason, Flag). Children's social care is never included. `date` is the start."
)
class SocialCareEntry(Entry):
    kind: SocialCareKind = strawberry.field(
        default=SocialCareKind.SERVICE, description="Service, assessment, contact and so on."
    )
    code: CodeableConcept | None = strawberry.field(default=None, description="What it is.")
    status: SocialCareStatus | None = strawberry.field(default=None, description="Where it stands.")
    start: PartialDateTime | None = strawberry.field(default=None, description="When it began or was made.")
    end: PartialDateTime | None = strawberry.field(default=None, description="When it ended.")
    description: str | None = strawberry.field(default=None, description="What the council wrote.")
    outcome: str | None = strawberry.field(default=None, description="What came of it.")
    frequency: str | None = strawberry.field(default=None, description="How often, for a service.")
    provider: str | None = strawberry.field(default=None, description="Who provides it.")
    team: str | None = strawberry.field(default=None, description="The council's team.")
