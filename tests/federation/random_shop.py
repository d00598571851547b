"""Random subgraphs over entities of several keys, their one truth, and fetchers that answer in any order.

Every value follows from the type, the object and the field. What is `ragged` has entities that a subgraph does not
know or takes for others, keys that are null, values that fail and subgraphs that do not answer: always the same ones,
whoever asks and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
)

from gateway.federation.fetcher import Fetcher, FetchFailure, SubgraphError, SubgraphRequest, SubgraphResponse
from resolvers.sources.upstream import Failure
from tests.federation.composing import FED, composed2

OBJECTS = 3
"""Objects of each type."""
KEYS: tuple[tuple[str, ...], ...] = (("id",), ("code",), ("x", "y"))
KEY_TYPES = {"id": "ID!", "code": "String", "x": "String!", "y": "Int!"}
LEAVES = ("String", "String", "Int", "String!", "[String]", "[[Int]]", "JSON", "Value", "[Value]")


@dataclass
class Kind:
    """An entity type: the keys by which each subgraph knows it, and its fields there."""

    keys: dict[str, list[tuple[str, ...]]]
    fields: dict[str, list[str]] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    """Fields that may be required or provided, and where they are."""


@dataclass(frozen=True)
class Thing:
    """An object; `sent` is what its representation held."""

    type: str
    number: int
    sent: Mapping[str, Any] | None = field(default=None, hash=False)

    def key(self, name: str, *, ragged: bool) -> Any:
        if name == "code":
            return None if ragged and self.number == 1 else f"c{self.number}"
        return {"id": str(self.number), "x": f"x{self.number % 2}", "y": self.number // 2}[name]


class RandomShop:
    """Composed subgraphs with their truth."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        while True:
            self.requires: dict[tuple[str, str], tuple[str, ...]] = {}
            sdl = _subgraphs(random, self.requires)
            composition = composed2(**sdl)
            if composition.supergraph is not None:
                break
        self.sdl = sdl
        self.supergraph = composition.supergraph
        self.schema = composition.supergraph.api_schema
        self.parts = {name: _schema(text) for name, text in sdl.items()}

    def truth(self, query: str, variables: Mapping[str, Any]) -> Any:
        """What one schema answers."""
        result = execute_sync(
            self.schema, parse(query), variable_values=dict(variables), field_resolver=Resolver(self).resolve
        )
        assert not result.errors, result.errors
        return result.data

    def fetchers(self, random: Random, *, ragged: bool = False) -> dict[str, Fetcher]:
        return {name: Part(self, name, random, ragged) for name in self.parts}


class Part:
    """One subgraph, which answers at once or after others."""

    def __init__(self, shop: RandomShop, name: str, random: Random, ragged: bool) -> None:
        self._shop = shop
        self._name = name
        self._random = random
        self._ragged = ragged

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        for _ in range(self._random.choice((0, 0, 1, 2, 5, 9))):
            await asyncio.sleep(0)
        if self._ragged and roll(f"{self._name}{request.document}", 25) == 0:
            raise FetchFailure(Failure.TIMED_OUT)
        result = execute_sync(
            self._shop.parts[self._name],
            parse(request.document),
            variable_values=dict(request.variables),
            field_resolver=Resolver(self._shop, self._name, self._ragged).resolve,
        )
        assert self._ragged or not result.errors, result.errors
        errors = [SubgraphError(each.message, tuple(each.path or ())) for each in result.errors or ()]
        return SubgraphResponse(result.data, tuple(errors))


@dataclass
class Resolver:
    """Resolves every field: of one subgraph, or of all together."""

    shop: RandomShop
    name: str = ""
    ragged: bool = False

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._entity(each) for each in arguments["representations"]]
        owner = source if source is not None else Thing("Query", 0)
        if info.field_name in KEY_TYPES and owner.type != "Value":
            return owner.key(info.field_name, ragged=self.ragged)
        if self.ragged and roll(f"{self.name} {owner.type}{owner.number}.{info.field_name}", 60) == 0:
            raise GraphQLError("made up")
        return self.value(owner, info.field_name, info.return_type, arguments)

    def value(self, owner: Thing, name: str, output: Any, arguments: Mapping[str, Any]) -> Any:
        place = f"{owner.type}{owner.number}.{name}{dict(arguments) or ''}"
        required = self.shop.requires.get((owner.type, name))
        if required is None:
            return _value(output, place)
        if self.name:
            return f"{place} of {[(owner.sent or {}).get(each, 'nothing') for each in required]}"
        fields = self.shop.schema.type_map[owner.type].fields  # type: ignore[attr-defined]
        given = [
            owner.key(each, ragged=False) if each in KEY_TYPES else self.value(owner, each, fields[each].type, {})
            for each in required
        ]
        return f"{place} of {given}"

    def _entity(self, sent: Mapping[str, Any]) -> Thing | None:
        kind = sent["__typename"]
        for number in range(OBJECTS):
            thing = Thing(kind, number, sent)
            for key in KEYS:
                if key[0] in sent and all(sent.get(name) == thing.key(name, ragged=self.ragged) for name in key):
                    luck = roll(f"{self.name} knows {kind}{number}", 12) if self.ragged else 1
                    return None if luck == 0 else Thing(kind, 0, sent) if luck == 11 else thing
        return None


def _value(output: Any, place: str) -> Any:
    if is_non_null_type(output):
        return _value(output.of_type, f"{place}!") or _value(output, f"{place}?")
    if roll(place, 9) == 0:
        return None
    if is_list_type(output):
        return [_value(output.of_type, f"{place}/{index}") for index in range(roll(place + "#", 4))]
    named = get_named_type(output)
    if named.name == "JSON":
        return {"place": place, "list": [place]}
    if is_leaf_type(named):
        return roll(place, 1000) + 1 if named.name == "Int" else place
    return Thing(named.name, roll(place + "@", OBJECTS))


def roll(place: str, sides: int) -> int:
    return crc32(place.encode()) // 7 % sides


def _schema(text: str) -> GraphQLSchema:
    text = text.removeprefix(FED)
    names = " | ".join(f"E{number}" for number in range(9) if f"type E{number} " in text)
    more = (
        f"scalar _Any union _Entity = {names} extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    )
    schema = build_schema(text + more, assume_valid=True)
    schema.type_map["_Entity"].resolve_type = lambda value, _info, _type: value.type  # type: ignore[attr-defined]
    return schema


def _subgraphs(random: Random, requires: dict[tuple[str, str], tuple[str, ...]]) -> dict[str, str]:
    names = [f"s{number}" for number in range(random.randint(2, 5))]
    if random.random() < 0.5:
        return _dense(random, names)
    kinds = {f"E{number}": _kind(random, names) for number in range(random.randint(2, 5))}
    for kind in kinds.values():
        kind.fields = {home: [] for home in kind.keys}
        for number in range(random.randint(1, 3)):
            _leaf(random, kind, f"a{number}")
    for name, kind in kinds.items():
        for number in range(random.randint(2, 4)):
            _link(random, kinds, kind, f"o{number}")
        for number in range(random.choice((0, 1, 1, 2))):
            _required(random, requires, name, kind, f"q{number}")
    return {each: _sdl(random, each, kinds) for each in names if any(each in kind.keys for kind in kinds.values())}


def _dense(random: Random, names: list[str]) -> dict[str, str]:
    """Every subgraph knows every entity by its id, and something of its own of it: most values take a fetch."""
    kinds = {f"E{number}": Kind({home: [("id",)] for home in names}) for number in range(random.randint(1, 3))}
    boxes = {home: f"B{home}" for home in names if random.random() < 0.6}
    for kind in kinds.values():
        kind.fields = {home: [f"a{home}: String"] for home in names}
        for number in range(random.randint(1, 3)):
            home = random.choice(names)
            to = boxes.get(home, "") if random.random() < 0.5 else ""
            of = random.choice(("{}", "[{}]", "[{}]")) if to else random.choice(("{}", "{}", "[{}]"))
            kind.fields[home].append(f"o{number}: {of.format(to or random.choice([*kinds]))}")
    more = {
        home: f"type {box} {{ o: {random.choice([*kinds])} l: [{random.choice([*kinds])}] }}"
        for home, box in boxes.items()
    }
    return {each: f"{_sdl(random, each, kinds)}\n{more.get(each, '')}" for each in names}


def _kind(random: Random, names: list[str]) -> Kind:
    homes = random.sample(names, random.randint(1, len(names)))
    if random.random() < 0.6:
        return Kind({home: [("id",)] for home in homes})
    common = [random.choice(KEYS)] if random.random() < 0.7 else []
    return Kind({home: [*dict.fromkeys([*common, *random.sample(KEYS, random.randint(1, 2))])] for home in homes})


def _leaf(random: Random, kind: Kind, name: str) -> None:
    of, homes = random.choice(LEAVES), list(kind.keys)
    argument = "(n: Int = 3)" if of in ("String", "Int") and random.random() < 0.25 else ""
    if len(homes) > 1 and random.random() < 0.3:
        for home in random.sample(homes, random.randint(2, len(homes))):
            kind.fields[home].append(f"{name}{argument}: {of} @shareable")
    else:
        home = random.choice(homes)
        kind.fields[home].append(f"{name}{argument}: {of}")
        if of in ("String", "Int") and not argument:
            kind.scalars[name] = home


def _link(random: Random, kinds: Mapping[str, Kind], kind: Kind, name: str) -> None:
    homes = list(kind.keys)
    home = random.choice(homes)
    to = random.choice([each for each, other in kinds.items() if home in other.keys])
    of = random.choice(("{}", "{}", "[{}]", "[{}]", "[{}!]", "[[{}]]")).format(to)
    sharers = [each for each in homes if each in kinds[to].keys and each != home]
    if sharers and random.random() < 0.2:
        for each in (home, random.choice(sharers)):
            kind.fields[each].append(f"{name}: {of} @shareable")
        return
    elsewhere = [each for each, where in kinds[to].scalars.items() if where != home and each.startswith("a")]
    provided = ""
    if elsewhere and random.random() < 0.3:
        which = random.choice(elsewhere)
        provided = f' @provides(fields: "{which}")'
        _external(kinds[to], which, home)
    kind.fields[home].append(f"{name}: {of}{provided}")


def _external(kind: Kind, name: str, home: str) -> None:
    """Declare a field in a subgraph that does not resolve it by itself; where it is resolved it becomes shareable."""
    where = kind.fields[kind.scalars[name]]
    (index,) = [at for at, text in enumerate(where) if text.startswith(f"{name}:")]
    where[index] = where[index].removesuffix(" @shareable") + " @shareable"
    external = where[index].removesuffix(" @shareable").partition(" @requires")[0] + " @external"
    if external not in kind.fields[home]:
        kind.fields[home].append(external)


def _required(
    random: Random, requires: dict[tuple[str, str], tuple[str, ...]], type_name: str, kind: Kind, name: str
) -> None:
    home = random.choice(list(kind.keys))
    elsewhere = [each for each, where in kind.scalars.items() if where != home]
    if not elsewhere:
        return
    required = tuple(random.sample(elsewhere, random.randint(1, min(2, len(elsewhere)))))
    for each in required:
        _external(kind, each, home)
    kind.fields[home].append(f'{name}: String @requires(fields: "{" ".join(required)}")')
    kind.scalars[name] = home
    requires[type_name, name] = required


def _sdl(random: Random, subgraph: str, kinds: Mapping[str, Kind]) -> str:
    known = {name: kind for name, kind in kinds.items() if subgraph in kind.keys}
    roots = [
        f"r{subgraph}{n}: {random.choice(('{}', '[{}]')).format(random.choice([*known, 'Value']))}" for n in (0, 1)
    ]
    if "E0" in known:
        roots.append("e: [E0] @shareable")
    parts = ["scalar JSON type Value @shareable { text: String size: Int }", f"type Query {{ {' '.join(roots)} }}"]
    for name, kind in known.items():
        keys = kind.keys[subgraph]
        directives = " ".join(f'@key(fields: "{" ".join(key)}")' for key in keys)
        fields = [f"{each}: {KEY_TYPES[each]}" for key in keys for each in key]
        parts.append(f"type {name} {directives} {{ {' '.join([*fields, *kind.fields[subgraph]])} }}")
    return "\n".join(parts)
