"""One bad value costs its own field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.sources.fhir.lenient import Lenient


class Inner(msgspec.Struct):
    code: str | None = None
    value: float | None = None


class Outer(msgspec.Struct):
    name: str | None = None
    when: str | None = None
    inner: Inner | None = None
    many: list[Inner] = []


OUTER = Lenient(Outer)


def decode(value: Any) -> tuple[Outer | None, tuple[str, ...]]:
    return OUTER.decode(msgspec.json.encode(value))


def test_a_sound_resource_loses_nothing() -> None:
    assert decode({"name": "a", "many": [{"code": "x"}]}) == (Outer(name="a", many=[Inner("x")]), ())


@pytest.mark.parametrize(
    ("value", "expected", "bad"),
    [
        ({"name": "a", "when": 7}, Outer(name="a"), ("Outer.when",)),
        ({"name": "a", "inner": {"code": 1, "value": 2}}, Outer("a", None, Inner(None, 2)), ("Outer.inner.code",)),
        ({"name": "a", "inner": "x"}, Outer("a"), ("Outer.inner",)),
        ({"name": "a", "many": {}}, Outer("a"), ("Outer.many",)),
        (
            {"many": [{"code": "x"}, 3, {"code": 4}]},
            Outer(many=[Inner("x"), Inner()]),
            ("Outer.many", "Outer.many.code"),
        ),
    ],
)
def test_a_wrong_value_costs_only_itself(value: Any, expected: Outer, bad: tuple[str, ...]) -> None:
    assert decode(value) == (expected, bad)


def test_any_number_of_wrong_values_is_survived() -> None:
    found, bad = decode({"name": "a", "many": [{"code": 1, "value": 2}] * 200})
    assert (found, bad) == (Outer("a", many=[Inner(value=2)] * 200), ("Outer.many.code",))


@pytest.mark.parametrize("raw", [b"", b"[]", b"3", b"{", b"\xff", b"[" * 10_000, b'{"name":"\xff"}'])
def test_what_is_no_object_is_nothing(raw: bytes) -> None:
    assert OUTER.decode(raw) == (None, ("Outer",))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "value", "name"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["name", "when", "inner", "many"]), VALUES))
def test_sound_fields_survive_any_neighbour(fields: dict[str, Any]) -> None:
    found, bad = decode({**fields, "name": "kept"})
    assert found is not None
    assert found.name == "kept"
    assert all(place.startswith("Outer.") for place in bad)
