"""A small gateway for tests: one issuer, a tiny schema executed by graphql-core, and tokens at will."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from graphql import GraphQLSchema, build_schema, execute

from gateway.app import Gateway
from gateway.config import Config, Issuer
from gateway.errors import error_entry
from gateway.graphiql.examples import Example
from gateway.http.body import as_json
from gateway.identity.issuers import Authenticator, Trusted
from gateway.identity.jwks import StaticKeys
from gateway.identity.keys import read_key_set
from gateway.metrics import Metrics
from gateway.operation.documents import TrustedDocuments
from gateway.operation.prepare import Operations
from gateway.pipeline import Answer, Complete, Frames, Operation, RequestInfo, Visible
from policies.caller import Caller

ISSUER = "https://issuer.test"
AUDIENCE = "joinup"
ROLES = frozenset({"gp", "nurse", "receptionist", "privacy_officer", "patient"})
NHS_NUMBER = "9990000018"

SDL = """
scalar NHSNumber
directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
"What can be asked. See *the* [guide](https://guide.test), `code` and <b>no markup</b>."
type Query {
  "Says **hello** to <img src=x onerror=fail()> you."
  hello(name: String = "world"): String
  "A *person's* record."
  patient(nhsNumber: NHSNumber!): Patient
  crash: String
  sum(numbers: [Int!]!): Int
}
type Mutation { touch: Boolean }
type Patient {
  nhsNumber: NHSNumber!
  friend: Patient
  allergies(first: Int, since: String): AllergyConnection
  notes(last: Int): [Note!]!
  tags: [String!]!
  weighty: Note @cost(weight: "7")
  declared: [Note!]! @listSize(assumedSize: 50)
}
type AllergyConnection { nodes: [Allergy!]! edges: [AllergyEdge!]! total: Int }
type AllergyEdge { node: Allergy cursor: String }
type Allergy { id: ID text: String codings: [Coding!]! note: Note }
type Coding { system: String code: String }
type Note { text: String patient: Patient }
"""


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """The issuer's key; another process of the same test reads it from the file that JOINUP_TEST_KEY names."""
    if bits == 2048 and (file := os.environ.get("JOINUP_TEST_KEY")):
        key = load_pem_private_key(Path(file).read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    return rsa.generate_private_key(65537, bits)


@cache
def other_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, key_id: str, algorithm: str, **more: Any) -> dict[str, Any]:
    entry = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**entry, "kid": key_id, "alg": algorithm, "use": "sig", **more}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "dr-1",
        "iat": now,
        "exp": now + 600,
        "role": "gp",
        "organisation": "F83004",
        "client_id": "app",
        "jti": "token-1",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def token(key: Any = None, algorithm: str = "RS256", headers: Mapping[str, Any] | None = None, **changes: Any) -> str:
    header = {"kid": "one", "typ": "at+jwt", **(headers or {})}
    return jwt.encode(claims(**changes), key or rsa_key(), algorithm, headers=header)


def issuer_settings(**changes: Any) -> Issuer:
    given = {
        "issuer": ISSUER,
        "audience": [AUDIENCE],
        "keys_file": "unused",
        "algorithms": ["RS256", "ES256"],
        **changes,
    }
    return msgspec.convert(given, Issuer)


def static_keys() -> StaticKeys:
    keys = [jwk(rsa_key(), "one", "RS256"), jwk(ec_key(), "two", "ES256")]
    return StaticKeys(read_key_set(as_json({"keys": keys}), ["RS256", "ES256"]))


def authenticator(**options: Any) -> Authenticator:
    settings = options.pop("settings", None) or issuer_settings()
    return Authenticator([Trusted(settings, options.pop("keys", None) or static_keys())], ROLES, **options)


class SmallEngine:
    """Executes with graphql-core. Roles in `closed` may not introspect. `frames` answers in parts."""

    def __init__(self, closed: frozenset[str] = frozenset({"receptionist"})) -> None:
        self.schema: GraphQLSchema = build_schema(SDL)
        self.closed = closed
        self.seen: list[tuple[Operation, Caller, RequestInfo]] = []
        self.frames: AsyncIterator[bytes] | None = None
        self.failure: BaseException | None = None

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return

    def ready(self) -> Mapping[str, bool]:
        return {"supergraph": True}

    def schema_for(self, caller: Caller) -> Visible:
        return Visible(self.schema, f"1:{caller.role}", caller.role not in self.closed)

    async def answer(self, operation: Operation, caller: Caller, request: RequestInfo) -> Answer:
        self.seen.append((operation, caller, request))
        if self.failure is not None:
            raise self.failure
        if self.frames is not None and request.incremental:
            return Frames(self.frames)
        root = {
            "hello": lambda _info, name: f"hello {name}",
            "patient": lambda _info, nhsNumber: {"nhsNumber": nhsNumber, "tags": []},
            "crash": lambda _info: 1 / 0,
            "sum": lambda _info, numbers: sum(numbers),
            "touch": lambda _info: True,
        }
        result = execute(
            self.schema,
            operation.ast,
            root,
            variable_values=dict(operation.variables),
            operation_name=operation.name,
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [error_entry("INTERNAL_ERROR", path=tuple(fault.path or ())) for fault in result.errors]
        return Complete(as_json(body), bool(result.errors))


def gateway(
    engine: SmallEngine | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    identity: Authenticator | None = None,
    documents: TrustedDocuments | None = None,
    examples: tuple[Example, ...] = (),
) -> Gateway:
    settings = msgspec.convert(dict(config or {}), Config)
    metrics = Metrics()
    return Gateway(
        settings,
        engine or SmallEngine(),
        identity or authenticator(on_refused=metrics.token_refused),
        Operations(settings.limits, documents or TrustedDocuments({})),
        metrics=metrics,
        examples=examples,
    )


def client(app: Gateway, bearer: str | None = "") -> httpx.AsyncClient:
    """A client of the application; `bearer` None sends no token, and the default is a general practitioner's."""
    headers = {} if bearer is None else {"authorization": f"Bearer {bearer or token()}"}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers)


def code_of(reply: httpx.Response) -> str:
    """The stable code of a refusal's first error."""
    body = reply.json()
    assert "data" not in body
    code: str = body["errors"][0]["extensions"]["code"]
    return code
