"""The subgraph that is checked, and the graph that it is to join."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from gateway.config import Subgraph
from gateway.connect import ConnectError
from gateway.federation.subgraph import SubgraphInput
from gateway.partner_check.report import Step
from gateway.reach import Reach
from gateway.sdl import SdlError, ask_sdl
from gateway.settings import Settings
from gateway.subgraphs import partners

FEDERATION = "specs.apollo.dev/federation/v2"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subgraph that somebody wants to add or to change. `file` is read instead of asking the address for its SDL;
    without `live` nothing is asked."""

    entry: Subgraph
    file: Path | None = None
    live: bool = True


async def read_sdl(settings: Settings, candidate: Candidate, reach: Reach, step: Step) -> str | None:
    """The candidate's SDL, from its file or from the subgraph itself; None with a finding where it cannot be had."""
    try:
        if candidate.file is not None:
            sdl = candidate.file.read_text("utf-8")
        else:
            started = asyncio.get_running_loop().time()
            sdl = await ask_sdl(settings, candidate.entry, reach)
            taken = (asyncio.get_running_loop().time() - started) * 1000
            step.note(f"{candidate.entry.url} told its SDL in {taken:.0f} ms")
    except (SdlError, ConnectError) as error:
        step.error(str(error))
        return None
    except (OSError, UnicodeDecodeError) as error:
        step.error(f"{candidate.file}: cannot be read ({type(error).__name__}); give a UTF-8 file with the SDL")
        return None
    step.note(f"{len(sdl.splitlines())} lines of SDL")
    if FEDERATION not in sdl:
        step.error(
            "the SDL links no Federation 2 specification; add `extend schema @link(url: "
            '"https://specs.apollo.dev/federation/v2.9", import: ["@key"])` or serve it with a Federation 2 library'
        )
    return sdl


async def others(settings: Settings, name: str, reach: Reach, step: Step) -> list[SubgraphInput]:
    """The partners already there, without the one of this name."""
    found = []
    for partner in partners(settings):
        if partner.entry.name == name:
            continue
        sdl = partner.sdl
        if sdl is None:
            try:
                sdl = await ask_sdl(settings, partner.entry, reach)
            except (SdlError, ConnectError) as error:
                step.warn(f"checked without {partner.entry.name}, which does not tell its SDL: {error}")
                continue
        found.append(SubgraphInput(partner.entry.name, sdl, partner.entry.url))
    return found


async def present(settings: Settings, name: str, reach: Reach) -> SubgraphInput | None:
    """The subgraph of this name as it is in the graph now, if it is."""
    for partner in partners(settings):
        if partner.entry.name == name:
            try:
                sdl = partner.sdl or await ask_sdl(settings, partner.entry, reach)
            except (SdlError, ConnectError):
                return None
            return SubgraphInput(name, sdl, partner.entry.url)
    return None
