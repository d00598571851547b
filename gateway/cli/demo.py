"""`joinup demo`: five made-up boroughs, the gateway and GraphiQL, with tokens to try."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.assembly import database_url
from gateway.cli._settings import give_up
from gateway.cli.token import demo_token, write_key
from gateway.graphiql.examples import BUILT_IN, EXAMPLE_NUMBER
from gateway.serve import run
from gateway.settings import Settings, load
from gateway.stores.database import Database
from gateway.stores.migrate import migrate
from gateway.stores.optout import OptOutRegistry
from gateway.upstream.context import write_context_key
from seeds.configuration import EXAMPLES, configuration
from seeds.organisations import DEMOGRAPHICS, ORGANISATIONS, PARTNERS, PRACTICES, TRUSTS
from seeds.people import Somebody, people

ROLES = {
    "gp": PRACTICES[0].ods_code,
    "hospital_clinician": TRUSTS[0].ods_code,
    "emergency_clinician": TRUSTS[1].ods_code,
    "nurse": TRUSTS[0].ods_code,
    "pharmacist": TRUSTS[2].ods_code,
    "social_worker": "E09000014",
    "receptionist": PRACTICES[0].ods_code,
    "privacy_officer": TRUSTS[0].ods_code,
}
PUBLIC_KEY = "context-key.pub.pem"
LATENCIES = {"pds": 15, "gp-connect": 120, "fhir-r4": 60, "social-care": 40, "graphql": 50}
"""Milliseconds by kind of API, about what real systems take."""


def command(
    folder: Annotated[Path, typer.Option(help="Where configuration, key and databases of the demo go.")] = Path(
        "var/demo"
    ),
    port: Annotated[int, typer.Option(help="Port of the gateway.")] = 8000,
    first: Annotated[int, typer.Option(help="First port of the made-up organisations.")] = 9100,
) -> None:
    """Start everything: organisations, gateway, GraphiQL. Stop it with Ctrl-C."""
    today = datetime.now(UTC).date()
    refuse_taken([port, *(first + one.offset for one in (DEMOGRAPHICS, *ORGANISATIONS, *PARTNERS))])
    everybody = [person for person in people(today) if person.why]
    settings = prepare(folder, port, first, everybody[0])
    asyncio.run(opt_out(settings, [person for person in everybody if person.opted_out]))
    with organisations(first, today, folder / PUBLIC_KEY):
        show(settings, everybody, today, port)
        with suppress(KeyboardInterrupt):
            run(settings)


def refuse_taken(ports: list[int]) -> None:
    """Give up where something listens already, before anything is started."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                give_up(f"port {port} is taken; choose others: make demo PORT=8100 FIRST=9300")


def prepare(folder: Path, port: int, first: int, shown: Somebody) -> Settings:
    """Write the demo's configuration, and its keys where there are none yet. The examples ask for `shown`."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "signing-key.pem"
    if not key.exists():
        write_key(key)
    if not (folder / PUBLIC_KEY).exists():
        write_context_key(folder / "context-key.pem", folder / PUBLIC_KEY)
    token = folder / "admin-token"
    if not token.exists():
        token.touch(mode=0o600)
        token.write_text(secrets.token_urlsafe(32), "ascii")
    write_examples(folder / "examples", shown.nhs_number)
    file = folder / "joinup.toml"
    file.write_text(configuration(first, port), "utf-8")
    return load(file)


def write_examples(folder: Path, nhs_number: str) -> None:
    """GraphiQL's own examples, and those that ask the made-up partner, about this person."""
    folder.mkdir(exist_ok=True)
    for example in (*BUILT_IN.glob("*.graphql"), *EXAMPLES.glob("*.graphql")):
        text = example.read_text("utf-8").replace(EXAMPLE_NUMBER, nhs_number)
        (folder / example.name).write_text(text, "utf-8")


async def opt_out(settings: Settings, opted_out: list[Somebody]) -> None:
    """Enter those who have opted out in the demo's registry."""
    url = database_url(settings, settings.config.stores.optout_url)
    await migrate(url)
    database = Database(url)
    registry = OptOutRegistry(database)
    for person in opted_out:
        if not await registry.opted_out([person.nhs_number]):
            await registry.add(person.nhs_number, "joinup demo", "made up", datetime.now(UTC))
    await registry.aclose()
    await database.aclose()


@contextmanager
def organisations(first: int, today: date, public_key: Path) -> Iterator[None]:
    """The made-up organisations, each on its own port, in a process of their own. `public_key` is the gateway's."""
    latencies = [f"--latency={api}={milliseconds}" for api, milliseconds in LATENCIES.items()]
    command_line = [sys.executable, "-m", "seeds", f"--port={first}", f"--today={today}", *latencies]
    command_line.append(f"--context-key={public_key}")
    with subprocess.Popen([*command_line, "--broken=hospital-4=down"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        signal.signal(signal.SIGTERM, _end)
        try:
            if process.stdout.readline().strip() != "ready":
                typer.echo(
                    f"the made-up organisations cannot listen on port {first} and following; see --first", err=True
                )
                raise typer.Exit(1)
            yield
        finally:
            process.terminate()


def _end(_number: int, _frame: FrameType | None) -> None:
    """Told to stop, the demo ends like after Ctrl-C, and its organisations with it."""
    raise SystemExit(0)


def show(settings: Settings, everybody: list[Somebody], today: date, port: int) -> None:
    """Print whom to look at, tokens to look with, and where."""
    console = Console(width=140)
    table = Table("NHS number", "age", "worth looking at, because", title="Made-up people")
    for person in everybody:
        table.add_row(person.nhs_number, str(person.age(today)), person.why)
    console.print(table)
    console.print("\nTokens (eight hours; paste one into GraphiQL's token field):\n")
    for role, organisation in ROLES.items():
        token = demo_token(settings, role, organisation=organisation, subject=f"demo-{role}", name="Demo User")
        print(f"{role} @ {organisation}\n{token}\n")
    own = everybody[0].nhs_number  # whom the examples ask for
    token = demo_token(
        settings, "patient", organisation="X26", subject="demo-patient", nhs_number=own, purpose="PATRQT"
    )
    print(f"patient {own}\n{token}\n")
    console.print(f"GraphiQL: http://127.0.0.1:{port}/graphiql    GraphQL: http://127.0.0.1:{port}/graphql\n")
