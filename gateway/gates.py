"""The gates of policy that the engine runs on what subgraphs send, before any of it enters an answer.

`patient`   a person who may not be shown is withheld wherever they appear, at any depth, from any subgraph
`entry`     a coded entry of a partner's is judged by the sensitivity policy, like an entry of the record
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policies.access import may_see_patient
from policies.decision import Show
from resolvers.context import RecordContext

PATIENT = "patient"
ENTRY = "entry"


class PatientGate:
    """Opt-out, the caller's own right and the limit on distinct patients, decided anew for every request."""

    async def admit(self, values: Sequence[Mapping[str, Any]], context: RecordContext) -> Sequence[bool]:
        """Patients by their `nhsNumber`; one without a number is nobody who may be shown."""
        numbers = [number if isinstance(number := value.get("nhsNumber"), str) else None for value in values]
        known = {number for number in numbers if number is not None}
        allowed = {number for number in known if isinstance(may_see_patient(context.caller, number), Show)}
        gone = await context.consent.opted_out(allowed) if allowed else frozenset()
        shown = allowed - gone
        if shown and not await context.admission.admit(context.caller, sorted(shown)):
            shown = set()
        context.journal.patients |= known
        context.journal.refused |= known - shown
        return [number in shown for number in numbers]


class EntryGate:
    """The sensitivity policy over what the classification says is to be read of an entry."""

    async def admit(self, values: Sequence[Mapping[str, Any]], context: RecordContext) -> Sequence[bool]:
        judge = context.policies.sensitivity.judge
        return [isinstance(judge(value), Show) for value in values]
