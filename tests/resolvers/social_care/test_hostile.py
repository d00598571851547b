"""Whatever a council's system sends, the answer is an answer."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.resolvers.hostile import VALUES, places, replaced
from tests.resolvers.recorded import always
from tests.resolvers.social_care.council import ALL, answer
from tests.resolvers.social_care.test_schema import documented

WHOLE = documented()


@given(st.sampled_from(places(WHOLE)), VALUES)
@settings(max_examples=300, deadline=None)
async def test_any_one_value_may_be_wrong(path: tuple[Any, ...], value: Any) -> None:
    told = await answer(always(replaced(WHOLE, path, value)))
    assert set(told) == set(ALL)
