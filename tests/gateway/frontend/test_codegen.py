"""A front-end developer's tools take the published schema, and their manifest is one of ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.cli.schema import published
from gateway.config import Limits
from gateway.operation.documents import TrustedDocuments, read_manifests
from gateway.operation.prepare import Operations
from gateway.pipeline import Params, Visible
from resolvers.schema import graphql_core_schema
from tests.gateway.node_packages import node_modules

pytestmark = pytest.mark.node
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def project() -> Path:
    """A project in which codegen has run on the published schema."""
    folder = node_modules(
        "codegen",
        "@graphql-codegen/cli@7.4.3",
        "@graphql-codegen/client-preset@6.2.0",
        "@graphql-typed-document-node/core@3.2.0",
        "graphql@16.11.0",
        "typescript@5.9.3",
    )
    shutil.rmtree(folder / "src", ignore_errors=True)
    (folder / "src").mkdir()
    shutil.copy(HERE / "codegen.ts", folder / "codegen.ts")
    shutil.copy(HERE / "queries.ts", folder / "src" / "queries.ts")
    (folder / "schema.graphql").write_text(published(), "utf-8")
    command = ["node_modules/.bin/graphql-codegen", "--config", "codegen.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_types_are_strict(project: Path) -> None:
    options = "--strict --noEmit --module esnext --moduleResolution bundler --target es2022 --noUncheckedIndexedAccess"
    command = ["node_modules/.bin/tsc", *options.split(), "src/queries.ts"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_manifest_is_trusted_as_it_is(project: Path) -> None:
    documents = read_manifests([project / "src" / "gql" / "persisted-documents.json"])
    (name,) = documents
    stage = Operations(Limits(), TrustedDocuments(documents, ["ward-list"]))
    visible = Visible(graphql_core_schema(), "1:gp", may_introspect=True)
    params = Params(None, None, {"nhsNumber": "9990000018"}, f"sha256:{name}")
    operation = stage.prepare(params, visible, "ward-list")
    assert (operation.name, operation.trusted) == ("Allergies", True)
