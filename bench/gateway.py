"""The gateway as it is measured: `joinup serve` with tokens, policy, opt-outs and audit on, cache off, one worker."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.load import get, once
from bench.processes import MEASURED_CORE, Running, started
from gateway.cli.token import demo_token, write_key
from gateway.settings import load

HEAD = """\
[server]
port = {port}
log_level = "warning"

[identity.issuers.bench]
issuer = "https://bench.joinup.example"
audience = ["joinup"]
algorithms = ["ES256"]
demo_signing_key = "signing-key.pem"

[rate]
patients = 100000

[stores]
optout_url = "sqlite+aiosqlite:///optout.sqlite3"
audit_url = "sqlite+aiosqlite:///audit.sqlite3"
cache_s = 0

[[sources]]
id = "pds"
ods = "X26"
name = "Demographics"
kind = "pds"
base_url = "http://127.0.0.1:{sources}/pds"
max_concurrency = 256
[sources.options]
requests_per_second = "100000"
"""

SOURCE = """
[[sources]]
id = "org-{place}"
ods = "Y1{place:04d}"
name = "Organisation {place}"
kind = "fhir-r4"
base_url = "http://127.0.0.1:{sources}/fhir/{place}"
covers = {{ everyone = true }}
max_concurrency = 256
max_response_bytes = 67108864
[sources.options]
patient_by = "nhs-number"
everything = "{everything}"
"""


def configure(folder: Path, port: int, sources: int, count: int, everything: bool = True) -> Path:
    """Write a configuration for so many sources, with a signing key beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "signing-key.pem"
    if not key.exists():
        write_key(key)
    each = {"sources": sources, "everything": str(everything).lower()}
    text = HEAD.format(port=port, sources=sources) + "".join(SOURCE.format(place=n, **each) for n in range(count))
    file = folder / "joinup.toml"
    file.write_text(text, "utf-8")
    return file


def tokens(file: Path, count: int) -> Sequence[str]:
    """Tokens of so many different callers."""
    settings = load(file)
    return [demo_token(settings, "gp", subject=f"caller-{place}", organisation="Y00001") for place in range(count)]


@contextmanager
def serving(file: Path, port: int) -> Iterator[Running]:
    command = [sys.executable, "-m", "gateway.cli.main", "serve", "--config", str(file)]

    def ready() -> None:
        if b'"identity"' not in once(port, get(port, "/health/ready")):
            raise ValueError("not ready")

    with started("gateway", command, MEASURED_CORE, file.parent / "gateway.log", ready) as running:
        yield running
