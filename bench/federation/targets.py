"""What is measured: our gateway and four others, installed by npm outside the repository, each on a port of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).with_name("peers")
SUBGRAPHS_PORT = 4830
OURS = "joinup"
REFERENCE = "Hive, Rust planner"


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway: how it is started and where it answers."""

    name: str
    port: int
    command: Sequence[str]
    path: str = "/graphql"
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


def install(cache: Path) -> Path:
    """Install what is missing and bring configurations up to date; returns Node 24. Raises CalledProcessError."""
    for name in ("node", "hive", "apollo", "mercurius"):
        folder = cache / name
        folder.mkdir(parents=True, exist_ok=True)
        wanted, have = PEERS / f"{name}.json", folder / "package.json"
        if not (folder / "node_modules").exists() or not have.exists() or have.read_bytes() != wanted.read_bytes():
            print(f"installing {name} into {folder}", file=sys.stderr)
            shutil.copyfile(wanted, have)
            command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
            subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr, timeout=600)
        for script in PEERS.glob(f"{name}*.mjs"):
            shutil.copyfile(script, folder / script.name)
    return cache / "node" / "node_modules" / "node" / "bin" / "node"


def ours(supergraph: Path, *, share: bool = False) -> Target:
    port = 4832 if share else 4831
    command = [sys.executable, "-m", "gateway.cli.main", "serve", "--no-policy", "--supergraph", str(supergraph)]
    command += ["--port", str(port)] + (["--share-in-flight"] if share else [])
    return Target(OURS, port, command)


def others(supergraph: Path, cache: Path, node: Path) -> list[Target]:
    """Every peer without sharing."""
    settings = {"NODE_ENV": "production"}
    apollo = {**settings, "PORT": "4835", "SUPERGRAPH": str(supergraph)}
    mercurius = {**settings, "PORT": "4836", "SUBGRAPHS": f"http://127.0.0.1:{SUBGRAPHS_PORT}"}
    return [
        hive(supergraph, cache, node, 4833),
        hive(supergraph, cache, node, 4834, rust=True),
        Target("Apollo Gateway", 4835, [str(node), "apollo.mjs"], "/", apollo, cache / "apollo"),
        Target("Mercurius", 4836, [str(node), "mercurius.mjs"], "/graphql", mercurius, cache / "mercurius"),
    ]


def sharing(supergraph: Path, cache: Path, node: Path) -> list[Target]:
    """The gateways that can share identical requests in flight, doing so."""
    return [
        hive(supergraph, cache, node, 4837, share=True),
        hive(supergraph, cache, node, 4838, rust=True, share=True),
    ]


def hive(supergraph: Path, cache: Path, node: Path, port: int, *, rust: bool = False, share: bool = False) -> Target:
    folder = cache / "hive"
    command = [str(node), "node_modules/@graphql-hive/gateway/dist/bin.js", "supergraph", str(supergraph)]
    command += ["-c", "hive.config.mjs", "--host", "127.0.0.1", "-p", str(port), "--fork", "1"]
    env = {"NODE_ENV": "production", "SHARE": "1" if share else "0", "PLANNER": "rust" if rust else "own"}
    if rust:
        return Target(REFERENCE, port, command, env=env, cwd=folder)
    return Target("Hive, JIT", port, [*command, "--jit"], env=env, cwd=folder)
