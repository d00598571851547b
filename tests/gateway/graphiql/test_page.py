"""GraphiQL's page and files: vendored as the manifest says, immutable, under a strict policy; examples that fit."""

from __future__ import annotations

import gzip
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, get_variable_values, parse, validate

from gateway.config import Limits
from gateway.graphiql.assets import FOLDER, read_bundle
from gateway.graphiql.examples import BUILT_IN, Example, read_examples
from gateway.graphiql.page import Pages
from gateway.operation.limits import measure, refuse_oversize
from gateway.operation.prepare import choose_operation
from policies.bundle import Policies
from resolvers.schema import graphql_core_schema
from tests.gateway.kit import SDL, SmallEngine, client, gateway, token

RECORD = graphql_core_schema()
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def get(path: str, headers: dict[str, str] | None = None, bearer: str | None = None, **parts: Any) -> Any:
    async with client(gateway(**parts), bearer) as http:
        return await http.get(path, headers=headers)


def test_vendored_files_are_the_built_ones() -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    on_disk = {path.name.removesuffix(".gz") for path in FOLDER.glob("*.gz")}
    assert on_disk == set(manifest["files"])
    for name, facts in manifest["files"].items():
        content = gzip.decompress((FOLDER / f"{name}.gz").read_bytes())
        assert (sha256(content).hexdigest(), len(content)) == (facts["sha256"], facts["bytes"])


def test_every_vendored_package_has_its_licence() -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    licences = (FOLDER / "LICENSES.txt").read_text("utf-8")
    for name, version in manifest["packages"].items():
        number, licence = re.fullmatch(r"(\S+) \((.+)\)", version).groups()  # type: ignore[union-attr]
        assert f"{name} {number} ({licence})" in licences
        assert licence in {"MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD"}


def test_vendored_versions_are_the_locked_ones() -> None:
    lock = json.loads((FOLDER.parent / "ui" / "package-lock.json").read_text("utf-8"))["packages"]
    manifest = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    assert manifest["packages"]["graphiql"].startswith("5.4.0 ")
    for name, version in manifest["packages"].items():
        assert version.split(" ")[0] == lock[f"node_modules/{name}"]["version"]


@pytest.mark.parametrize("path", ["/graphiql", "/graphql"])
async def test_browser_gets_the_page_under_its_policy(path: str) -> None:
    reply = await get(path, BROWSER)
    policy = reply.headers["content-security-policy"]
    nonce = re.search(r'nonce="([^"]+)"', reply.text).group(1)  # type: ignore[union-attr]
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["cache-control"] == "no-store"
    assert f"'nonce-{nonce}'" in policy
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"<script(?![^>]*src=)|https?://| on\w+=", reply.text)


async def test_nonce_is_never_the_same() -> None:
    assert (await get("/graphiql")).text != (await get("/graphiql")).text


async def test_query_in_the_address_is_not_a_page() -> None:
    reply = await get("/graphql?query={hello}", BROWSER)
    assert reply.status_code == 401


async def test_programs_do_not_get_a_page() -> None:
    reply = await get("/graphql", {"accept": "application/json"})
    assert reply.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_files_are_immutable_and_compressed() -> None:
    page = (await get("/graphiql")).text
    address = re.search(r'src="([^"]+graphiql\.js)"', page).group(1)  # type: ignore[union-attr]
    packed = await get(address, {"accept-encoding": "gzip"})
    plain = await get(address, {"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["manifest.json", "../page.py", "%2e%2e/page.py", "", "graphiql.js/", "LICENSES.txt"])
async def test_only_listed_files_are_served(name: str) -> None:
    bundle = read_bundle()
    assert bundle is not None
    assert (await get(f"/graphiql/assets/{bundle.version}/{name}")).status_code == 404
    assert (await get("/graphiql/assets/0000/graphiql.js")).status_code == 404


async def test_without_the_files_the_page_says_so(tmp_path: Path) -> None:
    assert read_bundle(tmp_path) is None
    app = gateway()
    app._pages = Pages(None, app._session)
    async with client(app, None) as http:
        reply = await http.get("/graphiql")
    assert "not installed" in reply.text
    assert reply.status_code == 200


async def test_session_needs_a_token() -> None:
    assert (await get("/graphiql/session")).status_code == 401


async def test_session_gives_the_examples_of_the_role() -> None:
    examples = (
        Example("a", "{hello}", None, frozenset()),
        Example("b", "{hello patient(nhsNumber: 1) {nhsNumber}}", {"n": 1}, frozenset({"gp"})),
        Example("c", "{nowhere}", None, frozenset()),
        Example("d", "{", None, frozenset()),
    )
    for role, expected in (("gp", ["a", "b"]), ("receptionist", ["a"])):
        reply = await get("/graphiql/session", bearer=token(role=role), engine=SmallEngine(), examples=examples)
        body = reply.json()
        assert (body["role"], body["organisation"], body["introspection"]) == (role, "F83004", role == "gp")
        assert [entry["query"] for entry in body["examples"]] == [e.query for e in examples if e.name in expected]
        assert reply.headers["cache-control"] == "no-store"


def test_example_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "b.graphql").write_text(
        '# roles: gp, nurse\n# variables: {"n": "x"}\nquery B($n: String) {\n  hello(name: $n)\n}\n'
    )
    (tmp_path / "a.graphql").write_text("# roles: all\nquery A { hello } # said\n")
    first, second = read_examples(tmp_path)
    assert (first.query, first.roles) == ("query A { hello } # said\n", frozenset())
    assert (second.variables, second.roles) == ({"n": "x"}, {"gp", "nurse"})
    assert second.fits("gp", build_schema(SDL))
    assert not second.fits("patient", build_schema(SDL))


def test_false_remark_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.graphql").write_text("# variables: {n}\n{hello}")
    with pytest.raises(ValueError, match=r"bad\.graphql"):
        read_examples(tmp_path)


@pytest.mark.parametrize("example", read_examples(BUILT_IN), ids=lambda example: example.name)
def test_built_in_example_fits_the_record(example: Example) -> None:
    document = parse(example.query)
    size = measure(choose_operation(document, None), document, RECORD, Limits())
    assert validate(RECORD, document) == []
    refuse_oversize(size, Limits())
    assert size.cost < Limits().cost / 2
    values = get_variable_values(
        RECORD, choose_operation(document, None).variable_definitions or (), example.variables or {}
    )
    assert not isinstance(values, list)


def test_every_role_has_an_example_of_its_own() -> None:
    examples = read_examples(BUILT_IN)
    for role in Policies.load().roles.roles:
        assert any(role in example.roles for example in examples), role
