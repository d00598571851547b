"""Whatever the demographics service sends: a person, nobody, or a failure of the seam; and never whereabouts too many."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.sources.upstream import UpstreamError
from tests.resolvers.hostile import VALUES, places, replaced
from tests.resolvers.pds.service import located, person
from tests.resolvers.recorded import always

WHOLE = located(
    name=[{"use": "usual", "prefix": ["Mrs"], "given": ["Jane"], "family": "Smith", "period": {"end": "2030-01-01"}}],
    gender="female",
    birthDate="1950-01-01",
    deceasedDateTime="2020-01-01T00:00:00Z",
)
RESTRICTED = WHOLE | {"meta": located(label="R")["meta"]}


@given(st.sampled_from(places(WHOLE)), VALUES)
@settings(max_examples=300, deadline=None)
async def test_any_one_value_may_be_wrong(path: tuple[Any, ...], value: Any) -> None:
    try:
        await person(always(replaced(WHOLE, path, value)))
    except UpstreamError:
        assert path[0] in ("id", "resourceType", "identifier")


@given(st.sampled_from([path for path in places(RESTRICTED) if path[0] != "meta"]), VALUES)
@settings(max_examples=200, deadline=None)
async def test_no_wrong_value_gives_a_restricted_person_away(path: tuple[Any, ...], value: Any) -> None:
    try:
        found = await person(always(replaced(RESTRICTED, path, value)))
    except UpstreamError:
        return
    assert found is not None
    assert found.restricted
    assert (found.address, found.contacts, found.practice, found.local_authority) == (None, [], None, None)
