"""`python -m seeds --port 9100`: start the made-up organisations until the process is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from seeds.servers.cluster import Cluster


async def _run(cluster: Cluster) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cluster.stop)
    await cluster.serve(lambda: print("ready", flush=True))  # noqa: T201 - whoever started it waits for this line


def main(arguments: list[str]) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m seeds", description=__doc__)
    parser.add_argument("--port", type=int, default=9100, help="first port (default 9100)")
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--latency", action="append", default=[], metavar="API=MS", help="for example fhir-r4=80")
    parser.add_argument("--broken", action="append", default=[], metavar="ID=FAULT", help="for example hospital-4=down")
    parser.add_argument("--context-key", type=Path, help="the gateway's public key: partners answer nobody else")
    options = parser.parse_args(arguments)
    latencies = {name: int(value) for name, _, value in (item.partition("=") for item in options.latency)}
    broken = {name: value for name, _, value in (item.partition("=") for item in options.broken)}
    key = options.context_key.read_bytes() if options.context_key else None
    asyncio.run(_run(Cluster(options.port, options.today, latencies, broken, key)))


if __name__ == "__main__":
    main(sys.argv[1:])
