"""Every rule of policy is needed, and fails closed: broken one at a time, each is noticed, and none shows when it errs.

A row of `RULES` is a hook, how it reads when it allows everything, and the law that notices. With the hook at work the
law holds; with the hook broken open it must not (else nothing in this file would notice its loss); with the hook
raising, what it guards stays hidden and the answer says INTERNAL_ERROR or is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

import gateway.attempt
import gateway.engine
import gateway.gates
import gateway.generation
import policies.childhood
import policies.sensitivity.gate
import policies.sensitivity.links
import resolvers.loader
import resolvers.people
import resolvers.sources.social_care.adapter
import resolvers.sources.social_care.reading
import resolvers.sources.source
from policies.decision import Show
from policies.windows import OpenWindow
from tests.resolvers.fhir_r4.kit import of
from tests.resolvers.fhir_r4.server import Json, observation
from tests.resolvers.kit import Register
from tests.resolvers.pds.service import located
from tests.whole.gateway import OPTED_OUT, PERSON, Known, Seen, Whole, World, graph
from tests.whole.records import BORN, Record, world

SHOW = Show("mutant")
SECRET = "zzleakzz"
HIV: Json = of("Condition", recordedDate="2026-01-01", code={"coding": [{"system": "http://snomed.info/sct", "code": "86406008"}], "text": SECRET})  # fmt: skip
OLD: Json = of("Condition", recordedDate="2001-01-01", code={"text": SECRET}, clinicalStatus={"coding": [{"code": "resolved"}]})  # fmt: skip
FOR_HIV: Json = of("MedicationRequest", authoredOn="2026-01-01", medicationCodeableConcept={"text": SECRET}, reasonReference=[{"reference": "Condition/1"}])  # fmt: skip
RESULT: Json = observation("o", code={"text": SECRET}, effectiveDateTime="2026-01-01")
CARE: Json = {"id": "s1", "clientType": "adult", "type": {"text": SECRET}, "status": "active", "start": "1990-01-01"}
QUERY = """query($n: NHSNumber!) { patient(nhsNumber: $n) { nhsNumber address { lines } contacts { value }
  conditions { nodes { code { text } } } medications { nodes { medicine { text } } } testResults { nodes { code { text } } }
  appointments { nodes { location } } socialCare { nodes { code { text } } } visits { text } }
  watched { nhsNumber visits { text } } }"""


def person(label: str = "U", **facts: Any) -> Json:
    return located(PERSON, label, birthDate=BORN) | facts


async def asked(record: Record, role: str = "gp", query: str = QUERY, number: str = PERSON, **more: Any) -> Seen:
    made = world(record)
    for name, value in more.items():
        setattr(made, name, value)
    return await Whole(made, role).ask(query, {"n": number} if "$n" in query else {})


async def sensitive_entry_of_a_source() -> Seen:
    return await asked(Record(hospital=[HIV], person=person()))


async def entry_for_a_sensitive_one() -> Seen:
    return await asked(Record(hospital=[HIV | {"code": HIV["code"] | {"text": "x"}}, FOR_HIV], person=person()))


async def sensitive_entry_of_a_partner() -> Seen:
    visits = [{"id": "v", "text": f"{SECRET} HIV test", "patient": PERSON}]
    return await asked(Record(visits=visits, person=person()))


async def old_entry() -> Seen:
    return await asked(Record(hospital=[OLD], person=person()))


async def social_care_of_a_child() -> Seen:
    return await asked(Record(council=[("services", CARE)], person=person()))


async def whom_a_partner_names() -> Seen:
    visits = [{"id": "v", "text": SECRET, "patient": OPTED_OUT}]
    record = Record(visits=visits, watched=[OPTED_OUT], person=person())
    return await asked(record, opted_out={OPTED_OUT})


async def whoever_has_opted_out() -> Seen:
    hospital = [RESULT]
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { testResults { nodes { code { text } } } birthDate } }"
    return await asked(Record(hospital=hospital, person=person()), query=query, opted_out={PERSON})


async def another_persons_record() -> Seen:
    """A patient's token is for PERSON; here they ask for somebody else."""
    telling = located(OPTED_OUT, birthDate=BORN) | {"telecom": [{"system": "phone", "value": SECRET}]}
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { contacts { value } } }"
    return await asked(Record(), "patient", query, OPTED_OUT, people={OPTED_OUT: telling})


async def another_person_of_a_partner() -> Seen:
    visits = [{"id": "v", "text": SECRET, "patient": OPTED_OUT}]
    query = "{ watched { nhsNumber visits { text } } }"
    return await asked(Record(visits=visits, watched=[OPTED_OUT], person=person()), "patient", query)


async def home_of_a_restricted_person() -> Seen:
    place: Json = {"resourceType": "Location", "id": "l1", "name": SECRET}
    who = [{"actor": {"reference": "Patient/p1"}}, {"actor": {"reference": "Location/l1"}}]
    booked: Json = {"resourceType": "Appointment", "id": "1", "start": "2026-12-01T09:00:00Z", "participant": who}
    hospital = [place, booked | {"location": {"reference": "Location/l1"}, "actor": {"reference": "Location/l1"}}]
    return await asked(Record(hospital=hospital, person=person("R")))


async def prison_as_a_home() -> Seen:
    home = [{"use": "home", "line": [f"HMP Pentonville {SECRET}"], "postalCode": "NW1 1AA"}]
    return await asked(Record(person=person(address=home)))


async def section_of_another_role() -> Seen:
    return await asked(Record(hospital=[RESULT], person=person()), "receptionist")


async def purpose_of_nobody() -> Seen:
    made = Whole(world(Record(person=person(telecom=[{"system": "phone", "value": SECRET}]))))
    made.app.identity = Known(replace(made.caller, purpose="HMARKT"))
    return await made.ask("query($n: NHSNumber!) { patient(nhsNumber: $n) { contacts { value } } }", {"n": PERSON})


class Late(Register):
    """Somebody opts out after they were let through, by the record and by the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    async def opted_out(self, nhs_numbers: Any) -> frozenset[str]:
        self.looks += 1
        return frozenset(nhs_numbers) if self.looks > 2 else frozenset()


async def whoever_opts_out_meanwhile() -> Seen:
    late = Late()
    made = Whole(World(people={PERSON: person(telecom=[{"system": "phone", "value": SECRET}])}), register=late)
    return await made.ask("query($n: NHSNumber!) { patient(nhsNumber: $n) { contacts { value } } }", {"n": PERSON})


async def whatever_cannot_be_written_down() -> Seen:
    made = Whole(world(Record(person=person(telecom=[{"system": "phone", "value": SECRET}]))))

    async def record(_access: Any) -> None:
        raise OSError

    made.trail.record = record  # type: ignore[method-assign]
    return await made.ask("query($n: NHSNumber!) { patient(nhsNumber: $n) { contacts { value } } }", {"n": PERSON})


@dataclass(frozen=True)
class Rule:
    """A hook as (object, name), what stands in its place when it is broken open, and the law that notices."""

    owner: Any
    name: str
    broken: Callable[..., Any]
    law: Callable[[], Awaitable[Seen]]
    waits: bool = False
    behind: tuple[str, ...] = ()
    """Rules that would still hold when this one is broken open, by name: they are broken with it."""

    def break_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.owner, self.name, self.broken)
        for other in RULES:
            if other.name in self.behind:
                monkeypatch.setattr(other.owner, other.name, other.broken)

    def __str__(self) -> str:
        return f"{getattr(self.owner, '__name__', self.owner)}.{self.name}:{self.law.__name__}"


async def _all(_self: Any, values: Any, *_: Any) -> list[bool]:
    return [True] * len(values)


async def _nobody(*_: Any, **__: Any) -> frozenset[str]:
    return frozenset()


async def _yes(*_: Any) -> bool:
    return True


async def _nothing(*_: Any) -> None:
    return None


def _show(*_: Any) -> Show:
    return SHOW


GATE = policies.sensitivity.gate.SensitivityPolicy
RULES = [
    Rule(resolvers.sources.source, "sift", lambda items, _policy: list(items), sensitive_entry_of_a_source),
    Rule(GATE, "sift", lambda _self, items: [SHOW] * len(items), sensitive_entry_of_a_source),
    Rule(GATE, "judge_raw", _show, sensitive_entry_of_a_source),
    Rule(GATE, "_rule", lambda *_: None, sensitive_entry_of_a_partner),
    Rule(GATE, "judge", _show, sensitive_entry_of_a_partner),
    Rule(policies.sensitivity.links.LinkRules, "settle", lambda _s, _i, decisions: decisions, entry_for_a_sensitive_one),
    Rule(gateway.gates.EntryGate, "admit", _all, sensitive_entry_of_a_partner, waits=True),
    Rule(gateway.gates.PatientGate, "admit", _all, whom_a_partner_names, waits=True),
    Rule(gateway.gates, "may_see_patient", _show, another_person_of_a_partner),
    Rule(OpenWindow, "keeps", _show, old_entry),
    Rule(policies.childhood, "keeps", _show, social_care_of_a_child),
    Rule(resolvers.people, "may_see_patient", _show, another_persons_record, behind=("admit",)),
    Rule(resolvers.people.PatientLoader, "refuse_opted_out", _nobody, whoever_has_opted_out, waits=True, behind=("admit",)),
    Rule(resolvers.people, "without_sensitive_places", lambda one, _policy: one, prison_as_a_home),
    Rule(resolvers.loader, "without_whereabouts", lambda entry, _withheld: entry, home_of_a_restricted_person),
    Rule(gateway.engine, "may_act", _show, purpose_of_nobody),
    Rule(gateway.attempt.Attempt, "_may_leave", _yes, whoever_opts_out_meanwhile, waits=True),
    Rule(gateway.attempt.Attempt, "_write", _nothing, whatever_cannot_be_written_down, waits=True),
]  # fmt: skip


@pytest.fixture(params=RULES, ids=str)
def rule(request: pytest.FixtureRequest) -> Rule:
    made: Rule = request.param
    return made


async def test_what_the_rule_guards_is_hidden(rule: Rule) -> None:
    assert not (await rule.law()).says(SECRET)


async def test_the_rule_broken_open_is_noticed(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    rule.break_open(monkeypatch)
    assert SECRET in (await rule.law()).body.decode(), "nothing here needs this rule"


async def test_the_rule_failing_hides_and_says_internal_error(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{SECRET} of {PERSON}")

    async def fail_later(*_: Any, **__: Any) -> Any:
        fail()

    monkeypatch.setattr(rule.owner, rule.name, fail_later if rule.waits else fail)
    seen = await rule.law()
    assert not seen.says(SECRET)
    assert not any(PERSON in line for line in seen.logs)
    if rule.name != "_rule":  # an item that the gate cannot read is left out like one that it has read
        codes = {error["extensions"]["code"] for error in seen.json.get("errors", [])}
        assert codes & {"INTERNAL_ERROR", "AUDIT_UNAVAILABLE", "REGISTRY_UNAVAILABLE", "SOURCE_ERROR"}, codes


async def test_no_council_is_asked_about_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record(council=[("services", CARE)], person=person() | {"birthDate": "2015-01-01"})
    made = world(record)
    upstream: Any = made.sources[2].adapter.upstream  # type: ignore[attr-defined]
    await Whole(made).ask(QUERY, {"n": PERSON})
    assert upstream.sent == []
    monkeypatch.setattr(policies.childhood, "may_ask", _show)
    await Whole(made).ask(QUERY, {"n": PERSON})
    assert len(upstream.sent) == 1


async def test_a_role_sees_only_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scope is compiled into plans once, so that it is broken on a generation of its own."""
    assert not (await section_of_another_role()).says(SECRET)
    with monkeypatch.context() as patched:
        patched.setattr(gateway.generation, "denied_fields", lambda _scope, _schema: {})
        graph.cache_clear()
        assert (await section_of_another_role()).says(SECRET)
    with monkeypatch.context() as patched:

        def fail(*_: Any) -> Any:
            raise RuntimeError(SECRET)

        patched.setattr(gateway.generation, "denied_fields", fail)
        graph.cache_clear()
        seen = await section_of_another_role()
        assert (seen.status, seen.says(SECRET)) == (500, False)
    graph.cache_clear()
    assert not (await section_of_another_role()).says(SECRET)
