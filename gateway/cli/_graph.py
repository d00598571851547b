"""The graph of a configuration for a command that runs beside the gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.cli._settings import give_up, settings_of

if TYPE_CHECKING:
    from gateway.graph import Graph


def graph_of(config: Path) -> Graph:
    """The record with the configuration's partners; without a configuration the record alone."""
    from prometheus_client import CollectorRegistry

    from gateway.assembly import load_policies
    from gateway.graph import GraphError, compose_graph
    from gateway.partner_check.candidate import others
    from gateway.partner_check.report import Step
    from gateway.reach import Reach
    from gateway.subgraphs import SubgraphsFileError
    from policies.bundle import Policies

    try:
        if not config.exists():
            return compose_graph([], Policies.load())
        settings = settings_of(config)
        step = Step("partners")
        found = asyncio.run(others(settings, "", Reach(CollectorRegistry()), step))
        for finding in step.findings:
            typer.echo(finding.text, err=True)
        return compose_graph(found, load_policies(settings))
    except (GraphError, SubgraphsFileError) as failure:
        give_up(str(failure))
