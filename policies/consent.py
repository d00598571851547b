"""Opting out: a person's own decision, at any time, against which no role and no purpose weighs.

The registry is the service's own, keyed by NHS number. National data opt-outs (and the older types 1 and 2) are about
secondary use and block nothing here. A dissent that an organisation knows of is honoured by that organisation, which
then refuses.
"""

from __future__ import annotations

from collections.abc import Collection

from policies.decision import Decision, Show, Withhold

NOT_OPTED_OUT = Show("consent/not-opted-out")
OPTED_OUT = Withhold("consent/opted-out")
UNKNOWN = Withhold("consent/registry-unavailable")


def decide(nhs_number: str, opted_out: Collection[str] | None) -> Decision:
    """Whether a person's record may be answered. `opted_out` None: the registry could not be read, so nothing is."""
    if opted_out is None:
        return UNKNOWN
    return OPTED_OUT if nhs_number in opted_out else NOT_OPTED_OUT
