"""From a configuration to a running engine: policy, stores, organisations, graph. Nothing else knows all of them."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from gateway.admin import PATH, GraphAdmin
from gateway.bridges import Answers, Registry, Trail
from gateway.config import Stores
from gateway.connect import ConnectError, Connections, directory
from gateway.engine import RecordEngine
from gateway.live import LiveGraph
from gateway.partners import GatewayContext
from gateway.pipeline import RequestInfo
from gateway.probes import Probes
from gateway.rate import rate_from
from gateway.reach import Reach
from gateway.serve import Parts
from gateway.settings import Settings
from gateway.stores.audit import AuditStore
from gateway.stores.audit_chain import AuditKeys
from gateway.stores.cache import EntryCache
from gateway.stores.cache_backend import backend_for
from gateway.stores.checkpoints import CheckpointFile
from gateway.stores.database import Database
from gateway.stores.migrate import migrate
from gateway.stores.optout import OptOutRegistry
from policies.bundle import Policies
from policies.caller import Caller
from policies.decision import Withhold
from resolvers.directory import Directory

NOBODY = "0000000000"
"""Passes for an NHS number and is nobody's: asking for it tells only whether the registry answers."""


def create_parts(settings: Settings) -> Parts:
    """The engine of a configuration. Raises ValueError (ConnectError, PolicyFileError, ...) with the mend."""
    config = settings.config
    resources = AsyncExitStack()
    policies = load_policies(settings)
    metrics = CollectorRegistry(auto_describe=True)
    reach = Reach(metrics)
    connections = Connections(settings, reach)
    resources.push_async_callback(connections.resources.aclose)
    organisations = directory(connections)
    refuse_telling(organisations, policies)
    registry, audit, cache, prepare = open_stores(settings, resources)
    probes = Probes({"registry": lambda: registry.opted_out([NOBODY]), "audit": audit.usable})
    resources.push_async_callback(probes.close)
    rate = rate_from(settings)
    resources.push_async_callback(rate.close)
    graph = LiveGraph(settings, policies, reach)
    resources.push_async_callback(graph.close)
    answers = Answers(cache, config.stores.cache_s) if config.stores.cache_s > 0 else None
    consent = Registry(registry)

    def make_context(
        caller: Caller, request: RequestInfo, now: datetime, deadline: float, covering: Policies
    ) -> GatewayContext:
        return GatewayContext(
            caller=caller,
            policies=covering,
            now=now,
            deadline=deadline,
            request_id=request.id,
            directory=organisations,
            consent=consent,
            admission=rate,
            cache=answers,
            request=request,
        )

    engine = RecordEngine(
        graph=graph,
        make_context=make_context,
        audit=Trail(audit, lambda: policies.version),
        deadline=config.federation.deadline_s,
        resources=resources,
        checks=probes.checks(),
        starters=(prepare, graph.start, probes.start),
    )
    return Parts(engine, policies.roles.roles, policies.job_roles.role_of, metrics, admin(settings, graph))


def refuse_telling(organisations: Directory, policies: Policies) -> None:
    """Refuse a source whose own name tells of a sensitive matter (a prison's practice, a clinic): each source stands by
    name in the answer about everybody whom it serves. Raises ConnectError."""
    for source in organisations.sources:
        if isinstance(policies.sensitivity.judge({"name": source.organisation.name}), Withhold):
            raise ConnectError(
                f"{source.id}: {source.organisation.name!r} tells of a sensitive matter by its name alone, "
                "and cannot be part of the record; take the source out"
            )


def admin(settings: Settings, graph: LiveGraph) -> dict[str, GraphAdmin]:
    """The operators' paths; none without a token for them."""
    reference = settings.config.federation.admin_token
    if reference is None:
        return {}
    return {PATH: GraphAdmin(graph, settings.secret(reference).reveal(), graph.tell_other_workers)}


def load_policies(settings: Settings) -> Policies:
    """The policy floor, with a deployment's own files in place of the packaged ones."""
    folder = settings.config.policy.directory
    return Policies.load(settings.path(folder) if folder else None)


def open_stores(
    settings: Settings, resources: AsyncExitStack
) -> tuple[OptOutRegistry, AuditStore, EntryCache, Callable[[], Awaitable[None]]]:
    """Registry, audit and cache, and what has to be awaited before they serve. They close with `resources`."""
    stores = settings.config.stores
    urls = [database_url(settings, url) for url in (stores.optout_url, stores.audit_url)]
    keys = store_keys(settings, stores)
    registry_database, audit_database = (Database(url) for url in urls)
    checkpoints = CheckpointFile(settings.path(stores.checkpoints)) if stores.checkpoints else None
    registry = OptOutRegistry(registry_database)
    audit = AuditStore(audit_database, keys, checkpoints=checkpoints)
    url = settings.resolve(stores.cache_url) if stores.cache_url else None
    cache = EntryCache(backend_for(url, max_entries=stores.cache_entries), keys.keys[keys.current])
    for closable in (registry_database, audit_database, registry, audit, cache):
        resources.push_async_callback(closable.aclose)

    async def prepare() -> None:
        for one in dict.fromkeys(urls):
            await migrate(one)

    return registry, audit, cache, prepare


def database_url(settings: Settings, url: str) -> str:
    """The URL itself; a relative SQLite path starts at the configuration's folder, which is made if need be."""
    resolved = settings.resolve(url)
    prefix, separator, path = resolved.partition(":///")
    if not separator or not prefix.startswith("sqlite") or path.startswith("/") or path == ":memory:":
        return resolved
    file = settings.path(path).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    return f"{prefix}:///{file}"


def store_keys(settings: Settings, stores: Stores) -> AuditKeys:
    """The keys of audit and cache. Raises ValueError for one that is too short."""
    old = {name: settings.secret(reference).reveal().encode() for name, reference in stores.old_keys.items()}
    current = settings.secret(stores.key).reveal().encode() if stores.key else _own_key(settings.path("var/store.key"))
    return AuditKeys(stores.key_id, {**old, stores.key_id: current})


def _own_key(file: Path) -> bytes:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), "ascii")
    return file.read_bytes().strip()
