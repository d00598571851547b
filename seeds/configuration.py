"""The demo's `joinup.toml`: the made-up organisations as sources, a partner's subgraph, and a demo issuer of tokens."""

from __future__ import annotations

from pathlib import Path

from seeds.organisations import DEMOGRAPHICS, ORGANISATIONS, PARTNERS, Seeded
from seeds.servers.cluster import address

EXAMPLES = Path(__file__).parent / "examples"
"""Queries for GraphiQL that ask the made-up partner, too."""

HEAD = """\
# The demonstration: made-up organisations on this machine. Written anew by `joinup demo`.

[server]
port = {gateway}
graphiql_examples = "examples"

[identity.issuers.demo]
issuer = "https://demo.joinup.example"
audience = ["joinup"]
algorithms = ["ES256"]
demo_signing_key = "signing-key.pem"

[stores]
optout_url = "sqlite+aiosqlite:///optout.sqlite3"
audit_url = "sqlite+aiosqlite:///audit.sqlite3"

[federation]
subgraphs_file = "subgraphs.json"
admin_token = "file:admin-token"
"""

PARTNER = """
[[subgraphs]]
name = "{id}"
url = "{url}/graphql"
ods = "{ods}"
signing_key = "context-key.pem"
"""

SOURCE = """
[[sources]]
id = "{id}"
ods = "{ods}"
name = "{name}"
kind = "{api}"
base_url = "{url}"
{covers}{options}"""


def configuration(first_port: int, gateway_port: int) -> str:
    """The whole file, for organisations whose servers begin at `first_port`."""
    sources = [_source(one, first_port) for one in ORGANISATIONS]
    partners = [PARTNER.format(id=one.id, url=address(first_port, one), ods=one.ods_code) for one in PARTNERS]
    return "".join([HEAD.format(gateway=gateway_port), *sources, *partners])


def _source(organisation: Seeded, first_port: int) -> str:
    options = {"organisation_kind": organisation.kind.value}
    if organisation.api == "gp-connect":
        options |= {"asid": "200000000001", "to_asid": f"20000000010{organisation.offset - 10}", "citizens": "true"}
    lines = "".join(f'{key} = "{value}"\n' for key, value in options.items())
    return SOURCE.format(
        id=organisation.id,
        ods=organisation.ods_code,
        name=organisation.name,
        api=organisation.api,
        url=address(first_port, organisation),
        covers=f"covers = {{ {_covers(organisation)} }}\n" if organisation is not DEMOGRAPHICS else "",
        options=f"[sources.options]\n{lines}",
    )


def _covers(organisation: Seeded) -> str:
    if organisation.api == "gp-connect":
        return f'practices = ["{organisation.ods_code}"]'
    if organisation.api == "social-care":
        return f'boroughs = ["{organisation.ods_code}"]'
    return "everyone = true"
