"""The demographics source PDS FHIR R4: a person by NHS number, and search. Implements `Demographics`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from policies.caller import Caller
from resolvers.record.values import Organisation
from resolvers.sources.demographics import Person, Search
from resolvers.sources.fhir.bundles import take_apart
from resolvers.sources.fhir.dates import instant_now
from resolvers.sources.fhir.outcomes import details_of
from resolvers.sources.pds.localities import Localities
from resolvers.sources.pds.memory import Memory
from resolvers.sources.pds.pace import Pace
from resolvers.sources.pds.reading import read_person
from resolvers.sources.pds.search import MOST_MATCHES, query_of
from resolvers.sources.upstream import Failure, Reply, Upstream, UpstreamError

NOBODY = frozenset({"RESOURCE_NOT_FOUND", "INVALIDATED_RESOURCE", "INVALID_RESOURCE_ID", "not-found", "not_found"})
NOT_ALLOWED = frozenset({"INVALID_SEARCH_DATA", "UNSUPPORTED_SERVICE", "INVALID_VALUE", "MISSING_VALUE"})
TOO_MANY = "TOO_MANY_MATCHES"
FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class PdsOptions:
    """`requests_per_second` is this process's share of the national limit (5 for an application by default).
    `remember_s` seconds a person is remembered, 0 for not at all. `practices` are names by ODS code."""

    requests_per_second: float = 5.0
    remember_s: float = 10.0
    remember_most: int = 10_000
    practices: Mapping[str, str] = field(default_factory=dict)


class Pds:
    """PDS FHIR R4 at `upstream`. `organisation` is who keeps it; `localities` tells home boroughs."""

    def __init__(
        self,
        upstream: Upstream,
        organisation: Organisation,
        localities: Localities,
        options: PdsOptions | None = None,
        now: Callable[[], str] = instant_now,
    ) -> None:
        options = options or PdsOptions()
        self._upstream = upstream
        self._organisation = organisation
        self._localities = localities
        self._practices = options.practices
        self._pace = Pace(options.requests_per_second)
        self._memory = Memory(options.remember_s, options.remember_most)
        self._now = now

    @property
    def organisation(self) -> Organisation:
        return self._organisation

    async def person(self, nhs_number: str, caller: Caller, request_id: str, deadline: float) -> Person | None:
        """The person; under their current number where the asked one is superseded. None for nobody."""

        async def look_up(until: float) -> Person | None:
            return await self._look_up(nhs_number, caller, request_id, until)

        return await self._memory.person(nhs_number, deadline, look_up)

    async def search(self, search: Search, caller: Caller, request_id: str, deadline: float) -> Sequence[Person]:
        """Up to 50 people, best match first. Raises ValueError (safe text) for a search PDS does not allow."""
        query = query_of(search)
        reply = await self._send("Patient", query, caller, request_id, deadline)
        codes = details_of(reply.body) if reply.status != 200 or len(reply.body) < 10_000 else frozenset()
        if TOO_MANY in codes:
            raise ValueError(
                f"More than {MOST_MATCHES} people match. Ask more exactly: add a given name or a postcode."
            )
        if reply.status == 400 and codes & NOT_ALLOWED:
            raise ValueError("The demographics service does not allow this combination of search terms.")
        _raise_for(reply)
        matches = [part for part in take_apart(reply.body).parts if part.kind == "Patient" and part.mode != "include"]
        people: list[Person] = []
        for part in sorted(matches, key=lambda match: -(match.score or 0.0))[:MOST_MATCHES]:
            try:
                person = read_person(part.raw, None, self._now(), self._localities, self._practices)
            except UpstreamError:
                continue  # a match without a number leads nowhere
            # PDS leaves restricted people out of a search by place; a place must not be told by a match either way
            if person is not None and not (person.restricted and search.postcode is not None):
                people.append(person)
        return people

    def forget(self, nhs_number: str) -> None:
        """Drop what is remembered of a person, at once."""
        self._memory.forget(nhs_number)

    async def _look_up(self, nhs_number: str, caller: Caller, request_id: str, deadline: float) -> Person | None:
        reply = await self._send(f"Patient/{nhs_number}", (), caller, request_id, deadline)
        if reply.status in (400, 404) and details_of(reply.body) & NOBODY:
            return None
        _raise_for(reply)
        return read_person(reply.body, nhs_number, self._now(), self._localities, self._practices)

    async def _send(
        self, path: str, query: tuple[tuple[str, str], ...], caller: Caller, request_id: str, deadline: float
    ) -> Reply:
        await self._pace.turn(deadline)
        headers = {"Accept": FHIR_JSON, "X-Request-ID": str(uuid4()), "X-Correlation-ID": request_id}
        if caller.role_profile:
            headers["NHSD-Session-URID"] = caller.role_profile
        return await self._upstream.send("GET", path, query=query, headers=headers, deadline=deadline)


def _raise_for(reply: Reply) -> None:
    if reply.status == 200:
        return
    if reply.status in (401, 403):
        raise UpstreamError(Failure.REFUSED, "the demographics service refused", reply.status)
    if reply.status == 408:
        raise UpstreamError(Failure.TIMED_OUT, "the demographics service took too long", reply.status)
    if reply.status in (404, 429) or reply.status >= 500:
        raise UpstreamError(Failure.UNAVAILABLE, "the demographics service reports a fault", reply.status)
    raise UpstreamError(Failure.MALFORMED, "the demographics service did not accept the request", reply.status)
