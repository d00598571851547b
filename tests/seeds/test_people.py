"""The made-up people and organisations: enough of them, always the same, nobody real, and the ones worth looking at."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from nhs_number.validate import is_valid

from seeds.organisations import BOROUGHS, COUNCILS, DEMOGRAPHICS, ORGANISATIONS, PARTNERS, PRACTICES, TRUSTS
from seeds.people import people

DAYS = [date(2026, 11, 22), date(2028, 2, 29)]
CATEGORIES = {"hiv", "sexual-health", "fertility", "domestic-violence", "criminal"}


@pytest.mark.parametrize("today", DAYS)
def test_people_are_the_same_every_time(today: date) -> None:
    assert people(today) == people(today)


@pytest.mark.parametrize("today", DAYS)
def test_there_are_three_hundred_adults_and_children_with_test_numbers(today: date) -> None:
    everybody = people(today)
    numbers = [person.nhs_number for person in everybody]
    assert len(set(numbers)) == len(numbers) >= 300
    assert all(number.startswith("999") and is_valid(number) for number in numbers)
    ages = [person.age(today) for person in everybody]
    assert sum(age < 18 for age in ages) >= 20
    assert sum(age >= 18 for age in ages) >= 200
    assert {person.borough for person in everybody} == set(BOROUGHS)


def test_every_kind_of_organisation_has_its_servers() -> None:
    assert (len(PRACTICES), len(TRUSTS), len(COUNCILS)) == (6, 6, 5)
    assert Counter(trust.kind.name for trust in TRUSTS) == {
        "ACUTE_TRUST": 4,
        "MENTAL_HEALTH_TRUST": 1,
        "COMMUNITY_TRUST": 1,
    }
    assert {one.api for one in PRACTICES} == {"gp-connect"}
    assert {one.api for one in TRUSTS} == {"fhir-r4"}
    assert {one.api for one in COUNCILS} == {"social-care"}
    assert DEMOGRAPHICS.api == "pds"
    ports = [one.offset for one in (*ORGANISATIONS, *PARTNERS)]
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize("today", DAYS)
def test_everybody_worth_looking_at_is_there(today: date) -> None:
    everybody = people(today)

    def because(words: str) -> list[str]:
        return [person.nhs_number for person in everybody if words in person.why]

    one_each = ["seven organisations", "contradict", "opted out", "restricted at", "children's social care", "is down"]
    assert {words: len(because(words)) for words in one_each} == dict.fromkeys(one_each, 1)
    spread = next(person for person in everybody if "seven organisations" in person.why)
    assert len(spread.facts) >= 7
    child = next(person for person in everybody if "children's social care" in person.why)
    assert child.age(today) < 18
    assert child.council in child.facts


@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_each_sensitive_category_is_carried_by_several_through_several_channels(category: str) -> None:
    carriers = [one for one in people(DAYS[0]) if f"carries {category} " in one.why]
    assert len(carriers) == 2
    for person in carriers:
        secrets = [fact for facts in person.facts.values() for fact in facts if fact.sensitive == category]
        assert len({(fact.kind, "reason" in fact.detail, "label" in fact.detail) for fact in secrets}) >= 3


@pytest.mark.parametrize("today", DAYS)
def test_nothing_is_recorded_before_birth_and_no_adult_care_before_eighteen(today: date) -> None:
    for person in people(today):
        for organisation, facts in person.facts.items():
            for fact in facts:
                assert fact.when >= person.born, (person.nhs_number, fact)
                if organisation.startswith("council-") and fact.sensitive is None:
                    assert person.age(fact.when) >= 18, (person.nhs_number, fact)
