"""One GP Connect request: its headers, its token, and what its errors mean.

GP Connect 1.x, "Error handling". A practice that does not know a person, one that may not tell (a sensitive or
deceased person) and one whose person has dissented answer differently (404, 403); here all of them read as a
refusal, so that nobody learns which, and nobody takes it for an empty record.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from resolvers.sources.fhir.outcomes import details_of
from resolvers.sources.gp_connect.settings import GPConnectSettings
from resolvers.sources.gp_connect.token import PATIENT_READ, audit_token
from resolvers.sources.source import Ask
from resolvers.sources.upstream import Failure, Reply, Upstream, UpstreamError

STRUCTURED_RECORD = "urn:nhs:names:services:gpconnect:fhir:operation:gpc.getstructuredrecord-1"
FIND_PATIENT = "urn:nhs:names:services:gpconnect:fhir:rest:search:patient-1"
PATIENT_APPOINTMENTS = "urn:nhs:names:services:gpconnect:fhir:rest:search:patient_appointments-1"
READ_LOCATION = "urn:nhs:names:services:gpconnect:fhir:rest:read:location-1"

FHIR_JSON = "application/fhir+json;charset=utf-8"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"

REFUSALS = frozenset(
    {
        "NO_PATIENT_CONSENT",
        "NO_ORGANISATION_CONSENT",
        "NO_RELATIONSHIP",
        "ACCESS_DENIED",
        "PATIENT_NOT_FOUND",
        "NO_RECORD_FOUND",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One end point of a practice and how to speak to it."""

    upstream: Upstream
    settings: GPConnectSettings
    audience: str | None = None

    async def post(self, ask: Ask, interaction: str, path: str, body: bytes) -> Reply:
        """Send an operation that only reads. Raises UpstreamError for anything but 200."""
        headers = self._headers(ask, interaction, PATIENT_READ) | {"Content-Type": FHIR_JSON}
        reply = await self.upstream.send(
            "POST", path, headers=headers, content=body, deadline=ask.deadline, idempotent=True
        )
        return accepted(reply)

    async def get(
        self,
        ask: Ask,
        interaction: str,
        path: str,
        query: tuple[tuple[str, str], ...] = (),
        scope: str = PATIENT_READ,
        deadline: float | None = None,
    ) -> Reply:
        """Read or search. Raises UpstreamError for anything but 200."""
        reply = await self.upstream.send(
            "GET",
            path,
            query=query,
            headers=self._headers(ask, interaction, scope),
            deadline=ask.deadline if deadline is None else deadline,
        )
        return accepted(reply)

    def _headers(self, ask: Ask, interaction: str, scope: str) -> dict[str, str]:
        audience = self.audience or self.upstream.base_url.rstrip("/")
        return {
            "Accept": FHIR_JSON,
            "Cache-Control": "no-store",
            "Ssp-TraceID": str(uuid4()),
            "Ssp-From": self.settings.own_asid,
            "Ssp-To": self.settings.practice_asid,
            "Ssp-InteractionID": interaction,
            "Authorization": f"Bearer {audit_token(self.settings, audience, ask.caller, ask.now, scope)}",
        }


def accepted(reply: Reply) -> Reply:
    """The reply where it is an answer. Raises UpstreamError with the failure that its status and codes mean."""
    codes = details_of(reply.body) if reply.status != 200 or len(reply.body) < 10_000 else frozenset()
    if reply.status in (401, 403) or codes & REFUSALS:
        raise UpstreamError(Failure.REFUSED, "the practice does not give this record", reply.status)
    if reply.status == 429 or reply.status >= 500:
        raise UpstreamError(Failure.UNAVAILABLE, "the practice's system reports a fault", reply.status)
    if reply.status == 404:
        raise UpstreamError(Failure.UNAVAILABLE, "no GP Connect end point at this address", reply.status)
    if reply.status != 200 or codes:
        raise UpstreamError(Failure.MALFORMED, "the practice's system did not accept the request", reply.status)
    return reply
