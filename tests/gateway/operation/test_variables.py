"""Variables: the short way and graphql-core's agree on every value."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema, get_variable_values, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Refusal
from gateway.operation.prepare import choose_operation
from gateway.operation.variables import Variables

SCHEMA = build_schema(
    """
    scalar Any
    enum E { A B }
    input I { a: Int! }
    type Query { f(s: String, i: Int!, b: Boolean, d: ID!, x: Any, fl: Float, l: [Int], e: E, o: I): Int }
    """
)
SCALARS = "query($s: String, $i: Int!, $b: Boolean, $d: ID!, $x: Any, $fl: Float) {f(i: 1, d: 1)}"
OTHERS = 'query($l: [Int], $e: E, $o: I, $s: String = "x") {f(i: 1, d: 1)}'
VALUE = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.just({"a": 1})
)
SENT = st.dictionaries(st.sampled_from(["s", "i", "b", "d", "x", "fl", "l", "e", "o"]), VALUE)


@settings(deadline=None)
@given(st.sampled_from([SCALARS, OTHERS]), SENT)
def test_values_are_graphql_cores(text: str, sent: dict[str, Any]) -> None:
    definition = choose_operation(parse(text), None)
    expected = get_variable_values(SCHEMA, definition.variable_definitions or (), sent)
    variables = Variables(definition, SCHEMA)
    if isinstance(expected, list):
        with pytest.raises(Refusal, match="BAD_USER_INPUT"):
            variables.coerce(sent)
    else:
        assert repr(variables.coerce(sent)) == repr(expected.coerced)


def test_single_scalars_take_the_short_way() -> None:
    assert Variables(choose_operation(parse(SCALARS), None), SCHEMA)._scalars is not None
    assert Variables(choose_operation(parse(OTHERS), None), SCHEMA)._scalars is None
