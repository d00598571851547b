"""The vendored bundle: files gzipped beside a manifest of hashes, served under a path that changes with them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8", ".ttf": b"font/ttf"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, compressed as it lies on disk."""

    content_type: bytes
    gzipped: bytes

    def plain(self) -> bytes:
        return gzip.decompress(self.gzipped)


@dataclass(frozen=True, slots=True)
class Bundle:
    """All files. `version` is a digest of the manifest: a new build is a new path."""

    version: str
    files: Mapping[str, Asset]


def read_bundle(folder: Path = FOLDER) -> Bundle | None:
    """The bundle, or None where the package was installed without it."""
    try:
        manifest = (folder / "manifest.json").read_bytes()
        names = json.loads(manifest)["files"]
        files = {name: Asset(_TYPES[Path(name).suffix], (folder / f"{name}.gz").read_bytes()) for name in names}
    except FileNotFoundError:
        return None
    return Bundle(sha256(manifest).hexdigest()[:16], files)
