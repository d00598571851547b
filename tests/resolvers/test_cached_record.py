"""What the cache keeps of an organisation's answer, by what it knows it again, and when it lets go of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.bridges import Answers
from gateway.stores.cache import EntryCache
from gateway.stores.cache_backend import backend_for
from policies.sections import Section
from resolvers.context import RecordContext
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.kit import NUMBER, OTHER, Memory, People, Register, ask, context, item, person, source

QUERY = """{{ patient(nhsNumber: "{}") {{ allergies {{ nodes {{ id code {{ text }} recordedBy {{ organisation {{ odsCode }} }} }}
  sources {{ status }} }} }} }}"""


def answers() -> Answers:
    return Answers(EntryCache(backend_for(None), b"k" * 32), 60.0)


def hospital(*words: str, **more: Any) -> Memory:
    return Memory("a", {Section.ALLERGIES: [item(str(n), each) for n, each in enumerate(words)]}, **more)


async def shown(made: RecordContext, number: str = NUMBER) -> list[str]:
    response = await ask(QUERY.format(number), made)
    patient = (response.data or {}).get("patient")
    return [node["code"]["text"] for node in patient["allergies"]["nodes"]] if patient else []


async def test_the_second_request_asks_nobody_and_gives_the_same() -> None:
    asked, cache = hospital("Latex"), answers()
    first = await ask(QUERY.format(NUMBER), context(source(asked), cache=cache))
    second = await ask(QUERY.format(NUMBER), context(source(asked), cache=cache))
    assert (first.data, first.errors) == (second.data, second.errors)
    assert len(asked.asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda made: replace(made, caller=replace(made.caller, organisation="Y99002")),
        lambda made: replace(made, caller=replace(made.caller, role="nurse")),
        lambda made: replace(made, caller=replace(made.caller, job_role="R8001")),
        lambda made: replace(made, caller=replace(made.caller, purpose="PATSFTY")),
        lambda made: replace(made, now=made.now + timedelta(days=1)),
        lambda made: replace(made, policies=replace(made.policies, version="another")),
    ],
    ids=["organisation", "role", "job role", "purpose", "day", "policy"],
)
async def test_whatever_can_change_an_answer_is_part_of_its_key(
    change: Callable[[RecordContext], RecordContext],
) -> None:
    asked, cache = hospital("Latex"), answers()
    await shown(context(source(asked), cache=cache))
    changed = change(context(source(asked), cache=cache))
    changed.people = None
    assert await shown(changed) == ["Latex"]
    assert len(asked.asked) == 2


async def test_another_birth_date_another_person_and_other_sections_have_keys_of_their_own() -> None:
    asked, cache = hospital("Latex"), answers()
    asked.items[Section.CONDITIONS] = []
    await shown(context(source(asked), cache=cache))
    corrected = People({NUMBER: person(birth_date="1980-05-06")})
    await shown(context(source(asked), people=corrected, cache=cache))
    await shown(context(source(asked), people=People({OTHER: person(OTHER)}), cache=cache), OTHER)
    both = f'{{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ totalCount }} conditions {{ totalCount }} }} }}'
    await ask(both, context(source(asked), cache=cache))
    assert len(asked.asked) == 4


async def test_nothing_withheld_is_ever_in_the_cache() -> None:
    asked, backend = hospital("Latex", "Allergy to abacavir"), backend_for(None)
    cache = Answers(EntryCache(backend, b"k" * 32), 60.0)
    assert await shown(context(source(asked), cache=cache)) == ["Latex"]
    kept = repr(vars(backend)).casefold()
    assert "latex" in kept
    assert "abacavir" not in kept


async def test_what_depends_on_the_person_is_decided_anew() -> None:
    """Restricted meanwhile: the kept entry is shown without its organisation."""
    asked, cache = hospital("Latex"), answers()
    hidden = People({NUMBER: person(restricted=True, practice=None, address=None)})
    for people, organisation in ((None, {"odsCode": "A"}), (hidden, None)):
        response = await ask(QUERY.format(NUMBER), context(source(asked), people=people, cache=cache))
        assert response.data is not None
        (node,) = response.data["patient"]["allergies"]["nodes"]
        assert node["recordedBy"] == {"organisation": organisation}
    assert len(asked.asked) == 1


async def test_a_failure_is_not_kept() -> None:
    asked, cache = hospital("Latex", failure=UpstreamError(Failure.UNAVAILABLE)), answers()
    assert await shown(context(source(asked), cache=cache)) == []
    asked.failure = None
    assert await shown(context(source(asked), cache=cache)) == ["Latex"]


async def test_an_answer_in_part_is_not_kept() -> None:
    asked, cache = hospital("Latex", partial=frozenset({Section.ALLERGIES})), answers()
    for _ in range(2):
        await shown(context(source(asked), cache=cache))
    assert len(asked.asked) == 2


async def test_who_opts_out_is_gone_though_cached() -> None:
    asked, cache, register = hospital("Latex"), answers(), Register()
    assert await shown(context(source(asked), cache=cache, register=register)) == ["Latex"]
    register.out.add(NUMBER)
    assert await shown(context(source(asked), cache=cache, register=register)) == []


async def test_opting_out_drops_what_was_kept() -> None:
    """Though the opt-out should be withdrawn at once: nothing outlives it."""
    asked, cache, register = hospital("Latex"), answers(), Register()
    await shown(context(source(asked), cache=cache, register=register))
    officer = context(source(asked), cache=cache, register=register, role="privacy_officer")
    await ask(f'mutation {{ optOut(nhsNumber: "{NUMBER}", reason: "letter") {{ optedOut }} }}', officer)
    register.out.clear()
    assert await shown(context(source(asked), cache=cache, register=register)) == ["Latex"]
    assert len(asked.asked) == 2
