"""The same outcome and the same supergraph as npm @apollo/composition, on subgraphs changed at random."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from tests.federation.composing import FED
from tests.federation.mutants import Subgraphs, mutant
from tests.federation.supergraph_text import differences
from tests.gateway.node_packages import node_modules
from tests.shared_data import shared_data

COUNT = 500
SEED = 7
SCRIPT = """
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { readFileSync, writeFileSync } from 'node:fs';
const results = JSON.parse(readFileSync(process.argv[2], 'utf8')).map((subgraphs) => {
  try {
    const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: '', typeDefs: parse(sdl) }));
    const { errors, supergraphSdl } = composeServices(services);
    return errors?.length ? { ok: false, codes: errors.map((e) => e.extensions?.code ?? 'NONE') } : { ok: true, supergraphSdl };
  } catch {
    return { crashed: true };
  }
});
writeFileSync(process.argv[3], JSON.stringify(results));
"""


def _mutants() -> list[Subgraphs]:
    rows = [json.loads(line) for line in shared_data("federation/composition-corpus.jsonl").read_text().splitlines()]
    random = Random(SEED)
    bases = [
        {item["name"]: item["sdl"] for item in row["subgraphs"]} for row in rows if row.get("apollo", {}).get("ok")
    ]
    return [mutant(random, random.choice(bases)) for _ in range(COUNT)]


def _apollo(inputs: list[Subgraphs], tmp_path: Path) -> list[dict[str, Any]]:
    folder = node_modules("composition", "@apollo/composition@2.14.4", "graphql@16")
    script = folder / "compose.mjs"
    script.write_text(SCRIPT)
    (tmp_path / "in.json").write_text(json.dumps(inputs))
    command = [shutil.which("node") or "node", str(script), str(tmp_path / "in.json"), str(tmp_path / "out.json")]
    subprocess.run(command, cwd=folder, check=True, timeout=300, capture_output=True)
    answer: list[dict[str, Any]] = json.loads((tmp_path / "out.json").read_text())
    return answer


def _odd() -> list[Subgraphs]:
    """Inputs chosen by hand for rules that random changes seldom touch; $LINK is the usual link."""
    rows = json.loads((Path(__file__).parent / "data" / "odd-subgraphs.json").read_text())
    return [{name: sdl.replace("$LINK\n", FED) for name, sdl in row["subgraphs"].items()} for row in rows]


def _unlike(inputs: list[Subgraphs], tmp_path: Path) -> tuple[int, list[object]]:
    """How many inputs both composers read, and those on which they differ."""
    compared = 0
    unlike: list[object] = []
    for subgraphs, theirs in zip(inputs, _apollo(inputs, tmp_path), strict=True):
        if theirs.get("crashed"):
            continue
        compared += 1
        ours = compose([SubgraphInput(name, sdl) for name, sdl in subgraphs.items()])
        if ours.ok != theirs["ok"]:
            unlike.append((subgraphs, theirs.get("codes"), [str(error) for error in ours.errors]))
        elif ours.ok:
            found = differences(theirs["supergraphSdl"], ours.supergraph_sdl)
            if found:
                unlike.append((subgraphs, found))
    return compared, unlike


@pytest.mark.node
def test_changed_subgraphs_compose_alike(tmp_path: Path) -> None:
    compared, unlike = _unlike(_mutants(), tmp_path)
    assert compared > COUNT * 3 // 4
    assert unlike == []


@pytest.mark.node
def test_odd_subgraphs_compose_alike(tmp_path: Path) -> None:
    inputs = _odd()
    compared, unlike = _unlike(inputs, tmp_path)
    assert compared == len(inputs)
    assert unlike == []
