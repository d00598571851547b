"""Runs a query plan of Apollo's planner against simulated subgraphs, contexts included.

npm @apollo/gateway plans contexts but leaves their values out when it runs a plan; what is meant is read from the
plan: `contextRewrites` lead from a fetch's objects (".." is one object up) to the value of a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.federation.plan_runner import merge

Ask = Callable[[str, str, Mapping[str, Any]], dict[str, Any]]
Trail = tuple[dict[str, Any], ...]


class ApolloRun:
    """One execution; `tree` is the response tree."""

    def __init__(self, ask: Ask, variables: Mapping[str, Any], possible: Mapping[str, Sequence[str]]) -> None:
        self.ask = ask
        self.variables = variables
        self.possible = possible
        self.tree: dict[str, Any] = {}

    def run(self, node: Any, path: Sequence[Any] = ()) -> None:
        kind = node["kind"]
        if kind in ("Sequence", "Parallel"):
            for inner in node["nodes"]:
                self.run(inner, path)
        elif kind == "Flatten":
            self.run(node["node"], (*path, *node["path"]))
        elif kind == "Condition":
            chosen = node.get("ifClause" if self.variables[node["condition"]] else "elseClause")
            if chosen is not None:
                self.run(chosen, path)
        else:
            self._fetch(node, path)

    def _fetch(self, node: Any, path: Sequence[Any]) -> None:
        assert not [*(node.get("inputRewrites") or ()), *(node.get("outputRewrites") or ())], "not in these cases"
        sent = {name: self.variables[name] for name in node.get("variableUsages") or () if name in self.variables}
        if not node.get("requires"):
            merge(self.tree, self.ask(node["serviceName"], node["operation"], sent), frozenset())
            return
        for trail in _at(self.tree, path, ()):
            built = self._select(trail[-1], node["requires"])
            if len(built) > 1:
                values = self._context(trail, node.get("contextRewrites") or ())
                data = self.ask(node["serviceName"], node["operation"], {**sent, **values, "representations": [built]})
                merge(trail[-1], data["_entities"][0] or {}, frozenset())

    def _select(self, item: Any, selections: Sequence[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for selection in selections:
            if selection["kind"] == "InlineFragment":
                condition = selection.get("typeCondition")
                if condition is None or item.get("__typename") in self.possible[condition]:
                    found |= self._select(item, selection["selections"])
                continue
            name = selection["name"]
            value = item[selection.get("alias") or name]
            below = selection.get("selections")
            if below and isinstance(value, list):
                value = [self._select(one, below) for one in value]
            elif below and value is not None:
                value = self._select(value, below)
            found[name] = value
        return found

    def _context(self, trail: Trail, rewrites: Sequence[Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for rewrite in rewrites:
            above, way = trail, list(rewrite["path"])
            while way and way[0] == "..":
                above, way = above[:-1], way[1:]
            found, value = self._follow(above[-1], way)
            if found:
                values.setdefault(rewrite["renameKeyTo"], value)
        return values

    def _follow(self, value: Any, way: Sequence[str]) -> tuple[bool, Any]:
        if not way or value is None:
            return True, value
        if isinstance(value, list):
            return True, [self._follow(item, way)[1] for item in value]
        if way[0].startswith("... on "):
            fits = value.get("__typename") in self.possible[way[0].removeprefix("... on ")]
            return self._follow(value, way[1:]) if fits else (False, None)
        return self._follow(value[way[0]], way[1:]) if way[0] in value else (False, None)


def _at(value: Any, path: Sequence[Any], above: Trail) -> list[Trail]:
    """Objects at a path, each with those that it lies below."""
    if isinstance(value, list):
        return [trail for item in value for trail in _at(item, path, above)]
    if not isinstance(value, dict):
        return []
    if not path:
        return [(*above, value)]
    if path[0] == "@":
        return _at(value, path[1:], above)
    return _at(value.get(path[0]), path[1:], (*above, value))
