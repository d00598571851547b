"""The query plan: what the planner decides, `joinup plan` prints and the executor runs.

A plan is a graph of fetch steps. A step may start as soon as every step in its `after` has finished;
there are no other barriers. All values are immutable, hashable and free of request data, so a plan is
cached and shared by every request with the same operation, role and override flags.

A *response path* leads from the root of the response tree to objects. Lists are transparent: where a
value on the way is a list (of any depth), the path goes on through every item.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OperationKind = Literal["query", "mutation"]


@dataclass(frozen=True, slots=True)
class Key:
    """Path segment: the value under this response key (client alias, name, or private alias)."""

    key: str


@dataclass(frozen=True, slots=True)
class OnTypes:
    """Path segment: go on only through objects whose `__typename` is one of these object types."""

    types: frozenset[str]


Path = tuple[Key | OnTypes, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """One field read from an object of the response tree, for a representation or a gate.

    `name` is what the reader calls it (the field name in the representation); `key` is the response key
    under which the tree holds it (they differ when an alias conflict forced a private alias).
    """

    name: str
    key: str
    needs: tuple[Need | NeedOn, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedOn:
    """Needs that hold only for objects of these types."""

    types: frozenset[str]
    needs: tuple[Need | NeedOn, ...]


@dataclass(frozen=True, slots=True)
class Representation:
    """How to build one `_Any` value from an object of the response tree.

    `typename` is sent as `__typename`; None sends the object's own (an @interfaceObject receiver wants
    the interface's name instead). An object that lacks a needed field (missing, not null) is skipped.
    """

    types: frozenset[str]
    typename: str | None
    needs: tuple[Need | NeedOn, ...]


@dataclass(frozen=True, slots=True)
class ContextSource:
    """Where a contextual value stands: `path` leads from the root to objects above the targets, of one of `types`
    (None: whatever they are); `needs` lead from such an object to the one value."""

    path: Path
    types: frozenset[str] | None
    needs: tuple[Need | NeedOn, ...]


@dataclass(frozen=True, slots=True)
class ContextValue:
    """A variable that an object above each target gives: of the sources, nearest first, the first that has a type of
    its own. A target without a value, or with null for a `type` that takes none, is skipped."""

    variable: str
    type: str
    sources: tuple[ContextSource, ...]


@dataclass(frozen=True, slots=True)
class EntityInput:
    """One `_entities` field of a step: whom it is asked about and where its answers go.

    Targets are deduplicated by representation value across all `targets`; each answer is merged into
    every object it was asked for. `conditions` are a step's, for this field alone: if they do not hold,
    nothing need be asked (an empty list of representations is sent, and an empty one comes back).

    With `contexts`, targets are asked for together only if these values are equal for them. For each further
    combination of values the field is asked once more, with variables of its own.
    """

    alias: str
    variable: str
    targets: tuple[Path, ...]
    representations: tuple[Representation, ...]
    conditions: tuple[tuple[Condition, ...], ...] = ()
    contexts: tuple[ContextValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Rename:
    """After the fetch: in objects at `path` (relative to the fetch's own root; for an entity step,
    relative to each entity), of one of `types`, move the value under `source` to `target`."""

    path: Path
    types: frozenset[str] | None
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class GatePoint:
    """Objects in the fetched data that must pass the gate of their type before they enter the tree.

    `path` is relative like a Rename's. `gate` names the gate ("patient", "entry", ...) and `needs` says
    what it reads; the planner has put those fields into the fetch and the projection leaves them out.
    """

    path: Path
    types: frozenset[str]
    gate: str
    needs: tuple[Need | NeedOn, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A @skip/@include variable that must have this value, or the step is not run."""

    variable: str
    value: bool


@dataclass(frozen=True, slots=True)
class FetchStep:
    """One request to one subgraph.

    A root step has no `entities`; its data is merged at `root` (the empty path but for re-entry through
    a field that returns the root type). `conditions` is in disjunctive normal form: the step runs if it
    is empty or if every condition of at least one of its tuples holds.
    """

    id: int
    subgraph: str
    kind: OperationKind
    document: str
    operation_name: str | None
    variables: tuple[str, ...]
    after: tuple[int, ...] = ()
    entities: tuple[EntityInput, ...] = ()
    root: Path = ()
    conditions: tuple[tuple[Condition, ...], ...] = ()
    renames: tuple[Rename, ...] = ()
    gates: tuple[GatePoint, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """Steps in an order in which every step stands after those it waits for."""

    kind: OperationKind
    steps: tuple[FetchStep, ...] = field(default=())

    @property
    def fetches(self) -> int:
        """How many requests the plan makes at most."""
        return len(self.steps)

    @property
    def depth(self) -> int:
        """The longest chain of requests that wait for one another."""
        depths: dict[int, int] = {}
        for step in self.steps:
            depths[step.id] = 1 + max((depths[parent] for parent in step.after), default=0)
        return max(depths.values(), default=0)
