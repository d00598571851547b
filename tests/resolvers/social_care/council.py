"""A council for tests: its document, and a source that reads it."""

from __future__ import annotations

import asyncio
from typing import Any

from policies.caller import Caller
from policies.sections import Section
from policies.sensitivity.gate import SensitivityPolicy
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.social_care.adapter import SocialCare
from resolvers.sources.social_care.shapes import LISTS
from resolvers.sources.source import Answer, Ask, Coverage, Source, Subject
from resolvers.sources.upstream import Upstream

PERSON = "9990000018"
BORN = "1950-06-01"
CAMDEN = Organisation(ods_code="E09000007", name="Test Council", kind=OrganisationKind.COUNCIL)
WORKER = Caller("https://id.example", "sw 1/é", "social_worker", "E09000007")
POLICY = SensitivityPolicy.load()
ALL = (Section.SOCIAL_CARE, Section.ALERTS, Section.CARE_TEAM, Section.CARE_PLANS)


def document(**lists: Any) -> dict[str, Any]:
    """A document with every list, empty unless given."""
    empty: dict[str, Any] = {name: [] for name in LISTS}
    head = {"version": "1", "person": {"nhsNumber": PERSON}, "asOf": "2026-11-22T08:59:59Z"}
    return head | empty | lists


def item(id_: str, text: str = "Home support", **more: Any) -> dict[str, Any]:
    value = {"id": id_, "clientType": "adult", "type": {"text": text}, "status": "active", "start": "2025-03-01"}
    return value | more


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in names}


async def answer(upstream: Upstream, *sections: Section, born: str | None = BORN, **more: Any) -> Answer:
    ask = Ask(
        subject=Subject(PERSON, born),
        sections=frozenset(sections or ALL),
        caller=WORKER,
        request_id="r-1",
        deadline=asyncio.get_running_loop().time() + 3,
        now="2026-11-22T09:00:00Z",
        **more,
    )
    adapter = SocialCare("camden", CAMDEN, upstream)
    source = Source("camden", CAMDEN, adapter, Coverage(local_authorities=frozenset({"E09000007"})))
    return await source.ask(ask, POLICY)
