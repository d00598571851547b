"""The answers of `_entities`: whose they are, what of them is kept, and where their errors belong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gateway.federation.asked import Asked, only
from gateway.federation.errors import SOURCE_MALFORMED, ErrorPolicy, ResponseError
from gateway.federation.fetcher import SubgraphError
from gateway.federation.gates import in_order
from gateway.federation.losses import Losses
from gateway.federation.plan import EntityInput, FetchStep, GatePoint, Path
from gateway.federation.rename import renamed_path
from gateway.federation.representations import Builder
from gateway.federation.tree import places


class Step:
    """A plan's step with what is worked out once: builders of representations, order of gates, what is asked."""

    def __init__(self, step: FetchStep, children: tuple[int, ...], places: dict[tuple[Path, ...], int]) -> None:
        """`places` numbers the sets of paths that a plan's inputs have as targets; the same ones, the same number."""
        self.step = step
        self.children = children
        self.builders = tuple(
            Builder(entity, places.setdefault(entity.targets, len(places))) for entity in step.entities
        )
        self.gates: list[list[GatePoint]] = in_order(step.gates)
        self.asked = Asked(step)


class Inquiry(msgspec.Struct, frozen=True):
    """One `_entities` field as it was asked: the distinct representations, and the objects that each stands for."""

    entity: EntityInput
    users: list[list[dict[str, Any]]]
    sent: list[dict[str, Any]]


def own_entities(asked: Asked, inquiry: Inquiry, entities: Sequence[Any], trusted: bool) -> tuple[list[Any], list[int]]:
    """The entities without what was not asked for; null for any that is somebody else's, and their indices.

    A trusted subgraph may answer under another key: a superseded NHS number's record has a new one.
    """
    alias = inquiry.entity.alias
    keys, named = asked.entities[alias], bool(asked.keys[alias]) and not trusted
    own: list[Any] = []
    strangers: list[int] = []
    for index, entity in enumerate(entities):
        if entity.__class__ is not dict:
            own.append(None)
        elif named and not asked.is_about(alias, entity, inquiry.sent[index]):
            strangers.append(index)
            own.append(None)
        else:
            own.append(only(entity, keys))
    return own, strangers


def report_strangers(losses: Losses, tree: Any, step: FetchStep, inquiry: Inquiry, strangers: Iterable[int]) -> None:
    """Entities that were somebody else's are lost to all who asked for them."""
    paths: dict[int, tuple[str | int, ...]] | None = None
    for index in strangers:
        paths = target_paths(tree, step) if paths is None else paths
        for target in inquiry.users[index]:
            error = ResponseError(SOURCE_MALFORMED, None, step.subgraph)
            losses.report(step, error, paths.get(id(target)), whole=True)


def report_errors(
    losses: Losses,
    policy: ErrorPolicy,
    tree: Any,
    step: FetchStep,
    errors: Iterable[SubgraphError],
    inquiries: Sequence[Inquiry],
) -> None:
    """Bring a subgraph's errors from `[alias, index, ...]` to every object that the entity was asked for."""
    asked = {inquiry.entity.alias: inquiry for inquiry in inquiries}
    paths = target_paths(tree, step)
    for error in errors:
        own = policy.apply(error, step.subgraph, None)
        head = error.path[:2] if error.path else ()
        inquiry = asked.get(head[0]) if len(head) == 2 and isinstance(head[0], str) else None
        if error.path is None or inquiry is None or not _is_index(head[1], inquiry.users):
            losses.report(step, own, None, whole=True)
            continue
        rest = renamed_path(error.path[2:], step.renames)
        for target in inquiry.users[head[1]]:
            at = paths.get(id(target))
            if at is not None:
                losses.report(step, own, (*at, *rest), whole=not rest)


def target_paths(tree: Any, step: FetchStep) -> dict[int, tuple[str | int, ...]]:
    """Where each target of a step stands, by identity."""
    return {
        id(item): at for entity in step.entities for path in entity.targets for item, at, _place in places(tree, path)
    }


def _is_index(value: Any, users: list[list[dict[str, Any]]]) -> bool:
    return value.__class__ is int and 0 <= value < len(users)
