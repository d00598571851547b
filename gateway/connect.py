"""From configuration to connected organisations: upstream clients, sources, the demographics service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from gateway.config import Auth, Source, Subgraph, Tls
from gateway.reach import Reach
from gateway.settings import Settings
from gateway.source_options import Options
from gateway.upstream.auth import Credentials, StaticHeaders, api_key, bearer
from gateway.upstream.client import UpstreamClient
from gateway.upstream.oauth import OAuth2, OAuth2Settings
from gateway.upstream.settings import UpstreamSettings
from gateway.upstream.signing import HmacSigner
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.tls import TlsSettings, TlsSettingsError
from policies.sections import Section
from resolvers.directory import Directory
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.demographics import Demographics
from resolvers.sources.fhir_r4.adapter import FhirR4Adapter
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.fhir_r4.searches import SEARCHES
from resolvers.sources.gp_connect.adapter import GPConnect
from resolvers.sources.gp_connect.settings import Device, GPConnectSettings
from resolvers.sources.pds.demographics import Pds, PdsOptions
from resolvers.sources.pds.localities import Localities
from resolvers.sources.social_care.adapter import SocialCare
from resolvers.sources.social_care.shapes import LISTS_OF
from resolvers.sources.source import Adapter, Coverage
from resolvers.sources.source import Source as RecordSource

KINDS = {
    "fhir-r4": OrganisationKind.ACUTE_TRUST,
    "gp-connect": OrganisationKind.GP_PRACTICE,
    "social-care": OrganisationKind.COUNCIL,
    "pds": OrganisationKind.NATIONAL_SERVICE,
}
EXTRA_HEADERS = {"gp-connect": frozenset({"cache-control"})}


class ConnectError(ValueError):
    """A source or subgraph cannot be connected as configured; names it and the mend."""


@dataclass(slots=True)
class Connections:
    """The upstream clients of one configuration, closed together. `reach` hears of every call."""

    settings: Settings
    reach: Reach
    clients: dict[str, UpstreamClient] = field(default_factory=dict)
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    def client(
        self, name: str, url: str, entry: Source | Subgraph, extra: Mapping[str, str] | None = None
    ) -> UpstreamClient:
        """A client for one address of a source or subgraph. Raises ConnectError."""
        try:
            settings = UpstreamSettings(
                name=name,
                base_url=url,
                limits=Limits(
                    connect_seconds=entry.timeouts.connect_s,
                    read_seconds=entry.timeouts.read_s,
                    total_seconds=entry.timeouts.total_s,
                    max_connections=entry.max_concurrency,
                    max_body_bytes=entry.max_response_bytes,
                ),
                concurrency=entry.max_concurrency,
                tls=self._tls(entry.tls),
                headers=tuple((key, self.settings.resolve(value)) for key, value in entry.headers.items()),
                allow_headers=frozenset(extra or ()),
            )
            client = UpstreamClient(settings, auth=self._credentials(name, entry), observer=self.reach)
        except (ValueError, LookupError, OSError, TlsSettingsError) as error:
            raise ConnectError(f"{name}: {error}") from None
        self.clients[name] = client
        self.resources.push_async_callback(client.aclose)
        return client

    def _tls(self, tls: Tls) -> TlsSettings:
        path = self.settings.path
        return TlsSettings(
            ca_file=path(tls.ca_file) if tls.ca_file else None,
            client_certificate=path(tls.cert_file) if tls.cert_file else None,
            client_key=path(tls.key_file) if tls.key_file else None,
        )

    def _credentials(self, name: str, entry: Source | Subgraph) -> Credentials | None:
        auth = entry.auth
        hmac = self._hmac(entry)
        if auth.kind == "none":
            return hmac
        if hmac is not None:
            raise ConnectError(f"{name}: give either auth or hmac_secret, not both")
        secret = self.settings.secret(auth.secret).reveal() if auth.secret else ""
        if auth.kind == "api-key":
            return api_key(secret, auth.header)
        if auth.kind == "bearer":
            return bearer(secret)
        if auth.kind == "basic":
            return basic(auth.user or "", secret)
        return self._oauth(name, auth, secret)

    def _hmac(self, entry: Source | Subgraph) -> Credentials | None:
        if not isinstance(entry, Subgraph) or entry.hmac_secret is None:
            return None
        return HmacSigner(entry.signing_key_id, self.settings.secret(entry.hmac_secret).reveal().encode())

    def _oauth(self, name: str, auth: Auth, secret: str) -> OAuth2:
        pem = self.settings.path(auth.signing_key).read_text("utf-8") if auth.signing_key else None
        settings = OAuth2Settings(
            token_url=auth.token_url or "",
            client_id=auth.client_id or "",
            client_secret=None if pem else secret,
            private_key_pem=pem,
            key_id=auth.key_id,
            scope=auth.scope,
        )
        address = UpstreamSettings(f"{name}-token", settings.token_url, tls=self._tls(auth.tls))
        endpoint = UpstreamClient(address, observer=self.reach)
        self.resources.push_async_callback(endpoint.aclose)
        return OAuth2(settings, endpoint)


def basic(user: str, password: str) -> StaticHeaders:
    """HTTP Basic (RFC 7617)."""
    from base64 import b64encode

    return StaticHeaders((("authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"),))


def directory(connections: Connections) -> Directory:
    """The organisations of the configuration. Raises ConnectError, naming the source and the mend."""
    entries = connections.settings.config.sources
    services = [entry for entry in entries if entry.kind == "pds"]
    if len(services) != 1:
        raise ConnectError(f"[[sources]]: exactly one of kind pds is needed, {len(services)} are given")
    demographics = _demographics(connections, services[0], entries)
    sources = [_source(connections, entry) for entry in entries if entry.kind != "pds"]
    return Directory(demographics, tuple(sources), connections.reach.reachable)


def _organisation(entry: Source) -> Organisation:
    named = Options(entry).text("organisation_kind")
    kind = OrganisationKind(named) if named else KINDS[entry.kind]
    return Organisation(ods_code=entry.ods, name=entry.name, kind=kind)


def _source(connections: Connections, entry: Source) -> RecordSource:
    return RecordSource(entry.id, _organisation(entry), _ADAPTERS[entry.kind](connections, entry), _coverage(entry))


def _coverage(entry: Source) -> Coverage:
    covers = entry.covers
    if covers.everyone:
        return Coverage(everybody=True)
    if covers.practices:
        return Coverage(practices=frozenset(covers.practices))
    if covers.boroughs:
        return Coverage(local_authorities=frozenset(covers.boroughs))
    raise ConnectError(f"{entry.id}: covers nobody; give [sources.covers] everyone, practices or boroughs")


def _sections(entry: Source, possible: frozenset[Section]) -> frozenset[Section]:
    wanted = frozenset(Section(name) for name in entry.gives) or possible
    if not wanted <= possible:
        names = ", ".join(sorted(section.value for section in wanted - possible))
        raise ConnectError(f"{entry.id}: kind {entry.kind} cannot give {names}; take them out of gives")
    return wanted


def _fhir_r4(connections: Connections, entry: Source) -> Adapter:
    given = Options(entry)
    options = FhirR4Options(
        patient_by=PatientBy(given.text("patient_by")),
        sections=_sections(entry, frozenset(SEARCHES)),
        page_size=given.whole("page_size"),
        max_pages=given.whole("max_pages"),
        capabilities=given.flag("capabilities"),
        batch=given.flag("batch"),
        everything=given.flag("everything"),
        post=given.flag("post"),
        own_urls=given.texts("own_urls"),
    )
    client = connections.client(entry.id, entry.base_url, entry)
    return FhirR4Adapter(client, entry.id, _organisation(entry), options)


def _gp_connect(connections: Connections, entry: Source) -> Adapter:
    given = Options(entry)
    own = given.text("issuer")
    settings = GPConnectSettings(
        own_asid=given.text("asid"),
        practice_asid=given.text("to_asid"),
        issuer=own,
        device=Device(system=f"{own}/devices", value=given.text("device")),
        user_system=given.text("user_system") or f"{own}/users",
        audience=given.text("audience") or None,
        appointments_audience=given.text("appointments_audience") or None,
        organisation_names={other.ods: other.name for other in connections.settings.config.sources},
        past_appointment_days=given.whole("past_appointment_days"),
        citizens=given.flag("citizens"),
    )
    extra = dict.fromkeys(EXTRA_HEADERS["gp-connect"], "")
    structured = connections.client(entry.id, entry.base_url, entry, extra)
    url = given.text("appointments_url") or entry.base_url
    appointments = (
        structured if url == entry.base_url else connections.client(f"{entry.id}-appointments", url, entry, extra)
    )
    return GPConnect(entry.id, _organisation(entry), settings, structured, appointments)


def _social_care(connections: Connections, entry: Source) -> Adapter:
    client = connections.client(entry.id, entry.base_url, entry)
    return SocialCare(entry.id, _organisation(entry), client, _sections(entry, frozenset(LISTS_OF)))


_ADAPTERS: Mapping[str, Callable[[Connections, Source], Adapter]] = {
    "fhir-r4": _fhir_r4,
    "gp-connect": _gp_connect,
    "social-care": _social_care,
}


def _demographics(connections: Connections, entry: Source, entries: list[Source]) -> Demographics:
    client = connections.client(entry.id, entry.base_url, entry)
    given = Options(entry)
    table = given.text("localities")
    options = PdsOptions(
        requests_per_second=given.number("requests_per_second") / connections.settings.config.server.workers,
        practices={other.ods: other.name for other in entries if other.kind == "gp-connect"},
    )
    localities = Localities.load(connections.settings.path(table) if table else None)
    return Pds(client, _organisation(entry), localities, options)
