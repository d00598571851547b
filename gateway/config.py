"""The settings of `joinup.toml`: closed keys, each documented on its field, secrets only by reference.

docs/configuration.md is written from this file. `gateway.settings.load` reads it and names file, line and mend.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1)]
AreaName = Annotated[str, Meta(pattern="^[a-z][A-Za-z0-9]{0,39}$")]
OdsCode = Annotated[str, Meta(pattern="^[A-Z0-9]{3,12}$")]
Secret = Annotated[str, Meta(pattern="^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]
"""Never the secret itself: `env:NAME` or `file:PATH` (relative to the configuration file)."""


def _doc(text: str) -> Meta:
    return Meta(description=text)


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: immutable, and a key that it does not name is refused."""


class Server(Section, frozen=True):
    """Listening, timeouts and what belongs to HTTP."""

    host: Annotated[str, _doc("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    workers: Annotated[Count, _doc("Worker processes, each with its own caches.")] = 1
    body_timeout_s: Annotated[Seconds, _doc("Seconds a request body may take to arrive.")] = 10.0
    drain_s: Annotated[Seconds, _doc("Seconds that requests in flight get to finish at shutdown.")] = 20.0
    in_flight: Annotated[Count, _doc("Requests in hand per worker before further ones get `OVERLOADED`.")] = 500
    hsts: Annotated[bool, _doc("Send Strict-Transport-Security; set it where TLS ends in front of the gateway.")] = (
        False
    )
    graphiql: Annotated[bool, _doc("Serve GraphiQL at `/graphiql`, and at `/graphql` to browsers.")] = True
    graphiql_examples: Annotated[str | None, _doc("Folder of example queries instead of the built-in ones.")] = None
    metrics: Annotated[bool, _doc("Serve Prometheus metrics at `/metrics` (keep the path inside your network).")] = True
    log_level: Annotated[Literal["debug", "info", "warning", "error"], _doc("Least severe log event written.")] = "info"


class Claims(Section, frozen=True):
    """Names of the claims that an issuer uses. A dot leads into a nested object."""

    role: Annotated[Text, _doc("The role: one string.")] = "role"
    organisation: Annotated[Text, _doc("ODS code of the organisation for which the caller acts.")] = "organisation"
    purpose: Annotated[Text, _doc("Purpose of use, an HL7 v3-ActReason code.")] = "purpose"
    name: Annotated[Text, _doc("The caller's name, for the audit.")] = "name"
    client: Annotated[Text, _doc("The application; `azp` is read too.")] = "client_id"
    role_profile: Annotated[Text, _doc("Identifier of the selected role profile.")] = "role_profile"
    job_role: Annotated[Text, _doc("National job role code.")] = "job_role"
    patient: Annotated[Text, _doc("The caller's own NHS number, for the role `patient`.")] = "nhs_number"


Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Issuer(Section, frozen=True):
    """One party whose tokens are believed. The table's name is for you; `issuer` is what tokens carry."""

    issuer: Annotated[Text, _doc("The exact `iss` of its tokens.")]
    audience: Annotated[list[Text], Meta(min_length=1, description="Accepted `aud` values.")]
    algorithms: Annotated[
        list[Algorithm],
        Meta(min_length=1, description="Signature algorithms; a key is pinned to one of them."),
    ] = field(default_factory=lambda: ["RS256"])
    jwks_url: Annotated[str | None, _doc("Address of its key set; https, unless `allow_http_loopback`.")] = None
    keys_file: Annotated[str | None, _doc("PEM public key, JWK or JWK set in a file, instead of `jwks_url`.")] = None
    allow_http_loopback: Annotated[bool, _doc("Accept `http://127.0.0.1` for `jwks_url`: demonstrations only.")] = False
    demo_signing_key: Annotated[
        str | None,
        _doc(
            "File with a private key with which `joinup token` signs. Makes this the demo issuer; never in production."
        ),
    ] = None
    token_types: Annotated[list[Literal["JWT", "at+jwt"]], _doc("Accepted `typ` headers.")] = field(
        default_factory=lambda: ["JWT", "at+jwt"]
    )
    audience_lists: Annotated[bool, _doc("Accept tokens whose `aud` is a list that holds one of ours.")] = True
    leeway_s: Annotated[int, Meta(ge=0, le=30, description="Clock difference allowed, at most 30 s.")] = 30
    max_lifetime_s: Annotated[Count, _doc("Longest accepted span from `iat` to `exp`.")] = 43_200
    jwks_fresh_s: Annotated[Seconds, _doc("Age at which the key set is fetched anew.")] = 300.0
    jwks_stale_s: Annotated[Seconds, _doc("Age to which it may serve while it cannot be fetched.")] = 3_600.0
    profile: Annotated[
        Literal["plain", "cis2"],
        _doc("`cis2` reads NHS CIS2's `nhsid_nrbac_roles` and maps the selected role's code."),
    ] = "plain"
    roles: Annotated[list[Text], _doc("Roles this issuer may speak for; empty means all.")] = field(
        default_factory=list
    )
    organisations: Annotated[list[OdsCode], _doc("Organisations it may speak for; empty means all.")] = field(
        default_factory=list
    )
    role_names: Annotated[dict[str, str], _doc('Its names of roles, if they differ: `{their-name = "nurse"}`.')] = (
        field(default_factory=dict)
    )
    purpose: Annotated[Text, _doc("Purpose of use where the token states none.")] = "TREAT"
    claims: Annotated[Claims, _doc("Names of its claims.")] = field(default_factory=Claims)


class Identity(Section, frozen=True):
    """Who is believed."""

    issuers: Annotated[dict[str, Issuer], _doc("One table per issuer: `[identity.issuers.NAME]`.")] = field(
        default_factory=dict
    )
    denied_tokens_file: Annotated[
        str | None,
        _doc("File of revoked tokens, one `issuer jti` a line; read again when it changes."),
    ] = None
    token_cache: Annotated[Count, _doc("Verified tokens remembered per worker.")] = 10_000


class Limits(Section, frozen=True):
    """The largest request that is accepted. All are checked before anything is validated or fetched."""

    body_bytes: Annotated[Count, _doc("Request body.")] = 262_144
    json_depth: Annotated[Count, _doc("Nesting of the JSON body, variables included.")] = 20
    source_bytes: Annotated[Count, _doc("GraphQL document.")] = 65_536
    tokens: Annotated[Count, _doc("Lexical tokens of the document.")] = 4_000
    comments: Annotated[Count, _doc("Comments in the document.")] = 50
    nesting: Annotated[Count, _doc("Brackets within brackets in the document, values included.")] = 40
    depth: Annotated[Count, _doc("Levels of fields, fragments included.")] = 12
    introspection_depth: Annotated[Count, _doc("Levels below `__schema` and `__type`.")] = 20
    fields: Annotated[Count, _doc("Fields after fragments are spread.")] = 2_000
    root_fields: Annotated[Count, _doc("Fields at the root.")] = 10
    aliases: Annotated[Count, _doc("Aliases after fragments are spread.")] = 15
    directives: Annotated[Count, _doc("Directives after fragments are spread.")] = 20
    validation_errors: Annotated[Count, _doc("Validation errors reported at most.")] = 3
    cost: Annotated[
        Count,
        _doc(
            "Static cost: every object weighs 1, times the sizes of the lists around it. Every field of one person's record costs about 13,000."
        ),
    ] = 20_000
    list_size: Annotated[Count, _doc("Assumed length of a list without `first`, `last` or @listSize.")] = 3
    page_size: Annotated[Count, _doc("Assumed page of a connection whose `first` and `last` are not given.")] = 20
    cached_documents: Annotated[Count, _doc("Checked documents remembered per worker.")] = 1_000


class Documents(Section, frozen=True):
    """Trusted documents: what an application may send is known before it ships."""

    manifests: Annotated[list[Text], _doc("Files as graphql-codegen's client preset writes them: hash → document.")] = (
        field(default_factory=list)
    )
    required_for: Annotated[
        list[Text], _doc("Clients (`azp`/`client_id`) that may send nothing else; `*` means all.")
    ] = field(default_factory=list)


class Cors(Section, frozen=True):
    """Browser applications on other origins. Closed unless named."""

    origins: Annotated[list[Annotated[str, Meta(pattern="^https?://[^/*]+$")]], _doc("Exact origins, no wildcard.")] = (
        field(default_factory=list)
    )
    max_age_s: Annotated[int, Meta(ge=0, description="Seconds a browser may remember the permission.")] = 600


class Rate(Section, frozen=True):
    """How many different patients one caller may open in a while. Stops enumeration."""

    patients: Annotated[Count, _doc("Different patients per caller within the window.")] = 30
    window_s: Annotated[Seconds, _doc("The sliding window.")] = 60.0
    roles: Annotated[dict[str, Count], _doc("Other numbers for single roles: `{receptionist = 60}`.")] = field(
        default_factory=dict
    )
    redis_url: Annotated[Secret | None, _doc("Share the count between workers in this Redis, by reference.")] = None
    key: Annotated[
        Secret | None,
        _doc("Key with which NHS numbers are hashed before they reach Redis; needed with `redis_url`."),
    ] = None


class Stores(Section, frozen=True):
    """Where opt-outs and audit live, and the shared cache. URLs with passwords go by reference."""

    optout_url: Annotated[Text, _doc("SQLAlchemy URL, or a reference to one.")] = (
        "sqlite+aiosqlite:///var/optout.sqlite3"
    )
    audit_url: Annotated[Text, _doc("SQLAlchemy URL, or a reference to one.")] = "sqlite+aiosqlite:///var/audit.sqlite3"
    cache_url: Annotated[
        Text | None, _doc("Redis URL, or a reference to one; none keeps the cache in the process.")
    ] = None
    key: Annotated[
        Secret | None,
        _doc(
            "Key (32 bytes or more) that seals the audit chain and hides NHS numbers in cache keys; the same for all "
            "workers. Without one, a key is made and kept beside the audit database: demonstrations only."
        ),
    ] = None
    key_id: Annotated[Text, _doc("Name of `key`, written beside each audit entry, so that keys can be changed.")] = "1"
    old_keys: Annotated[dict[str, Secret], _doc("Earlier keys by name, to verify older entries.")] = field(
        default_factory=dict
    )
    checkpoints: Annotated[
        str | None, _doc("File for checkpoints of the audit chain; put it on another system's storage.")
    ] = None
    cache_entries: Annotated[Count, _doc("Entries of the in-process cache.")] = 10_000
    cache_s: Annotated[Annotated[float, Meta(ge=0)], _doc("Seconds an entry lives; 0 turns the cache off.")] = 30.0


class Policy(Section, frozen=True):
    """The tables of the policy floor."""

    directory: Annotated[str | None, _doc("Folder whose files replace the built-in tables of the same name.")] = None


class Timeouts(Section, frozen=True):
    """Bounds on one upstream, all inside the request's own deadline."""

    connect_s: Annotated[Seconds, _doc("To connect, TLS included.")] = 1.0
    read_s: Annotated[Seconds, _doc("Between two pieces of an answer.")] = 2.5
    total_s: Annotated[Seconds, _doc("For one call, its retry included.")] = 3.0


class Tls(Section, frozen=True):
    """Trust and client certificates for one upstream."""

    ca_file: Annotated[str | None, _doc("Certificates to trust instead of the system's.")] = None
    cert_file: Annotated[str | None, _doc("Client certificate (mTLS).")] = None
    key_file: Annotated[str | None, _doc("Its key.")] = None


class Auth(Section, frozen=True):
    """How the gateway shows itself to an upstream. Give what the `kind` needs."""

    kind: Annotated[Literal["none", "api-key", "bearer", "basic", "oauth2"], _doc("The scheme.")] = "none"
    header: Annotated[str, _doc("Header for an `api-key`.")] = "apikey"
    secret: Annotated[Secret | None, _doc("API key, bearer token, password or client secret, by reference.")] = None
    user: Annotated[str | None, _doc("User for `basic`.")] = None
    token_url: Annotated[str | None, _doc("Token endpoint for `oauth2` (client credentials).")] = None
    client_id: Annotated[str | None, _doc("Client for `oauth2`.")] = None
    scope: Annotated[str | None, _doc("Scope for `oauth2`.")] = None
    signing_key: Annotated[
        str | None, _doc("Private key file for `oauth2` with a signed assertion instead of a secret.")
    ] = None
    key_id: Annotated[str | None, _doc("`kid` of the signing key.")] = None
    tls: Annotated[Tls, _doc("Trust and client certificate towards the token endpoint.")] = field(default_factory=Tls)


class Covers(Section, frozen=True):
    """Whom a source may hold something about. Others are not asked, and the answer says so."""

    practices: Annotated[list[OdsCode], _doc("Patients registered with these practices.")] = field(default_factory=list)
    boroughs: Annotated[list[Text], _doc("Patients who live in these boroughs (ONS code or name).")] = field(
        default_factory=list
    )
    everyone: Annotated[bool, _doc("Every patient.")] = False


class Source(Section, frozen=True):
    """A system of record: one table `[[sources]]` each."""

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$", description="Short name; prefixes every entry id.")]
    ods: Annotated[OdsCode, _doc("ODS code of the organisation.")]
    name: Annotated[Text, _doc("Its name as clinicians know it.")]
    kind: Annotated[Literal["fhir-r4", "gp-connect", "social-care", "pds"], _doc("What its interface speaks.")]
    base_url: Annotated[Text, _doc("Base address; https but for loopback.")]
    gives: Annotated[list[Text], _doc("Sections it holds; empty means all that its kind can give.")] = field(
        default_factory=list
    )
    covers: Annotated[Covers, _doc("Whom it is asked about.")] = field(default_factory=Covers)
    auth: Annotated[Auth, _doc("Credentials.")] = field(default_factory=Auth)
    tls: Annotated[Tls, _doc("Trust and client certificate.")] = field(default_factory=Tls)
    timeouts: Annotated[Timeouts, _doc("Bounds in time.")] = field(default_factory=Timeouts)
    headers: Annotated[dict[str, str], _doc("Fixed headers; a value may be a reference to a secret.")] = field(
        default_factory=dict
    )
    max_concurrency: Annotated[Count, _doc("Calls in flight at once per worker.")] = 32
    max_response_bytes: Annotated[Count, _doc("Largest accepted answer.")] = 8_388_608
    options: Annotated[dict[str, str], _doc("Settings of the kind, e.g. GP Connect's `asid` and `to_asid`.")] = field(
        default_factory=dict
    )


class Subgraph(Section, frozen=True):
    """A partner's Federation subgraph: one table `[[subgraphs]]` each."""

    name: Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_-]{0,59}$", description="Name in plans and messages.")]
    url: Annotated[Text, _doc("GraphQL endpoint; https but for loopback.")]
    sdl: Annotated[str | None, _doc("File with its SDL; without one it is asked for `_service { sdl }`.")] = None
    ods: Annotated[OdsCode | None, _doc("ODS code of the organisation that answers.")] = None
    auth: Annotated[Auth, _doc("Credentials.")] = field(default_factory=Auth)
    tls: Annotated[Tls, _doc("Trust and client certificate.")] = field(default_factory=Tls)
    timeouts: Annotated[Timeouts, _doc("Bounds in time.")] = field(default_factory=Timeouts)
    headers: Annotated[dict[str, str], _doc("Fixed headers; a value may be a reference to a secret.")] = field(
        default_factory=dict
    )
    forward_headers: Annotated[list[Text], _doc("Request headers passed on; none unless named.")] = field(
        default_factory=list
    )
    signing_key: Annotated[
        str | None,
        _doc("Private key file for the short-lived token that tells the subgraph who asks."),
    ] = None
    signing_key_id: Annotated[Text, _doc("`kid` of `signing_key`.")] = "1"
    signing_algorithm: Annotated[
        Literal["EdDSA", "ES256", "ES384", "RS256", "PS256"], _doc("Algorithm of `signing_key`.")
    ] = "EdDSA"
    hmac_secret: Annotated[Secret | None, _doc("Sign request bodies with this secret, by reference.")] = None
    max_concurrency: Annotated[Count, _doc("Calls in flight at once per worker.")] = 64
    max_response_bytes: Annotated[Count, _doc("Largest accepted answer.")] = 8_388_608


class Federation(Section, frozen=True):
    """How the graph is put together and run."""

    deadline_s: Annotated[Seconds, _doc("For the whole answer; every upstream call ends before it.")] = 3.0
    supergraph: Annotated[str | None, _doc("File with a supergraph composed elsewhere.")] = None
    subgraphs_file: Annotated[str | None, _doc("File that `joinup subgraph add` writes and the gateway watches.")] = (
        None
    )
    admin_token: Annotated[
        Secret | None, _doc("Bearer token for `/admin/graph` (status, reload), by reference; none closes it.")
    ] = None
    cached_plans: Annotated[Count, _doc("Query plans remembered per worker.")] = 1_000
    override_labels: Annotated[
        list[Text],
        _doc("Labels of `@override(label:)` that are active. `percent(n)` is active by itself, for n % of callers."),
    ] = field(default_factory=list)
    area: Annotated[
        AreaName | None,
        _doc("Name of this area to a router above: the field of `Patient` under which its record stands there."),
    ] = None


class Config(Section, frozen=True):
    """The whole of `joinup.toml`."""

    server: Annotated[Server, _doc("HTTP.")] = field(default_factory=Server)
    identity: Annotated[Identity, _doc("Issuers of tokens.")] = field(default_factory=Identity)
    limits: Annotated[Limits, _doc("Size of requests.")] = field(default_factory=Limits)
    documents: Annotated[Documents, _doc("Trusted documents.")] = field(default_factory=Documents)
    cors: Annotated[Cors, _doc("Other origins.")] = field(default_factory=Cors)
    rate: Annotated[Rate, _doc("Distinct patients.")] = field(default_factory=Rate)
    stores: Annotated[Stores, _doc("Databases.")] = field(default_factory=Stores)
    policy: Annotated[Policy, _doc("Policy tables.")] = field(default_factory=Policy)
    federation: Annotated[Federation, _doc("The graph.")] = field(default_factory=Federation)
    sources: Annotated[list[Source], _doc("Systems of record.")] = field(default_factory=list)
    subgraphs: Annotated[list[Subgraph], _doc("Partners' subgraphs.")] = field(default_factory=list)
