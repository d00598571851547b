"""GraphQL text → AST, with everything bounded before the parser sees it.

The bracket scan is linear and allocates nothing: deep documents are refused by count, never by recursion.
Syntax errors are reported by place alone; the offending text might be a patient's datum.
"""

from __future__ import annotations

import re

from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, Source, parse

from gateway.config import Limits
from gateway.errors import Refusal

_STRUCTURE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?|"(?:[^"\\\n]|\\.)*+"?|\#[^\n\r]*|[{}\[\]()]',
    re.DOTALL,
)


def parse_source(text: str, limits: Limits) -> DocumentNode:
    """The document's AST. Raises Refusal: OPERATION_TOO_LARGE or GRAPHQL_PARSE_FAILED."""
    if len(text) > limits.source_bytes or len(text.encode("utf-8")) > limits.source_bytes:
        raise too_large("source_bytes")
    if nesting(text, limits.nesting) > limits.nesting:
        raise too_large("nesting")
    try:
        return parse(
            Source(text),
            max_lexical_tokens=limits.tokens,
            max_comments=limits.comments,
            allow_empty_selection_sets=False,
        )
    except GraphQLSyntaxError as failure:
        if "limit" in failure.message or "more than" in failure.message:
            raise too_large("tokens") from None
        raise _syntax(failure) from None
    except (GraphQLError, RecursionError, ValueError):
        raise Refusal("GRAPHQL_PARSE_FAILED") from None


def nesting(text: str, enough: int) -> int:
    """How deep brackets of any kind stand within each other, outside strings and comments."""
    if text.count("{") + text.count("[") + text.count("(") <= enough:
        return 0
    level = deepest = 0
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        if mark in "{[(":
            level += 1
            deepest = max(deepest, level)
        elif mark in "}])":
            level -= 1
    return deepest


def too_large(limit: str) -> Refusal:
    """The refusal for a limit of the configuration; the limit's size stays ours."""
    return Refusal("OPERATION_TOO_LARGE", extensions={"limit": limit})


def _syntax(failure: GraphQLSyntaxError) -> Refusal:
    places = tuple((place.line, place.column) for place in failure.locations or ())
    where = f" at line {places[0][0]}, column {places[0][1]}" if places else ""
    return Refusal("GRAPHQL_PARSE_FAILED", f"The document is not GraphQL: syntax error{where}.", locations=places)
