"""What a section says about itself: who was asked, who answered, and what an empty list means."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import Organisation, PartialDateTime


@strawberry.enum(description="What became of asking one organisation for one section.")
class SourceState(Enum):
    ANSWERED = strawberry.enum_value("ANSWERED", description="It answered in full, and there is something to show.")
    EMPTY = strawberry.enum_value("EMPTY", description="It answered in full, and there is nothing to show.")
    PARTIAL = strawberry.enum_value("PARTIAL", description="It answered, but not all of it could be had or read.")
    TIMED_OUT = strawberry.enum_value("TIMED_OUT", description="It did not answer in time.")
    UNAVAILABLE = strawberry.enum_value("UNAVAILABLE", description="It could not be reached or reported a fault.")
    REFUSED = strawberry.enum_value("REFUSED", description="It refused to answer.")
    NOT_ASKED = strawberry.enum_value(
        "NOT_ASKED", description="It was not asked: it does not keep this section, or does not care for this person."
    )


@strawberry.enum(description="How much of a section is here.")
class Completeness(Enum):
    COMPLETE = strawberry.enum_value(
        "COMPLETE", description="Every organisation that serves this person was asked and answered in full."
    )
    PARTIAL = strawberry.enum_value("PARTIAL", description="Some of it is missing: see the sources.")
    NONE = strawberry.enum_value("NONE", description="No organisation answered: nothing is known either way.")


@strawberry.enum(description="What the list of entries means, above all when it is empty.")
class Finding(Enum):
    RECORDED = strawberry.enum_value("RECORDED", description="There are entries.")
    KNOWN_NONE = strawberry.enum_value(
        "KNOWN_NONE",
        description="Everybody answered, and somebody has recorded that there is none, for example 'no known allergies'.",
    )
    NONE_FOUND = strawberry.enum_value(
        "NONE_FOUND", description="Everybody answered and nothing is recorded. That is not proof that there is none."
    )
    NOT_ANSWERED = strawberry.enum_value(
        "NOT_ANSWERED", description="Nothing is here, and not everybody answered. It is not known whether there is any."
    )


@record_type("Something that a source says about its own answer, or that was wrong with it.")
class SourceWarning(msgspec.Struct, gc=False):
    code: Annotated[
        str,
        says(
            "confidential-items, data-in-transit, data-awaiting-filing (GP Connect), invalid-value, "
            "not-implemented, incomplete-paging, incomplete, wrong-patient, demographics-differ, future-only."
        ),
    ]
    text: Annotated[str, says("The same in words.")]


@record_type("One organisation's part in a section.")
class SourceStatus(msgspec.Struct, gc=False):
    organisation: Annotated[Organisation, says("The organisation.")]
    status: Annotated[SourceState, says("What became of asking it.")]
    as_of: Annotated[
        PartialDateTime | None, says("The moment at which its answer was true; empty where it gave none.")
    ] = None
    warnings: Annotated[list[SourceWarning], says("What to know about its answer.")] = msgspec.field(
        default_factory=list
    )
