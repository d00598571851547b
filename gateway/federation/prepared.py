"""A plan ready to run, with its compiled steps and projection: made once for an operation, shared by all its requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from graphql import DocumentNode, GraphQLSchema, is_object_type

from gateway.federation.contextual import contextual_steps
from gateway.federation.entities import Step
from gateway.federation.plan import Key, Need, NeedOn, Path, QueryPlan
from gateway.federation.project import Projection
from gateway.federation.supply import Node, keys_of, supply
from gateway.federation.typed import TypedPlan, typed_plan

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")

AGAIN = 8
"""Runs of an operation before it is compiled for a typed tree: that costs as much as a dozen runs save."""


class Prepared:
    """A plan and its projection, compiled. Shared by every request with the same plan."""

    def __init__(
        self,
        plan: QueryPlan,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation_name: str | None = None,
        forbidden: frozenset[tuple[str, str]] = frozenset(),
        visible: GraphQLSchema | None = None,
    ) -> None:
        """`document` is the client's own, with the fields that the role may not see: `forbidden` says which."""
        self.plan = plan
        self.document = document
        self.operation_name = operation_name
        checked = frozenset(name for step in plan.steps for point in step.gates for name in point.types)
        self.projection = Projection(schema, document, operation_name, checked, forbidden, visible)
        self.concrete = frozenset(name for name, named in schema.type_map.items() if is_object_type(named))
        children: dict[int, list[int]] = {step.id: [] for step in plan.steps}
        for step in plan.steps:
            for parent in step.after:
                children[parent].append(step.id)
        places: dict[tuple[Path, ...], int] = {}
        self.steps = {step.id: Step(step, tuple(children[step.id]), places) for step in plan.steps}
        self.contextual = contextual_steps(self.steps)
        self._read = _read(plan)
        self._schema = schema
        self._runs = 0

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that occurs in what the steps ask: a field of any other name is selected nowhere."""
        return frozenset(name for step in self.plan.steps for name in _NAME.findall(step.document))

    @cached_property
    def supplied(self) -> Node:
        """Who gives what; read only when something is missing."""
        return supply(self.plan)

    @cached_property
    def _typed(self) -> TypedPlan | None:
        return typed_plan(self.plan, self._schema)

    def typed(self, variables: Mapping[str, Any]) -> TypedPlan | None:
        """How to run the plan on a typed tree, if that can be done and it has come often enough to be worth compiling."""
        if self._runs < AGAIN:
            self._runs += 1
            return None
        return self._typed if self.projection.has_quick(variables) else None

    def read(self, variables: Mapping[str, Any]) -> frozenset[str] | None:
        """Response keys of the objects that are read where the only step's data is the whole tree, and nothing speaks
        against its being the answer; else None."""
        return self._read if self._read is not None and self.projection.has_quick(variables) else None

    @cached_property
    def asked(self) -> Node:
        """The response keys that the client asked for."""
        return keys_of(self.document, self.operation_name)


def _read(plan: QueryPlan) -> frozenset[str] | None:
    if len(plan.steps) != 1 or plan.steps[0].entities or plan.steps[0].root or plan.steps[0].renames:
        return None
    points = plan.steps[0].gates
    on_the_way = [segment.key for point in points for segment in point.path if isinstance(segment, Key)]
    return frozenset([*on_the_way, *(key for point in points for key in _keys(point.needs))])


def _keys(needs: Iterable[Need | NeedOn]) -> Iterator[str]:
    for need in needs:
        if isinstance(need, Need):
            yield need.key
        yield from _keys(need.needs)
