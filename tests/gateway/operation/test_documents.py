"""Trusted documents: by hash, by text, required of some clients, never registered by a request."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gateway.operation.documents import ManifestError, TrustedDocuments, read_manifests
from tests.gateway.kit import SmallEngine, client, code_of, gateway, token

TEXT = "query Hello($n: String) { hello(name: $n) }"
HASH = sha256(TEXT.encode()).hexdigest()


async def ask(client_id: str = "app", required: tuple[str, ...] = ("app",), **members: Any) -> Any:
    app = gateway(SmallEngine(), documents=TrustedDocuments({HASH: TEXT}, required))
    async with client(app, token(client_id=client_id)) as http:
        return await http.post("/graphql", json=members)


NAMINGS: dict[str, dict[str, Any]] = {
    "documentId": {"documentId": HASH},
    "documentId with its scheme": {"documentId": f"sha256:{HASH}"},
    "id": {"id": HASH},
    "Apollo's extension": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
    "text": {"query": TEXT},
    "text and hash": {"query": TEXT, "documentId": HASH},
}


@pytest.mark.parametrize("members", NAMINGS.values(), ids=NAMINGS.keys())
async def test_known_document_runs_however_named(members: dict[str, Any]) -> None:
    reply = await ask(**members, variables={"n": "x"})
    assert reply.json() == {"data": {"hello": "hello x"}}


async def test_unknown_text_is_refused_from_a_client_that_must() -> None:
    assert code_of(await ask(query="{hello}")) == "TRUSTED_DOCUMENT_REQUIRED"
    assert code_of(await ask("any", ("*",), query="{hello}")) == "TRUSTED_DOCUMENT_REQUIRED"


async def test_other_clients_are_free() -> None:
    assert (await ask("graphiql", query="{hello}")).json() == {"data": {"hello": "hello world"}}


async def test_unknown_hash_is_not_found_and_not_registered() -> None:
    other = "{hello}"
    name = sha256(other.encode()).hexdigest()
    app = gateway(SmallEngine(), documents=TrustedDocuments({HASH: TEXT}, ("app",)))
    async with client(app) as http:
        for members in ({"documentId": name}, {"documentId": name, "query": other}, {"documentId": name}):
            assert code_of(await http.post("/graphql", json=members)) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("members", [{"query": "{crash}", "documentId": HASH}, {"documentId": HASH, "id": "b" * 64}])
async def test_text_other_than_the_hash_names_is_refused(members: dict[str, Any]) -> None:
    assert code_of(await ask(**members)) == "BAD_REQUEST"


def test_manifest_of_codegen_is_read(tmp_path: Path) -> None:
    file = tmp_path / "persisted-documents.json"
    for name in (HASH, f"sha256:{HASH}"):
        file.write_text(json.dumps({name: TEXT}))
        assert read_manifests([file]) == {HASH: TEXT}


@pytest.mark.parametrize(
    "content", [json.dumps({"0" * 64: TEXT}), json.dumps({HASH: 1}), "[]", "{", f'{{"{HASH}": "a", "{HASH}": "b"}}']
)
def test_false_manifest_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(content)
    with pytest.raises(ManifestError, match=r"manifest\.json"):
        read_manifests([file])
