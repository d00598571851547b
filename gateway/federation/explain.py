"""Prints a query plan for people: which requests, in which order, and why each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from graphql import parse, print_ast

from gateway.federation.plan import (
    Condition,
    EntityInput,
    FetchStep,
    Key,
    Need,
    NeedOn,
    OnTypes,
    Path,
    QueryPlan,
)


def explain(plan: QueryPlan, *, documents: bool = True) -> str:
    """The plan as a tree. A step stands below the last of the steps that it waits for."""
    if not plan.steps:
        return f"{plan.kind}: no request is needed"
    rounds = "1 round" if plan.depth == 1 else f"{plan.depth} rounds"
    requests = "1 request" if plan.fetches == 1 else f"{plan.fetches} requests"
    lines = [f"{plan.kind}: {requests} in {rounds}"]
    children: dict[int | None, list[FetchStep]] = {}
    for step in plan.steps:
        children.setdefault(max(step.after, default=None), []).append(step)
    lines.extend(_branch(children.get(None, []), children, "", documents))
    return "\n".join(lines)


def _branch(
    steps: Sequence[FetchStep],
    children: dict[int | None, list[FetchStep]],
    indent: str,
    documents: bool,
) -> Iterator[str]:
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        below = children.get(step.id, [])
        bar = "   " if last else "│  "
        inner = f"{indent}{bar}{'│  ' if below else '   '}"
        yield f"{indent}{'└─ ' if last else '├─ '}[{step.id}] {_title(step)}"
        for line in _details(step, documents):
            yield f"{inner}{line}".rstrip()
        yield from _branch(below, children, indent + bar, documents)


def _title(step: FetchStep) -> str:
    waits = f" after {', '.join(map(str, step.after))}" if len(step.after) > 1 else ""
    return f"{step.subgraph}{waits}"


def _details(step: FetchStep, documents: bool) -> Iterator[str]:
    yield f"why: {step.reason}"
    if step.conditions:
        yield f"if: {show_conditions(step.conditions)}"
    if step.root:
        yield f"at: {show_path(step.root)}"
    for entity in step.entities:
        yield from _entity(entity, several=len(step.entities) > 1)
    for gate in step.gates:
        types = "|".join(sorted(gate.types))
        yield f"gate: {gate.gate} on {types} at {show_path(gate.path)} reads {show_needs(gate.needs)}"
    for rename in step.renames:
        yield f"rename: {rename.source} to {rename.target} at {show_path(rename.path)}"
    if documents:
        yield from print_ast(parse(step.document, no_location=True)).splitlines()


def _entity(entity: EntityInput, *, several: bool) -> Iterator[str]:
    name = f"{entity.alias} " if several else ""
    for path in entity.targets:
        yield f"at: {name}{show_path(path)}"
    for sent in entity.representations:
        yield f"sends: {name}{sent.typename or '|'.join(sorted(sent.types))} {show_needs(sent.needs)}"
    for each in entity.contexts:
        for source in each.sources:
            types = f" on {'|'.join(sorted(source.types))}" if source.types is not None else ""
            given = f"{show_path(source.path)}{types} {show_needs(source.needs)}"
            yield f"context: {name}${each.variable} from {given}"
    if entity.conditions:
        yield f"only: {name}if {show_conditions(entity.conditions)}"


def show_path(path: Path) -> str:
    """A response path as text; lists are not shown."""
    text = ""
    for segment in path:
        if isinstance(segment, Key):
            text += f".{segment.key}" if text else segment.key
        else:
            assert isinstance(segment, OnTypes)
            text += f"|[{'|'.join(sorted(segment.types))}]"
    return text or "the root"


def show_needs(needs: Iterable[Need | NeedOn]) -> str:
    """Needs as a field set; a need read from another key is shown as `name: key`."""
    parts = []
    for need in needs:
        if isinstance(need, NeedOn):
            parts.append(f"... on {'|'.join(sorted(need.types))} {show_needs(need.needs)}")
        else:
            name = need.name if need.name == need.key else f"{need.name}: {need.key}"
            parts.append(f"{name} {show_needs(need.needs)}" if need.needs else name)
    return f"{{ {' '.join(parts)} }}"


def show_conditions(conditions: Iterable[Iterable[Condition]]) -> str:
    """A disjunction of conjunctions, as a reader would say it."""
    return " or ".join(
        " and ".join(f"${c.variable}" if c.value else f"not ${c.variable}" for c in together) for together in conditions
    )
