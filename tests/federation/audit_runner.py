"""The public federation gateway audit, run by its own command line against `joinup serve --supergraph --no-policy`.

    JOINUP_AUDIT=<checkout> python -m tests.federation.audit_runner [--punish] [suite ...]

The checkout is of graphql-hive/federation-gateway-audit with its npm packages installed; `node` (24 or later) and
`curl` must be on the PATH. With `--punish` its subgraphs fail plans that ignore @provides. The audit starts the
gateway once for each suite, asks and judges; here only ports are chosen and results are printed, suite by suite.
Exit status 1 when a case fails.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.federation.audit import VARIABLE

SCRIPT = """\
curl -fsS http://localhost:{audit}/$1/supergraph -o supergraph.graphql || exit 1
exec {python} -m gateway.cli.main serve --supergraph supergraph.graphql --no-policy --port {gateway}
"""
PROJECT = Path(__file__).resolve().parents[2]


def free_ports(count: int) -> list[int]:
    """Ports of our own: the audit ends whoever listens on the gateway's."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def judge(checkout: Path, folder: Path, punish: bool, suite: str | None = None) -> dict[str, str]:
    """Each suite's cases as dots and X, as the audit has them; of all suites unless one is named."""
    audit, gateway = free_ports(2)
    script = folder / "run.sh"
    script.write_text(SCRIPT.format(audit=audit, gateway=gateway, python=sys.executable))
    url = f"http://127.0.0.1:{gateway}"
    command = ["node", "node_modules/.bin/tsx", "src/cli.ts", "test-suite" if suite else "test"]
    command += ["--cwd", str(folder), "--port", str(audit), "--run-script", str(script)]
    command += ["--graphql", f"{url}/graphql", "--healthcheck", f"{url}/health/ready"]
    command += ["--test", suite] if suite else ["--write", "results.txt"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "GATEWAY_TIMEOUT": "30000"}
    if punish:
        environment["PUNISH_FOR_POOR_PLANS"] = "1"
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if suite:
        tap = (folder / "logs" / f"{suite}-tests.log").read_text()
        return {suite: "".join("X" if bad else "." for bad in re.findall(r"^    (not )?ok ", tap, re.MULTILINE))}
    results = folder / "results.txt"
    if not results.exists():
        raise RuntimeError(f"the audit gave no results: {done.stderr[-2000:]}")
    lines = results.read_text().split("\n\n---")[0].strip().splitlines()
    return dict(zip(lines[::2], lines[1::2], strict=True))


def main() -> None:
    checkout = os.environ.get(VARIABLE)
    if not checkout:
        sys.exit(f"set {VARIABLE} to a checkout of the audit with its npm packages installed")
    suites = [name for name in sys.argv[1:] if name != "--punish"]
    punish = "--punish" in sys.argv
    found: dict[str, str] = {}
    for suite in suites or (None,):
        with tempfile.TemporaryDirectory() as folder:
            found |= judge(Path(checkout), Path(folder), punish, suite)
    for suite, cases in found.items():
        print(f"{suite}: {cases.count('.')}/{len(cases)}")  # noqa: T201
    right, total = (sum(map(count, found.values())) for count in (lambda cases: cases.count("."), len))
    print(f"right: {right} of {total}")  # noqa: T201
    sys.exit(right != total)


if __name__ == "__main__":
    main()
