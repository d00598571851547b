"""What a server says it can do (CapabilityStatement), read once and kept for a while.

A bad query reads as "none" on some servers: they answer 200 and an empty Bundle to a misspelt parameter or an
unknown type, even under `Prefer: handling=strict`. So nothing is sent that the statement does not declare.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from resolvers.sources.fhir_r4.searches import Search
from resolvers.sources.upstream import Upstream, UpstreamError

KEPT_SECONDS = 3600.0  # servers change what they can do when they are upgraded
RETRY_SECONDS = 30.0  # after a failed read; meanwhile the standard's own parameters are assumed
READ_SECONDS = 1.0  # of the first request's deadline, at most


class _Parameter(msgspec.Struct, gc=False):
    name: str | None = None


class _Interaction(msgspec.Struct, gc=False):
    code: str | None = None


class _Type(msgspec.Struct, gc=False, rename="camel"):
    type: str | None = None
    interaction: tuple[_Interaction, ...] = ()
    search_param: tuple[_Parameter, ...] = ()
    search_include: tuple[str, ...] = ()
    operation: tuple[_Parameter, ...] = ()


class _Rest(msgspec.Struct, gc=False):
    mode: str | None = None
    resource: tuple[_Type, ...] = ()
    interaction: tuple[_Interaction, ...] = ()


class _Statement(msgspec.Struct, gc=False, rename="camel", tag_field="resourceType", tag="CapabilityStatement"):
    rest: tuple[_Rest, ...] = ()


_STATEMENT = msgspec.json.Decoder(_Statement)


@dataclass(frozen=True, slots=True)
class TypeAbility:
    """What may be asked of one resource type. `parameters` None: the server names none, the standard's are assumed."""

    parameters: frozenset[str] | None = None
    includes: frozenset[str] | None = None

    def takes(self, parameter: str) -> bool:
        """Whether a parameter may be sent without knowing better."""
        return self.parameters is None or parameter in self.parameters

    def declares(self, parameter: str) -> bool:
        """Whether the server itself says that it knows the parameter."""
        return self.parameters is not None and parameter in self.parameters

    def includes_by(self, kind: str, parameter: str) -> bool:
        if self.includes is None:
            return self.takes(parameter)
        return "*" in self.includes or f"{kind}:{parameter}" in self.includes


@dataclass(frozen=True, slots=True)
class Ability:
    """What may be asked of a server. `types` None: it could not be read. `everything`: Patient/$everything."""

    types: dict[str, TypeAbility] | None = None
    batch: bool = False
    everything: bool = False

    def of(self, kind: str) -> TypeAbility | None:
        """None where the server says that it does not keep, or cannot search, this type."""
        return TypeAbility() if self.types is None else self.types.get(kind)

    def parameter_for_patient(self, search: Search) -> str | None:
        """The parameter by which this search names the patient; None where the search cannot be made."""
        ability = self.of(search.type)
        return next((name for name in search.by if ability.takes(name)), None) if ability is not None else None


UNKNOWN = Ability()


def parse(body: bytes) -> Ability:
    """Read a CapabilityStatement. Raises ValueError where it is none."""
    statement = _STATEMENT.decode(body)
    servers = [rest for rest in statement.rest if rest.mode in ("server", None)]
    types = {kind.type: _ability(kind) for rest in servers for kind in rest.resource if kind.type and _searchable(kind)}
    batch = any(interaction.code == "batch" for rest in servers for interaction in rest.interaction)
    everything = any(
        operation.name == "everything"
        for rest in servers
        for kind in rest.resource
        for operation in kind.operation
        if kind.type == "Patient"
    )
    return Ability(types or None, batch, everything)


def _searchable(kind: _Type) -> bool:
    return not kind.interaction or any(interaction.code == "search-type" for interaction in kind.interaction)


def _ability(kind: _Type) -> TypeAbility:
    names = frozenset(parameter.name for parameter in kind.search_param if parameter.name)
    return TypeAbility(names or None, frozenset(kind.search_include) or None)


class Capabilities:
    """A server's CapabilityStatement, fetched at most once at a time, whoever asks."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._ability = UNKNOWN
        self._until = float("-inf")
        self._lock = asyncio.Lock()

    async def current(self, deadline: float) -> Ability:
        """What the server can do; the standard's assumptions where it does not say in time. Never raises for it."""
        now = asyncio.get_running_loop().time()
        if now < self._until:
            return self._ability
        try:
            async with asyncio.timeout_at(min(deadline, now + READ_SECONDS)), self._lock:
                if asyncio.get_running_loop().time() >= self._until:
                    await self._read(min(deadline, now + READ_SECONDS))
        except TimeoutError:
            self._until = asyncio.get_running_loop().time() + RETRY_SECONDS
        return self._ability

    async def _read(self, deadline: float) -> None:
        kept = RETRY_SECONDS
        try:
            reply = await self._upstream.send(
                "GET", "metadata", headers={"accept": "application/fhir+json"}, deadline=deadline
            )
            if reply.status == 200:
                self._ability, kept = parse(reply.body), KEPT_SECONDS
        except (UpstreamError, ValueError):
            pass  # the last known abilities stand
        self._until = asyncio.get_running_loop().time() + kept
