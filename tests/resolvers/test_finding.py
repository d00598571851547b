"""Finding people, and what the record says of organisations and of the caller."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from policies.caller import Caller
from policies.sections import Section
from resolvers.record.people import Address
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.kit import NUMBER, OTHER, Limit, Memory, People, Register, ask, context, person, source

FIND = '{ findPatients(family: "Made-Up", birthDate: "1980-05-05") { nhsNumber postcode } }'
HOME = Address(lines=["1 Weir Lane"], postcode="N1 1ZZ")


@dataclass
class Counting(Limit):
    """Whom the limit was asked about."""

    asked: list[list[str]] = field(default_factory=list)

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool:
        self.asked.append(list(nhs_numbers))
        return self.open


@dataclass
class Refusing(People):
    """A demographics service that fails a search with `error`."""

    error: Exception = field(default_factory=ValueError)

    async def search(self, *_: Any) -> list[Any]:
        raise self.error


async def found(made: Any) -> tuple[Any, list[tuple[object, object]]]:
    response = await ask(FIND, made)
    assert response.data is not None
    return response.data["findPatients"], [(e.extensions.get("code"), tuple(e.path or ())) for e in response.errors]


async def test_matches_say_who_it_is_and_are_written_down() -> None:
    made = context(people=People({NUMBER: person(), OTHER: person(OTHER)}))
    matches, errors = await found(made)
    assert ([one["nhsNumber"] for one in matches], errors) == ([NUMBER, OTHER], [])
    assert made.journal.patients == {NUMBER, OTHER}


async def test_whoever_has_opted_out_is_neither_found_nor_counted_nor_written_down() -> None:
    limit = Counting()
    made = context(people=People({NUMBER: person(), OTHER: person(OTHER)}), register=Register({OTHER}), limit=limit)
    matches, errors = await found(made)
    assert ([one["nhsNumber"] for one in matches], errors) == ([NUMBER], [])
    assert limit.asked == [[NUMBER]]
    assert made.journal.patients == {NUMBER}


async def test_a_restricted_person_is_found_without_a_postcode() -> None:
    """Whatever the demographics service should send."""
    hidden, open_ = person(restricted=True, address=HOME), person(OTHER, address=HOME)
    matches, _ = await found(context(people=People({NUMBER: hidden, OTHER: open_})))
    assert [one["postcode"] for one in matches] == [None, "N1 1ZZ"]


async def test_fifty_at_most_are_found() -> None:
    many = {str(n): person(str(n)) for n in range(9990000000, 9990000060)}
    limit = Counting()
    matches, _ = await found(context(people=People(many), limit=limit))
    assert len(matches) == len(limit.asked[0]) == 50


async def test_everybody_found_counts_towards_the_limit() -> None:
    matches, errors = await found(context(limit=Counting(open=False)))
    assert (matches, errors) == (None, [("RATE_LIMITED", ("findPatients",))])


async def test_an_unreadable_registry_finds_nobody() -> None:
    matches, errors = await found(context(register=Register(down=True)))
    assert (matches, errors) == (None, [("REGISTRY_UNAVAILABLE", ("findPatients",))])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamError(Failure.TIMED_OUT), "SOURCE_TIMEOUT"),
        (UpstreamError(Failure.UNAVAILABLE), "SOURCE_UNAVAILABLE"),
        (ValueError("give a family name"), "BAD_USER_INPUT"),
    ],
)
async def test_a_search_that_fails_is_no_search_without_matches(error: Exception, code: str) -> None:
    matches, errors = await found(context(people=Refusing({}, error=error)))
    assert (matches, errors) == (None, [(code, ("findPatients",))])


async def test_organisations_say_what_they_give_and_whether_they_answer() -> None:
    hospital = Memory("a", {Section.CONDITIONS: [], Section.ALLERGIES: []})
    made = context(source(hospital), source(Memory("b", {})), source(Memory("c", {})))
    known = {"a": True, "b": False, "c": None}
    made = replace(made, directory=replace(made.directory, reachable=known.__getitem__))
    response = await ask("{ organisations { organisation { odsCode } gives reachable } }", made)
    assert response.data == {
        "organisations": [
            {"organisation": {"odsCode": "A"}, "gives": ["ALLERGIES", "CONDITIONS"], "reachable": True},
            {"organisation": {"odsCode": "B"}, "gives": [], "reachable": False},
            {"organisation": {"odsCode": "C"}, "gives": [], "reachable": None},
        ]
    }
    assert hospital.asked == []


async def test_the_viewer_is_told_what_their_role_sees() -> None:
    query = "{ viewer { role organisation purpose sections { section fields } } }"
    response = await ask(query, context(role="receptionist"))
    assert response.data is not None
    viewer = response.data["viewer"]
    assert (viewer["role"], viewer["organisation"], viewer["purpose"]) == ("receptionist", "Y99001", "TREAT")
    sections = {one["section"]: one["fields"] for one in viewer["sections"]}
    assert sections["demographics"] == ["*"]
    assert "Appointment.start" in sections["appointments"]
    assert "Appointment.reasons" not in sections["appointments"]
    assert "conditions" not in sections
