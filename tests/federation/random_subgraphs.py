"""Random subgraphs over a made-up world in which every value follows from where it stands, each served over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from zlib import crc32

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, get_named_type, parse
from graphql.type import is_leaf_type, is_list_type

HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable", "@inaccessible"])\n'
VALUE = "type Value {shareable} {{ text: String size: Int }}\n"
OBJECTS = 4
"""Objects of each type."""


@dataclass
class Made:
    """Random subgraphs: SDL by name, and for each field with @requires what it requires."""

    sdl: dict[str, str]
    requires: dict[tuple[str, str], str]


@dataclass
class _Type:
    keys: list[str]
    homes: list[str]
    fields: dict[str, list[str]] = field(default_factory=dict)


def make(random: Random) -> Made:
    subgraphs = [f"s{number}" for number in range(random.randint(2, 4))]
    types = {}
    for number in range(random.randint(3, 5)):
        homes = sorted(random.sample(subgraphs, random.randint(1, len(subgraphs))))
        types[f"E{number}"] = _Type(["id"], homes, {name: [] for name in homes})
    requires: dict[tuple[str, str], str] = {}
    for name, each in types.items():
        for number in range(random.randint(3, 6)):
            _add_field(random, types, requires, name, each, number)
    return Made({one: _sdl(random, one, types) for one in subgraphs}, requires)


def _add_field(
    random: Random,
    types: Mapping[str, _Type],
    requires: dict[tuple[str, str], str],
    name: str,
    each: _Type,
    number: int,
) -> None:
    home = random.choice(each.homes)
    kind = random.choice(
        ["String", "Int", "[String]", "Value", "[Value]", "Kin", "[Kin]", *types, *(f"[{t}]" for t in types)]
    )
    if kind == "String" and random.random() < 0.3:
        each.fields[home].append(f"f{number}(size: Int = 3): String")
    elif kind in ("String", "Int") and len(each.homes) > 1 and random.random() < 0.5:
        other = random.choice([one for one in each.homes if one != home])
        each.fields[other].append(f"n{number}: String")
        each.fields[home] += [f"n{number}: String @external", f'f{number}: String @requires(fields: "n{number}")']
        requires[name, f"f{number}"] = f"n{number}"
    elif len(each.homes) > 1 and random.random() < 0.3:
        for one in random.sample(each.homes, 2):
            each.fields[one].append(f"f{number}: {kind} @shareable")
    else:
        each.fields[home].append(f"f{number}: {kind}")


def _sdl(random: Random, subgraph: str, types: Mapping[str, _Type]) -> str:
    roots = " ".join(
        f"r{subgraph}{number}: {random.choice(['{}', '[{}]']).format(random.choice(['Kin', *types]))}"
        for number in range(2)
    )
    parts = [f"type Query {{ {roots} }}", VALUE.format(shareable="@shareable"), "interface Kin { id: ID! }"]
    for name, each in types.items():
        fields = " ".join(each.fields.get(subgraph, ()))
        parts.append(f'type {name} implements Kin @key(fields: "id") {{ id: ID! {fields} }}')
    return HEAD + "\n".join(parts) + "\n"


@dataclass(frozen=True)
class Thing:
    type: str
    id: str
    sent: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Served:
    """One subgraph, executed by graphql-core."""

    def __init__(self, sdl: str, requires: Mapping[tuple[str, str], str]) -> None:
        plain = build_schema(sdl.removeprefix(HEAD), assume_valid=True)
        self._types = sorted(name for name in plain.type_map if name.startswith("E"))
        entities = f"scalar _Any union _Entity = {' | '.join(self._types)} extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}"
        self.schema: GraphQLSchema = build_schema(sdl.removeprefix(HEAD) + entities, assume_valid=True)
        self._requires = requires

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        result = execute_sync(
            self.schema,
            parse(asked["query"]),
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, _type: value.type,
        )
        return {"data": result.data, **({"errors": [e.formatted for e in result.errors]} if result.errors else {})}

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [Thing(one["__typename"], one["id"], one) for one in arguments["representations"]]
        if info.field_name == "id":
            return source.id
        owner = source if source is not None else Thing("Query", "")
        required = self._requires.get((owner.type, info.field_name))
        if required is not None:
            return f"{owner.type}{owner.id}.{info.field_name} of {owner.sent.get(required, 'nothing')}"
        place = f"{owner.type}{owner.id}.{info.field_name}{arguments or ''}"
        if info.field_name.startswith("n"):
            return place  # never null: Hive leaves a required null out of its representations
        if _roll(place, 11) == 0:
            raise GraphQLError("made up")
        return self._value(info.return_type, place)

    def _value(self, output: Any, place: str) -> Any:
        if is_list_type(output):
            return (
                None
                if _roll(place, 9) == 0
                else [self._value(output.of_type, f"{place}/{n}") for n in range(_roll(place, 4))]
            )
        named = get_named_type(output)
        if _roll(f"{place}?", 8) == 0:
            return None
        if is_leaf_type(named):
            return _roll(place, 1000) if named.name == "Int" else place
        if named.name == "Value":
            return Thing("Value", place)
        kind = named.name if named.name != "Kin" else self._types[_roll(f"{place}!", len(self._types))]
        return Thing(kind, str(_roll(place, OBJECTS)))


def _roll(place: str, sides: int) -> int:
    return crc32(place.encode()) % sides


@contextmanager
def serving(served: Served) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.dumps(served.answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/graphql"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
