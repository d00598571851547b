"""Runs a query plan: every step as soon as the steps that it waits for are done.

Answers are gated, merged into one tree and written by the operation's projection. A step that fails costs its
own values and those that depend on it; each of them gets an error, and everything else arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from gateway.federation.asked import only
from gateway.federation.direct import take_away
from gateway.federation.entities import Inquiry, Step, own_entities, report_errors, report_strangers
from gateway.federation.errors import (
    FAILURES,
    INTERNAL_ERROR,
    SOURCE_ERROR,
    SOURCE_INCOMPLETE,
    SOURCE_MALFORMED,
    ErrorPolicy,
    ResponseError,
)
from gateway.federation.fetch_conditions import Disjunction
from gateway.federation.fetcher import Fetcher, FetchFailure, SubgraphError, SubgraphRequest, SubgraphResponse
from gateway.federation.gates import Gate, withhold
from gateway.federation.losses import Losses
from gateway.federation.merge import Mismatch, add_to_all, clone, is_flat, merge
from gateway.federation.plan import FetchStep, Path
from gateway.federation.prepared import Prepared
from gateway.federation.rename import rename, renamed_path
from gateway.federation.shape import Shapes
from gateway.federation.tree import WITHHELD, objects, places, strip
from gateway.federation.typed import Tree, TypedPlan
from gateway.federation.typed_code import Odd
from gateway.federation.typed_run import Made, TypedRun, expand, expanded_inquiry

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer: data, errors, and what the audit and the metrics want to know.

    `data` is a dict or None; if it was asked for `encodable`, anything that msgspec encodes to the same JSON.
    `failed_gates` names gates that could not decide; what they guard is withheld, and `errors` holds an
    INTERNAL_ERROR without a path. `fetched` names the subgraphs that were asked, once per request.
    """

    data: Any
    errors: list[ResponseError]
    fetched: list[str] = field(default_factory=list)
    failed_gates: list[str] = field(default_factory=list)


class Executor:
    """Runs prepared plans over one supergraph's fetchers and gates."""

    def __init__(
        self,
        fetchers: Mapping[str, Fetcher],
        gates: Mapping[str, Gate] | None = None,
        policy: ErrorPolicy | None = None,
    ) -> None:
        """`fetchers` by subgraph name. A gate that a plan names and `gates` lacks admits nothing."""
        self.fetchers = fetchers
        self.gates = gates or {}
        self.policy = policy or ErrorPolicy()

    async def run(
        self, prepared: Prepared, variables: Mapping[str, Any], context: Any, *, encodable: bool = False
    ) -> Outcome:
        """Execute. `variables` are the coerced ones as JSON values, with defaults applied.

        `encodable` is for those who do nothing with the data but encode it, which is quicker then."""
        typed = prepared.typed(variables) if encodable else None
        read = prepared.read(variables) if encodable else None
        execution = Execution(self, prepared, variables, context, typed, read)
        await execution.run_all()
        return execution.outcome(encodable=encodable)


class Execution:
    """One request's execution: the tree, the losses, and which steps still wait.

    While `typed` is there, it holds the tree; the first thing that it cannot do turns it into dicts for good."""

    def __init__(
        self,
        executor: Executor,
        prepared: Prepared,
        variables: Mapping[str, Any],
        context: Any,
        typed: TypedPlan | None = None,
        read: frozenset[str] | None = None,
    ) -> None:
        """`read` is `Prepared.read`, where the answer is only to be encoded."""
        self.executor = executor
        self.prepared = prepared
        self.variables = variables
        self.context = context
        self.tree: dict[str, Any] = {}
        self.losses = Losses()
        self.withheld = False
        self.fetched: list[str] = []
        self.typed = TypedRun(typed) if typed is not None else None
        self._found: dict[int, list[dict[str, Any]]] = {}
        self._waiting: dict[int, int] = {}
        self._tasks: list[asyncio.Future[None]] = []
        self._became: Made = {}
        self._left: TypedRun | None = None
        self._read = read
        self._completed: Shapes | None = None

    async def run_all(self) -> None:
        """Run every step; return when none is left."""
        steps = self.prepared.steps
        self._waiting = {identity: len(step.step.after) for identity, step in steps.items()}
        ready = [identity for identity, count in self._waiting.items() if count == 0]
        if not ready:
            return
        try:
            for identity in ready[1:]:
                self._beside(identity)
            await self._chain(ready[0])
            for task in self._tasks:  # more may be added meanwhile
                await task
        except BaseException:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            raise

    def _beside(self, identity: int) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self._chain(identity)))

    async def _chain(self, identity: int) -> None:
        """Run a step and then those that only waited for it: the first here, the others beside it."""
        waiting, following = self._waiting, [identity]
        while following:
            step = self.prepared.steps[following[0]]
            try:
                await self._run(step)
            except Exception as error:
                log.error("step failed", subgraph=step.step.subgraph, step=step.step.id, error=type(error).__name__)
                self.losses.fail(step.step, INTERNAL_ERROR)
            for child in step.children:
                waiting[child] -= 1
            following = [child for child in step.children if not waiting[child]]
            for child in following[1:]:
                self._beside(child)

    async def _run(self, compiled: Step) -> None:
        step = compiled.step
        if step.conditions and not self._hold(step.conditions):
            return
        variables = {name: self.variables[name] for name in step.variables if name in self.variables}
        compiled, asked = self._ask(compiled, variables)
        step, typed = compiled.step, self.typed
        if step.entities and not any(inquiry.users for inquiry in asked):
            return
        decoder = typed.decoder(step) if typed is not None else None
        request = SubgraphRequest(
            step.subgraph, step.document, step.operation_name, variables, step.kind, decoder, self._read
        )
        self.fetched.append(step.subgraph)
        try:
            response = await self.executor.fetchers[step.subgraph].fetch(request, self.context)
        except FetchFailure as failure:
            self.losses.fail(step, FAILURES[failure.failure])
            return
        if typed is not None:
            if self._taken_typed(step, response, asked):
                return
            asked = [
                expanded_inquiry(inquiry, self._became, self._targets(builder.place, inquiry.entity.targets))
                for inquiry, builder in zip(asked, compiled.builders, strict=True)
            ]
        if isinstance(response.data, Tree):
            response = SubgraphResponse(expand(response.data, {}), response.errors)
        if step.entities:
            await self._take_entities(compiled, response, asked)
        else:
            await self._take_root(compiled, response)

    def _ask(self, compiled: Step, variables: dict[str, Any]) -> tuple[Step, list[Inquiry]]:
        """The step to send and what it asks for; its variables are added to `variables`."""
        step = compiled.step
        contextual = self.prepared.contextual.get(step.id)
        if contextual is not None:
            return contextual.ask(self.tree, lambda entity: self._hold(entity.conditions), variables)
        asked: list[Inquiry] = []
        if self.typed is not None:
            try:
                asked = self.typed.ask(step, self._hold)
            except Odd:
                self._leave_typed()
        if self.typed is None:
            for entity, builder in zip(step.entities, compiled.builders, strict=True):
                targets = self._targets(builder.place, entity.targets) if self._hold(entity.conditions) else []
                sent, users = builder.collect(targets)
                asked.append(Inquiry(entity, users, sent))
        for inquiry in asked:
            variables[inquiry.entity.variable] = inquiry.sent
        return compiled, asked

    def _taken_typed(self, step: FetchStep, response: SubgraphResponse, asked: Sequence[Inquiry]) -> bool:
        """Merge an answer into the typed tree; False if there is none any more."""
        if self.typed is None:
            return False
        if isinstance(response.data, Tree) and not response.errors:
            try:
                self.typed.take(step, response.data, asked)
            except Odd:
                pass
            else:
                return True
        self._leave_typed()
        return False

    def _leave_typed(self) -> None:
        assert self.typed is not None
        self.tree, self._became = self.typed.expanded()
        self._left, self.typed = self.typed, None  # kept, so that identities in `_became` are not given anew

    def _targets(self, place: int, paths: tuple[Path, ...]) -> list[dict[str, Any]]:
        """The objects at these paths; remembered until a merge may have brought or removed objects."""
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = [item for path in paths for item in objects(self.tree, path)]
        return found

    def _hold(self, conditions: Disjunction) -> bool:
        return not conditions or any(
            all(bool(self.variables.get(condition.variable)) is condition.value for condition in together)
            for together in conditions
        )

    async def _take_root(self, compiled: Step, response: SubgraphResponse) -> None:
        step, data = compiled.step, response.data
        if response.errors:
            starts = [path for _, path, _ in places(self.tree, step.root)]
            for error in response.errors:
                self._report_root(step, error, starts)
        if data is None:
            self.losses.fail(step, SOURCE_ERROR if response.errors else SOURCE_MALFORMED)
            return
        if self._read is not None:
            self._completed = response.shapes
        data = only(data, compiled.asked.root)
        for change in step.renames:
            rename(data, change)
        gated: list[Any] = [data]
        if compiled.gates:
            await self._gate(compiled, gated)
        if gated[0] is WITHHELD:
            return
        for index, target in enumerate(objects(self.tree, step.root)):
            self._merge(step, target, clone(data) if index else data)

    def _report_root(self, step: FetchStep, error: SubgraphError, starts: list[tuple[str | int, ...]]) -> None:
        own = self.executor.policy.apply(error, step.subgraph, None)
        if error.path is None:
            self.losses.report(step, own, None, whole=True)
        else:
            for start in starts:
                path = (*start, *renamed_path(error.path, step.renames))
                self.losses.report(step, own, path, whole=False)

    async def _take_entities(self, compiled: Step, response: SubgraphResponse, inquiries: Sequence[Inquiry]) -> None:
        step, data = compiled.step, response.data
        if response.errors:
            report_errors(self.losses, self.executor.policy, self.tree, step, response.errors, inquiries)
        if data is None:
            self.losses.fail(step, SOURCE_ERROR if response.errors else SOURCE_MALFORMED)
            return
        answers: list[list[Any]] = []
        for inquiry in inquiries:
            entities = data.get(inquiry.entity.alias, [] if not inquiry.users else None)
            if entities.__class__ is not list or len(entities) != len(inquiry.users):
                self.losses.fail(step, SOURCE_MALFORMED)
                return
            trusted = step.subgraph in self.executor.policy.trusted
            own, strangers = own_entities(compiled.asked, inquiry, entities, trusted)
            report_strangers(self.losses, self.tree, step, inquiry, strangers)
            answers.append(own)
        for change in step.renames:
            rename(answers, change)
        for inquiry, entities in zip(inquiries, answers, strict=True):
            if compiled.gates:
                await self._gate(compiled, entities)
            self._spread(step, entities, inquiry.users)
            if WITHHELD in entities:
                gone = {id(target) for index in _indices(entities) for target in inquiry.users[index]}
                self._withhold_targets(inquiry.entity.targets, gone)

    def _spread(self, step: FetchStep, entities: list[Any], users: list[list[dict[str, Any]]]) -> None:
        """Merge each answer into every object that it was asked for; only the first gets the original."""
        for entity, targets in zip(entities, users, strict=True):
            if entity.__class__ is not dict or not targets:
                continue
            if is_flat(entity):
                add_to_all(targets, entity, self.prepared.concrete)
                continue
            for target in targets[1:]:
                self._merge(step, target, clone(entity))
            self._merge(step, targets[0], entity)

    def _merge(self, step: FetchStep, target: dict[str, Any], part: dict[str, Any]) -> None:
        self._found.clear()
        try:
            merge(target, part, self.prepared.concrete)
        except Mismatch:
            self.losses.fail(step, SOURCE_MALFORMED)

    def _withhold_targets(self, paths: Sequence[Any], gone: set[int]) -> None:
        """An entity that its gate withheld is withheld where it was asked for, whoever named it first."""
        self._found.clear()
        for path in paths:
            for item, _at, place in list(places(self.tree, path)):
                if id(item) in gone and place is not None:
                    place[0][place[1]] = WITHHELD

    async def _gate(self, compiled: Step, roots: list[Any]) -> None:
        judged = await withhold(roots, compiled.gates, self.executor.gates, self.context)
        self.withheld = self.withheld or judged.withheld
        self.losses.gates += judged.failed
        if judged.unread:
            step = compiled.step
            self.losses.report(step, ResponseError(SOURCE_INCOMPLETE, service=step.subgraph), None, whole=True)

    def outcome(self, *, encodable: bool = False) -> Outcome:
        """Write the answer from what has been merged."""
        prepared = self.prepared
        if encodable and not self.losses and not self.withheld:
            ready = self._encodable()
            if ready is not None:
                return Outcome(ready, [], self.fetched)
        if self.typed is not None:
            self._leave_typed()
        tree = self.tree if self._completed is None else expand(self.tree, {})
        if self.losses:
            self.losses.place(tree, prepared.asked)
        if self.withheld:
            strip(tree)
        data, problems = prepared.projection.run(tree, self.variables)
        errors: list[ResponseError] = []
        if problems or self.losses:
            steps = {identity: step.step for identity, step in prepared.steps.items()}
            errors = self.losses.explain(problems, prepared.supplied, steps)
        return Outcome(data, errors, self.fetched, self.losses.gates)

    def _encodable(self) -> Any:
        """What encodes to the answer where nothing is wrong with the tree, which is taken apart for it; else None."""
        projection = self.prepared.projection
        if self.typed is not None:
            return projection.quick(self.typed.tree, self.variables, structs=True)
        if self._completed is None:
            return projection.quick(self.tree, self.variables)
        assert self._read is not None, "selections are noted where little is read"
        surplus = projection.surplus(self._completed, self.variables, self._read)
        if surplus is None:
            return projection.quick(self.tree, self.variables, structs=True)
        take_away(self.tree, surplus)
        return self.tree


def _indices(entities: list[Any]) -> list[int]:
    return [index for index, entity in enumerate(entities) if entity is WITHHELD]
