"""Rows from a FHIR terminology server: an expanded ValueSet ($expand), or the codes that one lists.

Source: FHIR R4 ValueSet, `expansion` and `compose.include.concept`. Pure parsing: the caller asks the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from policies.sensitivity.tables import CodeRow


class ExpansionError(ValueError):
    """The answer is no ValueSet that names all of its codes."""


def valueset_rows(value: Any, category: str, recognise: Callable[[str], str | None]) -> Iterator[CodeRow]:
    """The codes of an expanded ValueSet as rows of one category.

    `recognise` names a code system by its URL (CodeTable.recognise); codes of systems that policy does not know are
    left out. Raises ExpansionError for an expansion that is only one page of several, or none at all.
    """
    if not isinstance(value, dict) or value.get("resourceType") != "ValueSet":
        raise ExpansionError("The answer is not a ValueSet: ask ValueSet/$expand.")
    source = str(value.get("url") or value.get("id") or "ValueSet")
    expansion = value.get("expansion")
    if isinstance(expansion, dict):
        contains = list(_flat(expansion.get("contains", [])))
        total = expansion.get("total")
        if isinstance(total, int) and total > len(contains):
            raise ExpansionError(f"{len(contains)} of {total} codes: ask for all pages with a larger count.")
        yield from _rows(contains, None, category, source, recognise)
        return
    includes = value.get("compose", {}).get("include", [])
    if not includes or any("filter" in one or "valueSet" in one or "concept" not in one for one in includes):
        raise ExpansionError("The ValueSet lists rules, not codes: ask ValueSet/$expand.")
    for one in includes:
        yield from _rows(one["concept"], one.get("system"), category, source, recognise)


def _flat(contains: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for one in contains:
        if isinstance(one, dict):
            if not one.get("abstract"):
                yield one
            yield from _flat(one.get("contains", []))


def _rows(
    concepts: Iterable[dict[str, Any]],
    system: str | None,
    category: str,
    source: str,
    recognise: Callable[[str], str | None],
) -> Iterator[CodeRow]:
    for concept in concepts:
        name = recognise(str(concept.get("system") or system or ""))
        code = concept.get("code")
        if name is not None and isinstance(code, str) and code:
            yield CodeRow(name, code, category, source)
