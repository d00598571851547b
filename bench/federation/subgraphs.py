"""The shop's four subgraphs in one process. Each distinct request is executed once and then answered from ready bytes.

python -m bench.federation.subgraphs PORT          POST /accounts, /inventory, /products, /reviews; GET /count
"""

from __future__ import annotations

import sys

import msgspec
from graphql import graphql_sync

from bench.federation.shop import SDL, root, schema
from bench.server import Answer, serve, wire


class Subgraphs:
    def __init__(self) -> None:
        self._schemas = {f"/{name}": (schema(name), root(name)) for name in SDL}
        self._kept: dict[tuple[str, bytes], Answer] = {}
        self._asked = 0

    def __call__(self, method: str, path: str, body: bytes) -> Answer:
        if method == "GET":
            asked, self._asked = self._asked, 0
            return Answer(wire(str(asked).encode()))
        self._asked += 1
        kept = self._kept.get((path, body))
        if kept is None:
            kept = self._kept[path, body] = Answer(wire(self._execute(path, body)))
        return kept

    def _execute(self, path: str, body: bytes) -> bytes:
        request = msgspec.json.decode(body)
        several = isinstance(request, list)
        answers = [self._one(path, each) for each in (request if several else [request])]
        return msgspec.json.encode(answers if several else answers[0])

    def _one(self, path: str, request: dict[str, object]) -> object:
        executable, value = self._schemas[path]
        variables = request.get("variables") or {}
        result = graphql_sync(
            executable,
            str(request["query"]),
            value,
            variable_values=variables if isinstance(variables, dict) else {},
            operation_name=request.get("operationName"),  # type: ignore[arg-type]
        )
        return result.formatted


if __name__ == "__main__":
    serve(Subgraphs(), int(sys.argv[1]))
