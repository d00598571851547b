"""A demographics service for tests."""

from __future__ import annotations

import asyncio
from typing import Any

from policies.caller import Caller
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.demographics import Demographics, Person, Search
from resolvers.sources.pds.demographics import Pds, PdsOptions
from resolvers.sources.pds.localities import Localities
from resolvers.sources.upstream import Upstream

PERSON = "9990000018"
OTHER = "9990000026"
CALLER = Caller("https://id.example", "910000000001", "gp", "Y99001", role_profile="555086718101")
ORGANISATION = Organisation(ods_code="X26", name="Demographics", kind=OrganisationKind.NATIONAL_SERVICE)
LOCALITIES = Localities.load()
NOW = "2025-06-01T09:00:00Z"


def pds(upstream: Upstream, **options: Any) -> Pds:
    service = Pds(upstream, ORGANISATION, LOCALITIES, PdsOptions(**options), now=lambda: NOW)
    seam: Demographics = service
    assert seam.organisation is ORGANISATION
    return service


def soon(seconds: float = 3.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def person(upstream: Upstream, nhs_number: str = PERSON, caller: Caller = CALLER) -> Person | None:
    return await pds(upstream).person(nhs_number, caller, "r-1", soon())


async def search(upstream: Upstream, **terms: Any) -> list[Person]:
    values = {"family": "Smith", "birth_date": "2010-10-22"} | terms
    return list(await pds(upstream).search(Search(**values), CALLER, "r-1", soon()))


def patient(nhs_number: str = PERSON, label: str = "U", **more: Any) -> dict[str, Any]:
    security = [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": label}]
    value: dict[str, Any] = {"resourceType": "Patient", "id": nhs_number, "meta": {"security": security}}
    return value | {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs_number}]} | more


def located(nhs_number: str = PERSON, label: str = "U", **more: Any) -> dict[str, Any]:
    """A patient with an address, a telephone and a practice, as no restricted one should come."""
    practice = {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Y99001"}}
    return patient(
        nhs_number,
        label,
        address=[{"use": "home", "line": ["1 Test Street"], "postalCode": "NW1 1AA"}],
        telecom=[{"system": "phone", "value": "01632 960587", "use": "home"}],
        generalPractitioner=[practice],
        **more,
    )


def outcome(code: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": "value", "details": {"coding": [{"code": code}]}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
