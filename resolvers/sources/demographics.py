"""The seam to the demographics service: who a person is, before any source is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policies.caller import Caller
from resolvers.record.people import Address, ContactPoint, HumanName
from resolvers.record.values import Organisation


@dataclass(slots=True)
class Person:
    """What the demographics service holds of a person, already cut where the person is restricted.

    `nhs_number` is the current number; `asked_number` what was asked for (they differ for a superseded number).
    `restricted` people carry no address, contacts or practice. `sensitivity` is the service's own code (U, R, V).
    `local_authority` is the ONS code of the home borough, None where it is not known. Dates are FHIR dates.
    """

    nhs_number: str
    asked_number: str
    names: list[HumanName] = field(default_factory=list)
    birth_date: str | None = None
    gender: str | None = None
    deceased: str | None = None
    is_deceased: bool | None = None
    address: Address | None = None
    contacts: list[ContactPoint] = field(default_factory=list)
    practice: Organisation | None = None
    local_authority: str | None = None
    restricted: bool = False
    as_of: str | None = None
    invalid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """A demographic search as PDS defines it: family name and birth date at least; the rest narrows."""

    family: str
    birth_date: str
    given: str | None = None
    gender: str | None = None
    postcode: str | None = None
    exact: bool = False


class Demographics(Protocol):
    """A demographics source, for example PDS FHIR R4."""

    @property
    def organisation(self) -> Organisation: ...

    async def person(self, nhs_number: str, caller: Caller, request_id: str, deadline: float) -> Person | None:
        """The person with this number; None where the service knows nobody, or nobody who may be shown.
        Raises UpstreamError."""
        ...

    async def search(self, search: Search, caller: Caller, request_id: str, deadline: float) -> Sequence[Person]:
        """Up to 50 people. Raises UpstreamError, and ValueError (safe text) for a search the service does not allow."""
        ...

    def forget(self, nhs_number: str) -> None:
        """Drop whatever is remembered of a person, at once."""
        ...
