"""Composition: subgraph SDLs in, one supergraph out, or every reason why not.

    result = compose([SubgraphInput("record", sdl, url), ...])
    if result.ok: result.supergraph_sdl, result.api_schema
    else: result.errors

Stages: read and check each subgraph, upgrade Federation 1, check federation's rules, merge, check the
merged schema, check that every API query can be answered. A stage with errors is the last one to run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema

from gateway.federation.composition import coverage
from gateway.federation.composition.coverage import FieldFacts, field_facts
from gateway.federation.composition.errors import CompositionError, Hint, Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.merge import merge_subgraphs
from gateway.federation.composition.merged import Supergraph as MergedSupergraph
from gateway.federation.composition.printing import print_supergraph
from gateway.federation.composition.resting import collector_at_rest
from gateway.federation.composition.upgrade import upgrade_all
from gateway.federation.composition.validation import check_federation, check_schema
from gateway.federation.satisfiability import check_satisfiability
from gateway.federation.subgraph import Subgraph, SubgraphInput, read_subgraph
from gateway.federation.supergraph import Supergraph, SupergraphError
from gateway.federation.supergraph_read import read_supergraph

RESERVED_NAME = "_"


@dataclass(frozen=True, slots=True)
class Composition:
    """The outcome. Without `ok`, only `errors` and `hints` mean anything.

    `fields` says of each field ("Type.field") which subgraphs resolve it and which directives of composed
    custom specifications it carries; `merged` is the supergraph element by element. Both are for checks
    beyond federation's own.
    """

    errors: tuple[CompositionError, ...] = ()
    hints: tuple[Hint, ...] = ()
    supergraph_sdl: str = ""
    supergraph: Supergraph | None = None
    merged: MergedSupergraph | None = None
    subgraph_names: tuple[str, ...] = ()
    fields: Mapping[str, FieldFacts] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors

    @property
    def api_schema(self) -> GraphQLSchema:
        """The schema that clients see. Raises ValueError when composition failed."""
        if self.supergraph is None:
            raise ValueError("there is no API schema: composition failed; see errors")
        return self.supergraph.api_schema

    def as_json(self) -> dict[str, Any]:
        """Outcome, errors and hints as plain data."""
        return {
            "ok": self.ok,
            "errors": [error.as_json() for error in self.errors],
            "hints": [{"code": hint.code, "message": hint.message} for hint in self.hints],
        }


def compose(subgraphs: Sequence[SubgraphInput], *, satisfiability: bool = True) -> Composition:
    """Compose; never raises for bad input. Without `satisfiability` the last stage is left out."""
    with collector_at_rest():
        return _compose(subgraphs, satisfiability)


def _compose(subgraphs: Sequence[SubgraphInput], satisfiability: bool) -> Composition:
    problems = Problems()
    inputs = sorted(subgraphs, key=lambda item: item.name)
    _check_names(inputs, problems)
    read = [] if problems.errors else _each(inputs, problems, _read)
    if problems.errors:
        return _failed(problems)
    old = [subgraph for subgraph in read if subgraph.fed1]
    upgrade_all(read, problems)
    if not problems.errors:
        for subgraph in old:
            check_federation(subgraph, Facts(subgraph), problems)
    if problems.errors:
        return _failed(problems)
    ctx = merge_subgraphs(read, [Facts(subgraph) for subgraph in read], problems)
    if problems.errors:
        return _failed(problems)
    sdl = print_supergraph(ctx.out)
    try:
        supergraph = read_supergraph(sdl)
        if satisfiability:
            check_satisfiability(supergraph, problems, ctx.definitions_of)
    except SupergraphError as error:
        problems.error("INVALID_FEDERATION_SUPERGRAPH", str(error))
    if problems.errors:
        return _failed(problems)
    return Composition(
        (),
        tuple(problems.hints),
        sdl,
        supergraph,
        ctx.out,
        tuple(item.name for item in inputs),
        field_facts(ctx),
    )


def nullability_errors(composition: Composition, core_subgraph: str) -> list[CompositionError]:
    """Fields of other subgraphs that must be nullable, so that a failed fetch loses nothing but themselves.

    Raises ValueError when the composition failed or there is no such subgraph.
    """
    if composition.supergraph is None:
        raise ValueError("nothing was composed; see errors")
    if core_subgraph not in composition.subgraph_names:
        raise ValueError(f'there is no subgraph "{core_subgraph}"')
    return coverage.nullability_errors(composition.supergraph, composition.fields, core_subgraph)


def _failed(problems: Problems) -> Composition:
    return Composition(tuple(problems.errors), tuple(problems.hints))


def _check_names(inputs: Sequence[SubgraphInput], problems: Problems) -> None:
    if not inputs:
        problems.error("NO_QUERIES", "There is no subgraph to compose")
    seen: set[str] = set()
    for item in inputs:
        if not item.name or item.name == RESERVED_NAME:
            problems.error("INVALID_SUBGRAPH_NAME", f'"{item.name}" cannot be the name of a subgraph')
        elif item.name in seen:
            problems.error("INVALID_SUBGRAPH_NAME", f'Two subgraphs are named "{item.name}"')
        seen.add(item.name)


def _each(
    inputs: Sequence[SubgraphInput],
    problems: Problems,
    step: Callable[[SubgraphInput, Problems], Subgraph | None],
) -> list[Subgraph]:
    """Run a step per subgraph, collecting the problems of all."""
    done = []
    for item in inputs:
        own = Problems()
        result = step(item, own)
        problems.errors.extend(own.errors)
        problems.hints.extend(own.hints)
        if result is not None:
            done.append(result)
    return done


def _read(item: SubgraphInput, problems: Problems) -> Subgraph | None:
    subgraph = read_subgraph(item, problems)
    if subgraph is not None:
        check_schema(subgraph, problems)
        if not problems.errors and not subgraph.fed1:
            check_federation(subgraph, Facts(subgraph), problems)
    return subgraph
