"""Made-up people: from a fixed seed and a day, always the same ones. NHS numbers come from the 999 test range."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from seeds.catalogue import (
    ALERTS,
    ALLERGIES,
    CHILD_CONDITIONS,
    CLINICS,
    CONDITIONS,
    CONTACTS,
    MATTERS,
    MEDICINES,
    NO_KNOWN_ALLERGY,
    PROCEDURES,
    REACTIONS,
    SENSITIVE,
    SENSITIVE_MATTERS,
    STAYS,
    TESTS,
    VACCINES,
    Concept,
    Matter,
    Sensitive,
)
from seeds.organisations import BOROUGHS, COUNCILS, PRACTICES, TRUSTS

SEED = 20261101
HOW_MANY = 320

GIVEN = {
    "female": (
        "Amara",
        "Beatrix",
        "Chloe",
        "Devika",
        "Esther",
        "Farah",
        "Greta",
        "Hana",
        "Imogen",
        "Jaya",
        "Kezia",
        "Leila",
    ),
    "male": (
        "Adeyemi",
        "Bruno",
        "Callum",
        "Dmitri",
        "Elias",
        "Femi",
        "George",
        "Hassan",
        "Idris",
        "Jonas",
        "Kofi",
        "Liam",
    ),
}
FAMILY = (
    "Abernathy", "Bellweather", "Castellane", "Dunmore", "Eastcott", "Fairgrove", "Greenhalgh", "Hollowood", "Ivorson",
    "Jessamine", "Kettlewell", "Lanyon", "Merriweather", "Nightingale", "Oakhanger", "Pemberley", "Quillfeather", "Rosewarne",
)  # fmt: skip
STREETS = ("Maple Walk", "Station Rise", "Orchard Close", "Priory Gardens", "Quarry Road", "Tanner Street", "Weir Lane")


@dataclass(slots=True)
class Fact:
    """One thing that one organisation records about a person.

    `kind` is the section's word: allergy, medication, condition, stay, appointment, observation, immunisation,
    procedure, document, alert, plan, member, consultation, service, assessment, contact, equipment, flag. `sensitive` is the
    category for which it must never be shown, None for the rest: the ground truth of the tests.
    """

    kind: str
    concept: Concept
    when: date
    end: date | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    sensitive: str | None = None


@dataclass(slots=True)
class Somebody:
    """A made-up person. `facts` maps the id of an organisation to what it records."""

    nhs_number: str
    given: str
    family: str
    gender: str
    born: date
    borough: str
    address: tuple[str, str]
    postcode: str
    practice: str
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    restricted: bool = False
    opted_out: bool = False
    died: date | None = None
    why: str = ""

    def age(self, today: date) -> int:
        """In whole years."""
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))

    def add(self, organisation: str, *facts: Fact) -> None:
        self.facts.setdefault(organisation, []).extend(facts)

    @property
    def council(self) -> str:
        return f"council-{self.borough.lower()}"


def nhs_numbers() -> Iterator[str]:
    """Valid NHS numbers of the range 999 000 0000 upwards (modulus 11 check digit)."""
    for serial in range(1, 1_000_000):
        digits = f"999{serial:06d}"
        check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            yield digits + str(check % 11)


def people(today: date) -> list[Somebody]:
    """Everybody, those worth looking at first."""
    rng = random.Random(SEED)
    numbers = nhs_numbers()
    everybody = [_somebody(rng, next(numbers), today) for _ in range(HOW_MANY)]
    for person in everybody:
        _give_history(rng, person, today)
    _make_special(rng, everybody, today)
    _hold_consultations(everybody, today)
    return everybody


def _somebody(rng: random.Random, number: str, today: date) -> Somebody:
    gender = rng.choice(("female", "male"))
    born = today - timedelta(days=rng.randint(200, 95 * 365))
    borough = rng.choice(list(BOROUGHS))
    local = [practice.id for practice in PRACTICES if practice.borough == borough]
    return Somebody(
        nhs_number=number,
        given=rng.choice(GIVEN[gender]),
        family=rng.choice(FAMILY),
        gender=gender,
        born=born,
        borough=borough,
        address=(f"{rng.randint(1, 180)} {rng.choice(STREETS)}", "London"),
        postcode=f"{rng.choice(BOROUGHS[borough][1])} {rng.randint(1, 9)}ZZ",
        practice=rng.choice(local),
    )


def _give_history(rng: random.Random, person: Somebody, today: date) -> None:
    age = person.age(today)
    conditions = CHILD_CONDITIONS if age < 18 else CONDITIONS
    for concept in rng.sample(conditions, k=min(len(conditions), rng.randint(0, 2 + age // 25))):
        person.add(person.practice, Fact("condition", concept, _past(rng, person, today)))
    for medicine in rng.sample(MEDICINES, k=rng.randint(0, 1 + age // 20)):
        start = _past(rng, person, today, 900)
        detail = {"dosage": medicine.dosage, "repeat": medicine.repeat}
        person.add(person.practice, Fact("medication", medicine.concept, start, detail=detail))
    if rng.random() < 0.35:
        for concept in rng.sample(ALLERGIES, k=rng.randint(1, 2)):
            detail = {"reaction": rng.choice(REACTIONS)}
            person.add(person.practice, Fact("allergy", concept, _past(rng, person, today), detail=detail))
    elif rng.random() < 0.5:
        person.add(person.practice, Fact("allergy", NO_KNOWN_ALLERGY, _past(rng, person, today)))
    for concept in rng.sample(VACCINES, k=rng.randint(0, 2)):
        person.add(person.practice, Fact("immunisation", concept, _past(rng, person, today, 1500)))
    for test in rng.sample(TESTS, k=rng.randint(0, 4)):
        person.add(person.practice, _result(rng, test, _past(rng, person, today, 700)))
    person.add(person.practice, _appointment(Concept("24671000000101", "GP appointment"), _soon(rng, today), today))
    for trust in rng.sample(TRUSTS[:4], k=rng.choice((0, 1, 1, 2))):
        _hospital(rng, person, trust.id, today)
    if age >= 18 and rng.random() < 0.15:
        _social(rng, person, today)
    if rng.random() < 0.1:
        concept = Concept("231504006", "Mixed anxiety and depressive disorder")
        person.add("mental-health", Fact("condition", concept, _past(rng, person, today, 1200)))
        person.add("mental-health", _plan("Recovery and wellbeing plan", _past(rng, person, today, 300)))
    if rng.random() < 0.1:
        person.add("community", _appointment(Concept("653", "Podiatry", CLINICS[0].system), _soon(rng, today), today))
        person.add("community", Fact("alert", rng.choice(ALERTS), _past(rng, person, today, 400)))


def _hold_consultations(everybody: list[Somebody], today: date) -> None:
    """Two in three people saw their practice lately. Drawn apart from all else, which so stays as it is without them."""
    rng = random.Random(SEED + 1)
    for person in everybody:
        for _ in range(rng.choice((0, 1, 2))):
            matters = rng.sample(MATTERS, k=rng.randint(1, 2))
            person.add(person.practice, _consultation(rng.choice(CONTACTS), _past(rng, person, today, 900), *matters))
        if "carries hiv " in person.why:
            when = today - timedelta(days=45)
            secret = _consultation(CONTACTS[0], when, *SENSITIVE_MATTERS)
            secret.sensitive = "hiv"
            mixed = _consultation(CONTACTS[1], when + timedelta(days=10), MATTERS[0], *SENSITIVE_MATTERS)
            person.add(person.practice, secret, mixed)


def _consultation(contact: Concept, when: date, *matters: Matter) -> Fact:
    return Fact("consultation", contact, when, detail={"matters": matters, "minutes": 10})


def _hospital(rng: random.Random, person: Somebody, trust: str, today: date) -> None:
    reason, specialty = rng.choice(STAYS)
    admitted = _past(rng, person, today, 1000)
    left = min(today, admitted + timedelta(days=rng.randint(0, 12)))
    detail = {"specialty": specialty, "summary": f"Admitted with {reason.display.lower()}, treated, recovered well."}
    person.add(trust, Fact("stay", reason, admitted, left, detail))
    person.add(trust, Fact("condition", reason, admitted))
    if rng.random() < 0.4:
        person.add(trust, Fact("procedure", rng.choice(PROCEDURES), admitted))
    for test in rng.sample(TESTS, k=rng.randint(1, 5)):
        person.add(trust, _result(rng, test, admitted))
    clinic = rng.choice(CLINICS)
    person.add(trust, _appointment(clinic, _soon(rng, today), today))
    person.add(
        trust,
        Fact(
            "document",
            Concept("823691000000103", "Clinical letter"),
            left,
            detail={"title": f"{clinic.display} clinic letter"},
        ),
    )
    if rng.random() < 0.3:
        person.add(trust, Fact("allergy", rng.choice(ALLERGIES), admitted, detail={"reaction": rng.choice(REACTIONS)}))
    if rng.random() < 0.3:
        medicine = rng.choice(MEDICINES)
        person.add(
            trust, Fact("medication", medicine.concept, admitted, detail={"dosage": medicine.dosage, "repeat": False})
        )
    person.add(
        trust, Fact("member", Concept("", f"{clinic.display} team", ""), admitted, detail={"role": "Consultant"})
    )


def _social(rng: random.Random, person: Somebody, today: date) -> None:
    adult = date(person.born.year + 18, person.born.month, min(person.born.day, 28))
    start = max(adult, _past(rng, person, today, 700))
    council = person.council
    person.add(
        council, Fact("service", Concept("home-care", "Home care", ""), start, detail={"frequency": "Twice a day"})
    )
    person.add(
        council,
        Fact("assessment", Concept("care-act", "Care Act assessment", ""), start, detail={"outcome": "Eligible needs"}),
    )
    if rng.random() < 0.5:
        person.add(council, Fact("equipment", Concept("grab-rail", "Grab rails", ""), start))
    person.add(council, Fact("contact", Concept("review", "Annual review", ""), start))


def _result(rng: random.Random, test: Any, when: date) -> Fact:
    value = round(rng.uniform(test.low * 0.9, test.high * 1.1), 1)
    detail = {"value": value, "unit": test.unit, "low": test.low, "high": test.high, "category": test.category}
    return Fact("observation", test.concept, when, detail=detail)


def _appointment(service: Concept, when: date, today: date) -> Fact:
    status = "booked" if when >= today else "fulfilled"
    return Fact("appointment", service, when, detail={"status": status, "time": "10:20:00", "minutes": 20})


def _plan(title: str, when: date) -> Fact:
    return Fact("plan", Concept("", title, ""), when, detail={"activities": ["Weekly call", "Crisis contact agreed"]})


def _past(rng: random.Random, person: Somebody, today: date, days: int = 2500) -> date:
    lived = (today - person.born).days
    return today - timedelta(days=rng.randint(1, max(2, min(days, lived))))


def _soon(rng: random.Random, today: date) -> date:
    return today + timedelta(days=rng.randint(-200, 120))


def _make_special(rng: random.Random, everybody: list[Somebody], today: date) -> None:
    """People worth looking at, for the demo and the whole-system tests."""
    adults = iter([person for person in everybody if 25 <= person.age(today) <= 80])
    children = iter([person for person in everybody if 3 <= person.age(today) <= 15])
    _spread(rng, next(adults), today)
    _conflicting(next(adults), today)
    opted_out = next(adults)
    opted_out.opted_out, opted_out.why = True, "opted out: answers as if nobody knew them"
    hidden = next(adults)
    hidden.restricted, hidden.why = True, "restricted at the demographics service: no address, contacts or practice"
    child = next(children)
    child.why = "a child whom children's social care knows: that is never shown"
    child.add(
        child.council,
        Fact(
            "service",
            Concept("child-in-need", "Child in need plan", ""),
            today - timedelta(days=90),
            detail={"client": "child"},
            sensitive="child-social-care",
        ),
    )
    formerly = next(adults)
    formerly.why = "known to children's services before eighteen, to adult social care now"
    _social(rng, formerly, today)
    then = date(formerly.born.year + 15, 6, 1)
    formerly.add(
        formerly.council, Fact("service", Concept("respite", "Short breaks", ""), then, sensitive="child-social-care")
    )
    for category in sorted(2 * [*{item.category for item in SENSITIVE}]):
        person = next(adults)
        person.why = f"carries {category} through several channels: none of it is shown"
        for item in SENSITIVE:
            if item.category == category:
                _add_sensitive(person, item, today)
    away = next(adults)
    away.why = "one of their hospitals is down: the rest still arrives, and the gap is named"
    _hospital(rng, away, "hospital-4", today)
    _hospital(rng, away, "hospital-1", today)


def _spread(rng: random.Random, person: Somebody, today: date) -> None:
    person.why = "spread over seven organisations"
    for trust in ("hospital-1", "hospital-2", "hospital-3"):
        _hospital(rng, person, trust, today)
    _social(rng, person, today)
    person.add("mental-health", _plan("Recovery and wellbeing plan", today - timedelta(days=60)))
    person.add("community", Fact("alert", ALERTS[2], today - timedelta(days=30)))
    for medicine in MEDICINES[:3]:
        detail = {"dosage": medicine.dosage, "repeat": True}
        person.add(person.practice, Fact("medication", medicine.concept, today - timedelta(days=200), detail=detail))


def _conflicting(person: Somebody, today: date) -> None:
    person.why = "records that contradict: an allergy against 'none known', two doses of one medicine"
    recently = today - timedelta(days=40)
    person.facts[person.practice] = [f for f in person.facts.get(person.practice, []) if f.kind != "allergy"]
    person.add(person.practice, Fact("allergy", ALLERGIES[0], recently, detail={"reaction": REACTIONS[1]}))
    person.add("hospital-1", Fact("allergy", NO_KNOWN_ALLERGY, recently))
    medicine = MEDICINES[5]
    person.add(
        person.practice,
        Fact("medication", medicine.concept, recently, detail={"dosage": "Take one daily", "repeat": True}),
    )
    person.add(
        "hospital-1",
        Fact("medication", medicine.concept, recently, detail={"dosage": "Take half a tablet daily", "repeat": True}),
    )


def _add_sensitive(person: Somebody, item: Sensitive, today: date) -> None:
    """The same secret at the practice, at a trust or at the council, as its channel goes."""
    when = today - timedelta(days=50)
    detail: dict[str, Any] = {"words": item.words}
    kinds = {"comment": "observation", "reason": "medication", "label": "condition", "social-flag": "flag"}
    kind = kinds.get(item.channel, item.channel)
    concept = item.concept
    if item.channel == "reason":
        concept, detail = MEDICINES[3].concept, {"dosage": "Take one daily", "repeat": True, "reason": item.concept}
    if item.channel == "label":
        detail["label"] = ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R")
    if kind == "appointment":
        detail.update(status="booked", time="09:00:00", minutes=30)
        when = today + timedelta(days=20)
    if kind == "stay":
        detail.update(specialty=item.concept, summary="")
    if kind == "document":
        detail["title"] = item.words
    where = (
        [person.council]
        if kind == "flag"
        else ["hospital-2"]
        if kind in ("stay", "document", "alert", "procedure")
        else [person.practice, "hospital-2"]
    )
    for organisation in where:
        end = when + timedelta(days=1) if kind == "stay" else None
        person.add(organisation, Fact(kind, concept, when, end, dict(detail), item.category))


assert {council.id for council in COUNCILS} == {f"council-{name.lower()}" for name in BOROUGHS}
