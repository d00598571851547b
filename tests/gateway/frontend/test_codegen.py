"""A front-end developer's tools take our schema, and the manifest that they write is trusted as it is."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from graphql import get_named_type, parse, print_schema, validate
from graphql.language import FieldNode, OperationDefinitionNode

from gateway.cli.schema import published
from gateway.cli.token import demo_token
from gateway.config import Limits
from gateway.graph import compose_graph
from gateway.graphiql.examples import BUILT_IN, read_examples
from gateway.operation.documents import TrustedDocuments, read_manifests
from gateway.operation.prepare import Operations
from gateway.pipeline import Params, Visible
from policies.bundle import Policies
from resolvers.schema import graphql_core_schema
from tests.gateway.node_packages import node_modules
from tests.system.world import running

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("codegen")]  # one project folder beside the packages
HERE = Path(__file__).parent
STRICT = "--strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --target es2022 --skipLibCheck"
MANIFEST = Path("src/gql/persisted-documents.json")


def api_schema() -> str:
    """What clients see: the schema without Federation's directives and entry points."""
    return print_schema(compose_graph([], Policies.load()).supergraph.api_schema)


@pytest.fixture(params=["published", "api"])
def project(request: pytest.FixtureRequest) -> Path:
    """A project in which codegen has run: on schema.graphql as it is published, and on the API's schema."""
    return built(request.param)


@cache
def built(form: str) -> Path:
    """The project over one form of the schema, made once per process in a folder of its own."""
    packages = node_modules(
        "codegen",
        "@graphql-codegen/cli@7.4.3",
        "@graphql-codegen/client-preset@6.2.0",
        "@graphql-typed-document-node/core@3.2.0",
        "graphql@16.11.0",
        "typescript@5.9.3",
    )
    folder = packages / f"{form}-{os.getpid()}"
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    for name in ("queries.ts", "client.ts", "operations.graphql"):
        shutil.copy(HERE / name, folder / "src" / name)
    for example in read_examples(BUILT_IN):
        (folder / "src" / f"{example.name}.graphql").write_text(example.query, "utf-8")
    shutil.copy(HERE / "codegen.ts", folder / "codegen.ts")
    (folder / "schema.graphql").write_text(published() if form == "published" else api_schema(), "utf-8")
    run(folder, "graphql-codegen", "--config", "codegen.ts")
    return folder


def run(folder: Path, program: str, *words: str) -> str:
    command = [str(folder.parent / "node_modules" / ".bin" / program), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_types_are_strict(project: Path) -> None:
    options = [*STRICT.split(), "--noEmit", "--module", "esnext", "--moduleResolution", "bundler"]
    run(project, "tsc", *options, "src/queries.ts", "src/client.ts")


def test_the_operation_names_every_section() -> None:
    schema = graphql_core_schema()
    patient = schema.type_map["Patient"].fields  # type: ignore[union-attr]
    sections = {name for name, field in patient.items() if get_named_type(field.type).name.endswith("Connection")}
    document = parse((HERE / "operations.graphql").read_text("utf-8"))
    assert validate(schema, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    root = operation.selection_set.selections[0]
    assert isinstance(root, FieldNode)
    assert root.selection_set is not None
    asked = {node.name.value for node in root.selection_set.selections if isinstance(node, FieldNode)}
    assert len(sections) >= 13
    assert sections <= asked


def test_manifest_is_trusted_as_it_is(project: Path) -> None:
    documents = read_manifests([project / MANIFEST])
    (name,) = [hashed for hashed, text in documents.items() if "query Allergies(" in text]
    stage = Operations(Limits(), TrustedDocuments(documents, ["ward-list"]))
    visible = Visible(graphql_core_schema(), "1:gp", may_introspect=True)
    params = Params(None, None, {"nhsNumber": "9990000018"}, f"sha256:{name}")
    operation = stage.prepare(params, visible, "ward-list")
    assert (operation.name, operation.trusted) == ("Allergies", True)


@pytest.mark.system
def test_an_app_that_must_send_trusted_documents_does(project: Path, tmp_path: Path) -> None:
    options = [*STRICT.split(), "--module", "commonjs", "--moduleResolution", "node10", "--outDir", "out"]
    run(project, "tsc", *options, "src/client.ts")
    (project / "out" / "package.json").write_text('{"type": "commonjs"}')
    extra = f'\n[documents]\nmanifests = ["{project / MANIFEST}"]\nrequired_for = ["ward-list"]\n'
    with running(tmp_path, extra) as world:
        person = world.because("seven organisations")
        token = demo_token(world.settings, "gp", organisation="Y99001", client="ward-list")
        command = ["node", "out/client.js", world.url, token, person.nhs_number]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["sections"] == 16
    assert "ANSWERED" in said["allergies"]
    assert said["same"]
    assert said["text"] == "TRUSTED_DOCUMENT_REQUIRED"
    assert said["unknown"] in ("PERSISTED_QUERY_NOT_FOUND", "TRUSTED_DOCUMENT_REQUIRED")
