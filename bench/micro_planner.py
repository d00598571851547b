"""Planning time: a graph of many subgraphs in which every type is an entity, and operations of growing size.

    python -m bench.micro_planner [subgraphs] [types]

Each type has one field per subgraph, ten fields that three subgraphs share, one field per subgraph that
requires its neighbour's, two keys, and a link to the next type. Prints milliseconds of CPU, the first plan (cold
searches) and the median of those after it.
"""

from __future__ import annotations

import statistics
import sys
import time

from graphql import parse, validate

from gateway.federation.planner import Planner
from gateway.federation.supergraph_read import read_supergraph

SHARED = 10
SHARERS = 3

HEAD = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {
  query: Query
}
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, external: Boolean)
  repeatable on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, resolvable: Boolean! = true) repeatable on OBJECT
directive @link(url: String, for: link__Purpose) repeatable on SCHEMA
scalar join__FieldSet
enum link__Purpose { SECURITY EXECUTION }
"""


def supergraph(subgraphs: int, types: int) -> str:
    """The supergraph's SDL."""
    names = [f"S{index}" for index in range(subgraphs)]
    values = " ".join(f'{name} @join__graph(name: "{name}", url: "http://{name}")' for name in names)
    parts = [HEAD, f"enum join__Graph {{ {values} }}"]
    parts += [_type(names, index, types) for index in range(types)]
    roots = "\n".join(f"q{index}: T{index} {_at(names, index)}" for index in range(types))
    parts.append(f"type Query {' '.join(f'@join__type(graph: {name})' for name in names)} {{ {roots} }}")
    return "\n".join(parts)


def _at(names: list[str], start: int) -> str:
    sharers = (names[(start + offset) % len(names)] for offset in range(SHARERS))
    return " ".join(f"@join__field(graph: {name})" for name in sharers)


def _type(names: list[str], index: int, types: int) -> str:
    joins = " ".join(
        f'@join__type(graph: {name}, key: "{key}")'
        for place, name in enumerate(names)
        for key in (("id", "code") if place % 2 else ("id",))
    )
    fields = ["id: ID!", "code: ID! " + " ".join(f"@join__field(graph: {name})" for name in names[1::2])]
    for place, name in enumerate(names):
        before = names[place - 1]
        fields.append(f"f{place}: String @join__field(graph: {name}) @join__field(graph: {before}, external: true)")
        following = (place + 1) % len(names)
        fields.append(f'r{place}: String @join__field(graph: {name}, requires: "f{following}")')
    fields += [f"s{place}: String {_at(names, place)}" for place in range(SHARED)]
    fields.append(f"next: T{(index + 1) % types} {_at(names, index * SHARERS)}")
    return f"type T{index} {joins} {{ {' '.join(fields)} }}"


def operation(subgraphs: int, levels: int, *, required: bool) -> str:
    """All fields of each type, `levels` types deep."""
    own = [f"f{place}" for place in range(subgraphs)] + [f"s{place}" for place in range(SHARED)]
    own += [f"r{place}" for place in range(subgraphs)] if required else []
    below = ""
    for _ in range(levels):
        below = f"{{ id {' '.join(own)}{' next ' + below if below else ''} }}"
    return f"{{ q0 {below} }}"


def main() -> None:
    subgraphs, types = (int(argument) for argument in (sys.argv[1:] + ["20", "8"][len(sys.argv) - 1 :]))
    begun = time.process_time()
    planner = Planner(read_supergraph(supergraph(subgraphs, types)))
    print(f"{subgraphs} subgraphs, {types} types: loaded in {(time.process_time() - begun) * 1000:.0f} ms")
    for levels, required in ((1, False), (4, False), (6, False), (1, True), (4, True)):
        text = operation(subgraphs, levels, required=required)
        document = parse(text)
        assert not validate(planner.supergraph.api_schema, document)
        times = []
        for _ in range(6):
            begun = time.process_time()
            plan = planner.plan(document)
            times.append((time.process_time() - begun) * 1000)
        count = len(text.replace("{", " ").replace("}", " ").split())
        print(
            f"{count:4} fields: first {times[0]:6.1f} ms, then {statistics.median(times[1:]):6.1f} ms; "
            f"{plan.fetches} requests in {plan.depth} rounds"
        )


if __name__ == "__main__":
    main()
