"""What a privacy officer may change: who has opted out. Nothing else is ever written."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.context import RecordContext
from resolvers.errors import BadUserInput, RegistryDown
from resolvers.patient import RecordInfo
from resolvers.record.values import NHSNumber
from resolvers.sources.upstream import UpstreamError

LONGEST_REASON = 64
"""Characters that the registry keeps of a reason."""

Number = Annotated[NHSNumber, strawberry.argument(description="The person's NHS number.")]
Reason = Annotated[
    str, strawberry.argument(description="Why, in a few words for the register: 'letter', 'telephone', 'online form'.")
]


@strawberry.type(description="A person's opt-out as the register holds it.")
class OptOut:
    nhs_number: NHSNumber = strawberry.field(description="The NHS number.")
    opted_out: bool = strawberry.field(description="Whether the person is opted out now.")


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Record that a person opts out. From then on nobody is shown their record.")
    async def opt_out(self, info: RecordInfo, nhs_number: Number, reason: Reason) -> OptOut:
        return await _set(info, nhs_number, reason, opted_out=True)

    @strawberry.mutation(description="Record that a person withdraws their opt-out.")
    async def withdraw_opt_out(self, info: RecordInfo, nhs_number: Number, reason: Reason) -> OptOut:
        return await _set(info, nhs_number, reason, opted_out=False)


async def _set(info: RecordInfo, nhs_number: NHSNumber, reason: str, *, opted_out: bool) -> OptOut:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise BadUserInput(f"`reason` takes a few words, at most {LONGEST_REASON} characters.")
    context = info.context
    context.journal.patients.add(nhs_number)
    by = f"{context.caller.issuer}|{context.caller.subject}"
    change = context.consent.add if opted_out else context.consent.withdraw
    try:
        await change(nhs_number, by=by, reason=reason)
        current = await _current(context, nhs_number) if opted_out else None
        if current is not None:
            context.journal.patients.add(current)
            await context.consent.supersede(nhs_number, current, by=by)
        for number in {nhs_number, current or nhs_number}:
            context.directory.demographics.forget(number)
            if context.cache is not None:
                await context.cache.drop(number)
        now = await context.consent.opted_out([nhs_number])
    except Exception as error:
        raise RegistryDown from error
    return OptOut(nhs_number=nhs_number, opted_out=nhs_number in now)


async def _current(context: RecordContext, nhs_number: str) -> str | None:
    """The number that replaced this one, else None: who opts out under an old number must not stay visible under the
    new one. Asked when the opt-out holds already, which it does whatever becomes of asking."""
    try:
        person = await context.directory.demographics.person(
            nhs_number, context.caller, context.request_id, context.deadline
        )
    except UpstreamError:
        return None
    return person.nhs_number if person is not None and person.nhs_number != nhs_number else None
