"""Trusted documents: an application's operations, known by hash before it ships.

The manifest is what graphql-codegen's client preset writes with `persistedDocuments: { hashAlgorithm: 'sha256' }`:
one JSON object, `sha256:<hex>` → document (older versions leave the prefix out). A request names a document by `documentId`, by `extensions.persistedQuery.sha256Hash`
or by sending its text. Requests never register documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from gateway.errors import Refusal
from gateway.pipeline import Params
from gateway.strict_json import JsonError, read

_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.ASCII)


class ManifestError(Exception):
    """A manifest cannot be used; the message names the file and the mend."""


class TrustedDocuments:
    """The documents of all manifests, and the clients that may send nothing else."""

    def __init__(self, documents: Mapping[str, str], required_for: Iterable[str] = ()) -> None:
        self._documents = dict(documents)
        self._hashes = {text: name for name, text in documents.items()}
        self._required_for = frozenset(required_for)

    def __len__(self) -> int:
        return len(self._documents)

    def text_of(self, params: Params, client: str | None) -> tuple[str, bool]:
        """The document to run and whether it is trusted. Raises Refusal."""
        text, known = params.query, False
        if params.document_id is not None:
            text = self._by_hash(params.document_id, params.query)
            known = True
        elif text is not None:
            known = text in self._hashes
        if text is None:
            raise Refusal("BAD_REQUEST", "The request has neither `query` nor a document's hash.")
        if not known and self._must_be_trusted(client):
            raise Refusal("TRUSTED_DOCUMENT_REQUIRED")
        return text, known

    def _by_hash(self, name: str, text: str | None) -> str:
        match = _HASH.fullmatch(name)
        found = self._documents.get(match.group(1)) if match else None
        if found is None:
            raise Refusal("PERSISTED_QUERY_NOT_FOUND")
        if text is not None and text != found:
            raise Refusal("BAD_REQUEST", "The document is not the one that the hash names.")
        return found

    def _must_be_trusted(self, client: str | None) -> bool:
        return "*" in self._required_for or (client is not None and client in self._required_for)


def read_manifests(paths: Iterable[Path]) -> dict[str, str]:
    """The documents of manifest files. Raises ManifestError when a hash is not its document's."""
    documents: dict[str, str] = {}
    for path in paths:
        documents.update(_read_manifest(path))
    return documents


def _read_manifest(path: Path) -> dict[str, str]:
    try:
        manifest = read(path.read_bytes(), depth=2)
    except (OSError, JsonError) as failure:
        raise ManifestError(f"{path.name}: no JSON object of hash and document ({failure})") from None
    if not isinstance(manifest, dict):
        raise ManifestError(f"{path.name}: must be a JSON object of hash and document")
    documents: dict[str, str] = {}
    for name, text in manifest.items():
        digest = name.removeprefix("sha256:")
        if not isinstance(text, str) or sha256(text.encode("utf-8")).hexdigest() != digest:
            raise ManifestError(
                f"{path.name}: {name[:19]} is not the SHA-256 of its document;"
                " set persistedDocuments.hashAlgorithm to 'sha256' in codegen's configuration and generate again"
            )
        documents[digest] = text
    return documents
