"""One generation of the graph: a supergraph, and everything worked out from it. Immutable but for its caches.

A new supergraph makes a new generation beside the old one; the engine then swaps one reference. Requests in
flight keep the generation that they began with.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from graphql import DocumentNode, GraphQLSchema, parse

from gateway.entry import Entry
from gateway.federation.defer import Deferred, Part, defer_variables, defers, split, without_defer
from gateway.federation.execute import Executor
from gateway.federation.plan import QueryPlan
from gateway.federation.planner import GateNeeds, Planner
from gateway.federation.prepared import Prepared
from gateway.federation.supergraph import Supergraph
from gateway.labels import active
from gateway.requirements import Requirements, role_scope
from gateway.scope import cut, denied_fields, visible_schema
from policies.bundle import Policies

_numbers = count(1)
Key = tuple[str, str, str | None, frozenset[str]]
"""Role, shape of the document (`gateway.pipeline.Document`), name of the operation, active labels of @override."""
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoleView:
    """The graph as one role may see it: what is denied, by which rule, and the schema that it is shown."""

    role: str
    denied: Mapping[tuple[str, str], str]
    schema: GraphQLSchema
    may_introspect: bool


@dataclass(slots=True)
class Ready:
    """An operation ready to run for a role: its plan with compiled steps and projection, and what was cut out of it,
    as (Type.field, rule)."""

    text: str
    name: str | None
    plan: QueryPlan
    prepared: Prepared
    denied: tuple[tuple[str, str], ...]
    deferring: tuple[str, ...] | None = None
    """The variables that decide which fragments are deferred; None where the operation has no @defer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An operation split at its deferred fragments, each part ready to run for a role."""

    first: Prepared
    deferred: tuple[tuple[Deferred, Prepared], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """An operation that has been planned, without the labels that the configuration names. `split`: for which values
    of the variables of its @defers it has been planned in parts."""

    key: Key
    text: str
    split: tuple[tuple[bool, ...], ...]


@dataclass(slots=True, eq=False)
class Generation:
    """A supergraph at work. `policies` is None for a plain federation gateway without policy."""

    supergraph: Supergraph
    executor: Executor
    policies: Policies | None
    gates: GateNeeds | None = None
    cached: int = 1000
    requirements: Requirements = field(default_factory=dict)
    named_labels: frozenset[str] = NONE
    """The @override labels that the configuration says are active."""
    entry: Entry | None = None
    """How a router above enters the graph; only there are the names that it adds."""
    number: int = field(default_factory=lambda: next(_numbers))
    in_flight: int = 0
    _planner: Planner = field(init=False)
    _ready: OrderedDict[Key, Ready] = field(default_factory=OrderedDict)
    _parts: OrderedDict[tuple[Key, tuple[bool, ...]], Parts] = field(default_factory=OrderedDict)
    _views: dict[str, RoleView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._planner = Planner(self.entry.supergraph if self.entry else self.supergraph)

    @property
    def api(self) -> GraphQLSchema:
        """The schema against which operations are validated, the same for every role."""
        return (self.entry.supergraph if self.entry else self.supergraph).api_schema

    def view(self, role: str) -> RoleView:
        """The role's view, worked out once."""
        view = self._views.get(role)
        if view is None:
            view = self._views[role] = self._make_view(role)
        return view

    def labels(self, who: str) -> frozenset[str]:
        """The @override labels that are active for this caller."""
        known = self._planner.graph.labels
        return active(known, self.named_labels, who) if known else NONE

    def ready(
        self, role: str, key: str, text: str, document: DocumentNode, name: str | None, labels: frozenset[str] = NONE
    ) -> Ready:
        """The operation, planned for the role. `key` is the document's shape. Raises PlanningError."""
        cache_key = (role, key, name, labels)
        ready = self._ready.get(cache_key)
        if ready is None:
            ready = self._ready[cache_key] = self._prepare(role, text, document, name, labels)
            if len(self._ready) > self.cached:
                self._ready.popitem(last=False)
        else:
            self._ready.move_to_end(cache_key)
        return ready

    def parts(
        self,
        role: str,
        key: str,
        document: DocumentNode,
        name: str | None,
        deferring: tuple[str, ...],
        values: Mapping[str, Any],
        labels: frozenset[str] = NONE,
    ) -> Parts:
        """The operation split at its deferred fragments; `deferring` is as `Ready` has it. Raises PlanningError."""
        cache_key = ((role, key, name, labels), tuple(bool(values.get(each, True)) for each in deferring))
        parts = self._parts.get(cache_key)
        if parts is None:
            parts = self._parts[cache_key] = self._split(role, document, name, values, labels)
            if len(self._parts) > self.cached:
                self._parts.popitem(last=False)
        else:
            self._parts.move_to_end(cache_key)
        return parts

    def warm(self, known: Iterable[Known]) -> None:
        """Plan what an older generation had planned, newest last, so that a swap costs no request its time.
        What is not valid any more is left out."""
        for one in known:
            role, key, name, before = one.key
            labels = (before | self.named_labels) & self._planner.graph.labels
            try:
                document = parse(one.text)
                deferring = self.ready(role, key, one.text, document, name, labels).deferring or ()
                for chosen in one.split:
                    self.parts(role, key, document, name, deferring, dict(zip(deferring, chosen, strict=True)), labels)
            except Exception:
                continue

    def known(self) -> list[Known]:
        """What has been planned, oldest first, for warming the next generation."""
        split: dict[Key, list[tuple[bool, ...]]] = {}
        for key, chosen in self._parts:
            split.setdefault(key, []).append(chosen)
        return [
            Known((*key[:3], key[3] - self.named_labels), ready.text, tuple(split.get(key, ())))
            for key, ready in self._ready.items()
        ]

    def _make_view(self, role: str) -> RoleView:
        if self.policies is None:
            return RoleView(role, {}, self.api, may_introspect=True)
        public = self.supergraph.api_schema
        denied = denied_fields(role_scope(self.policies, self.requirements, role), public)
        may_introspect = self.policies.roles.scope(role).may_introspect
        shown = visible_schema(public, denied)
        if self.entry is not None:
            denied = self.entry.denied(denied, may_introspect)
        return RoleView(role, denied, shown, may_introspect)

    def _prepare(self, role: str, text: str, document: DocumentNode, name: str | None, labels: frozenset[str]) -> Ready:
        view = self.view(role)
        deferring = defer_variables(document) if defers(document) else None
        if deferring is not None:
            document = without_defer(document)
        allowed, gone = cut(document, self.api, view.denied)
        plan = self._plan(allowed, name, labels)
        prepared = Prepared(plan, self.api, document, name, frozenset(view.denied), view.schema)
        denied = tuple((f"{type_}.{field}", view.denied[type_, field]) for type_, field in sorted(gone))
        return Ready(text, name, plan, prepared, denied, deferring)

    def _plan(self, allowed: DocumentNode, name: str | None, labels: frozenset[str]) -> QueryPlan:
        known = allowed if self.entry is None else self.entry.planned(allowed)
        return self._planner.plan(known, name, override_flags=labels, gates=self.gates)

    def _split(
        self, role: str, document: DocumentNode, name: str | None, values: Mapping[str, Any], labels: frozenset[str]
    ) -> Parts:
        view = self.view(role)

        def prepared(part: Part) -> Prepared:
            allowed, _ = cut(part.planned, self.api, view.denied)
            plan = self._plan(allowed, name, labels)
            return Prepared(plan, self.api, part.shown, name, frozenset(view.denied), view.schema)

        found = split(self.api, document, name, values)
        return Parts(prepared(found.first), tuple((each, prepared(each.part)) for each in found.deferred))
