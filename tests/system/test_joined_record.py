"""The product's main job over real sockets: one question, seven organisations, one answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.system.world import World

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]

SECTIONS = [
    "allergies",
    "medications",
    "conditions",
    "hospitalStays",
    "appointments",
    "testResults",
    "immunisations",
    "procedures",
    "documents",
    "alerts",
    "carePlans",
    "careTeam",
    "socialCare",
    "consultations",
]
ABOUT = "completeness finding totalCount nodes { id date recordedBy { organisation { odsCode name } role } asOf } sources { organisation { name odsCode } status asOf warnings { code text } }"
WHOLE = (
    "query Whole($n: NHSNumber!) { patient(nhsNumber: $n) { nhsNumber name { family given } "
    + " ".join(f"{s} {{ {ABOUT} }}" for s in SECTIONS)
    + " } }"
)
TEXT = """query Text($n: NHSNumber!) { patient(nhsNumber: $n) {
  allergies { nodes { id code { text codings { system code display } } reactions { manifestations { text } } note } }
  medications { nodes { id medicine { text codings { code display } } dosage reasons { text } note } }
  conditions { nodes { id code { text codings { code display } } note } }
  hospitalStays { nodes { id types { text } specialty { text codings { code } } reasons { text } diagnoses { text } ward
    dischargeSummary { title sections { heading text } } } }
  appointments { nodes { id service { text } specialty { text codings { code } } reasons { text } description location withRoles } }
  testResults { nodes { id code { text codings { code display } } value note conclusion } }
  procedures { nodes { id code { text codings { code } } note } }
  documents { nodes { id kind { text } title description } }
  alerts { nodes { id code { text codings { code } } } }
  carePlans { nodes { id title description activities { description } } }
  careTeam { nodes { id name role team } }
  socialCare { nodes { id kind code { text } description provider team } }
  consultations { nodes { id kind { text codings { display } } location topics { title problems { text } notes { heading text } } } }
} }"""

OPT_OUT = 'mutation($n: NHSNumber!) { optOut(nhsNumber: $n, reason: "letter") { optedOut } }'
WITHDRAW = 'mutation($n: NHSNumber!) { withdrawOptOut(nhsNumber: $n, reason: "letter") { optedOut } }'


def record(world: World, number: str, role: str = "gp") -> dict[str, Any]:
    answer = world.ask(role, WHOLE, {"n": number})
    found: dict[str, Any] = answer["data"]["patient"]
    return found


def ids(found: dict[str, Any]) -> set[str]:
    return {node["id"] for section in SECTIONS for node in found[section]["nodes"]}


def test_record_is_joined_from_every_organisation(world: World) -> None:
    person = world.because("seven organisations")
    found = record(world, person.nhs_number)
    prefixes = {identifier.partition(":")[0] for identifier in ids(found)}
    assert set(person.facts) <= prefixes
    assert len(prefixes) >= 7


def test_every_entry_names_its_organisation(world: World) -> None:
    found = record(world, world.because("seven organisations").nhs_number)
    for section in SECTIONS:
        for node in found[section]["nodes"]:
            assert node["recordedBy"]["organisation"]["odsCode"], node["id"]


def test_every_harmless_fact_arrives_and_no_sensitive_one_does(world: World) -> None:
    """All people, all facts: the ground truth is in the seeds."""
    windows_and_linked = {"observation", "document", "stay", "appointment", "condition", "procedure", "medication"}
    for person in world.people:
        if person.opted_out:
            continue
        shown = ids(record(world, person.nhs_number))
        for organisation, facts in person.facts.items():
            for number, fact in enumerate(facts):
                own = re.compile(rf"{organisation}-{person.nhs_number[3:]}-{number}(?!\d)")
                there = any(own.search(identifier) for identifier in shown)
                if fact.sensitive:
                    assert not there, (person.why, fact)
                elif fact.kind not in windows_and_linked and not person.restricted:
                    assert there, (person.nhs_number, organisation, fact)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("carries hiv", ("hiv", "immunodeficiency", "biktarvy", "abacavir", "86406008", "worried", "thursday")),
        ("carries sexual-health", ("syphilis", "genitourinary", "sexual health", "76272004")),
        ("carries fertility", ("fertil", "gonal", "conception", "63487001")),
        ("carries domestic-violence", ("domestic", "marac", "risk assessment conference")),
        ("carries criminal", ("prison", "forensic", "hmp", "105568001")),
        ("children's social care knows", ("child in need", "children")),
        ("known to children's services", ("short breaks",)),
    ],
)
@pytest.mark.parametrize("role", ["gp", "emergency_clinician", "social_worker", "patient"])
def test_sensitive_matters_leave_no_word(world: World, role: str, why: str, words: tuple[str, ...]) -> None:
    number = world.because(why).nhs_number
    body = world.post(role, TEXT, {"n": number}, patient=number if role == "patient" else None).text.lower()
    assert '"patient":{' in body
    assert [word for word in words if word in body] == []


def test_consultations_say_what_was_noted_without_the_topic_that_is_withheld(world: World) -> None:
    """The same person: one consultation is about nothing else, of another one topic stays."""
    person = world.because("carries hiv")
    found = world.ask("gp", TEXT, {"n": person.nhs_number})["data"]["patient"]["consultations"]["nodes"]
    facts = [fact for fact in person.facts[person.practice] if fact.kind == "consultation" and not fact.sensitive]
    assert len(found) == len(facts)
    shown = [topic["title"] for node in found for topic in node["topics"]]
    sent = [matter.title for fact in facts for matter in fact.detail["matters"]]
    assert sorted(shown) == sorted(title for title in sent if title != "Results")
    assert len(sent) == len(shown) + 1
    notes = [note for node in found for topic in node["topics"] for note in topic["notes"]]
    assert all(note["heading"] and note["text"] for note in notes)


def test_conflicts_are_marked_and_both_sides_shown(world: World) -> None:
    query = """query($n: NHSNumber!) { patient(nhsNumber: $n) {
      allergies { conflicts { kind entries } nodes { id } }
      medications { groups { label entries { id dosage } conflicts { kind } } } } }"""
    found = world.ask("gp", query, {"n": world.because("contradict").nhs_number})["data"]["patient"]
    (conflict,) = found["allergies"]["conflicts"]
    assert conflict["kind"] == "ALLERGY_AND_NONE_KNOWN"
    assert set(conflict["entries"]) == {node["id"] for node in found["allergies"]["nodes"]}
    doses = [group for group in found["medications"]["groups"] if group["conflicts"]]
    assert [(len(group["entries"]), group["conflicts"][0]["kind"]) for group in doses] == [(2, "DIFFERENT_DOSES")]


def test_restricted_person_keeps_no_whereabouts(world: World) -> None:
    person = world.because("restricted at")
    query = """query($n: NHSNumber!) { patient(nhsNumber: $n) { name { family } address { postcode } contacts { value }
      registeredPractice { odsCode } restricted appointments { nodes { location } } careTeam { nodes { telephone } } } }"""
    response = world.post("gp", query, {"n": person.nhs_number})
    found = response.json()["data"]["patient"]
    assert found["name"]["family"] == person.family
    assert (found["address"], found["registeredPractice"], found["restricted"]) == (None, None, True)
    for secret in (person.postcode, person.address[0], person.practice):
        assert secret not in response.text


def test_opted_out_reads_as_unknown_for_every_role(world: World) -> None:
    number = world.because("opted out").nhs_number
    for role in ("gp", "emergency_clinician", "nurse", "social_worker", "receptionist"):
        query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { nhsNumber name { family } } }"
        world.ask("privacy_officer", OPT_OUT, {"n": number})
        out = world.ask(role, query, {"n": number})
        unknown = world.ask(role, query, {"n": "9999999980"})
        assert out == unknown
        assert out["errors"][0]["extensions"]["code"] == "PATIENT_NOT_AVAILABLE"


def test_opting_out_holds_from_the_next_request(world: World) -> None:
    number = world.people[40].nhs_number
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { totalCount } } }"
    assert world.ask("gp", query, {"n": number})["data"]["patient"] is not None
    assert world.ask("privacy_officer", OPT_OUT, {"n": number})["data"] == {"optOut": {"optedOut": True}}
    assert world.ask("gp", query, {"n": number})["data"] == {"patient": None}
    assert world.ask("privacy_officer", WITHDRAW, {"n": number})["data"] == {"withdrawOptOut": {"optedOut": False}}
    assert world.ask("gp", query, {"n": number})["data"]["patient"] is not None


def test_nobody_else_may_change_opt_outs(world: World) -> None:
    number = world.people[41].nhs_number
    answer = world.ask("gp", OPT_OUT, {"n": number})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { nhsNumber } }"
    assert world.ask("gp", query, {"n": number})["data"]["patient"] is not None


def test_forbidden_sections_cost_no_call(world: World) -> None:
    person = world.because("seven organisations")
    for organisation in person.facts:
        world.forget(organisation)
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { name { family } medications { totalCount } conditions { totalCount } } }"
    answer = world.ask("receptionist", query, {"n": person.nhs_number})
    assert {tuple(error["path"]) for error in answer["errors"]} == {
        ("patient", "medications"),
        ("patient", "conditions"),
    }
    assert all(error["extensions"]["rule"].startswith("roles/receptionist/") for error in answer["errors"])
    assert [world.asked(organisation) for organisation in person.facts] == [[]] * len(person.facts)


def test_neither_log_nor_metrics_of_the_run_name_anybody(world: World) -> None:
    """After reads, searches, refusals, failures and opt-outs of people whose data are known here."""
    person = world.because("seven organisations")
    out = world.because("opted out")
    record(world, person.nhs_number)
    world.post("gp", f'{{ patient(nhsNumber: "{person.nhs_number}") {{ nope }} }}')
    world.post("gp", f'{{ patient(nhsNumber: "{person.nhs_number}" }}')
    world.post("gp", WHOLE, {"n": f"{person.nhs_number}1"})
    born = person.born.isoformat()
    world.post("gp", f'{{ findPatients(family: "{person.family}", birthDate: "{born}") {{ nhsNumber }} }}')
    world.post("receptionist", WHOLE, {"n": person.nhs_number})
    world.ask("privacy_officer", OPT_OUT, {"n": out.nhs_number})
    world.post("gp", WHOLE, {"n": out.nhs_number})
    with world.fault("hospital-3", "malformed"):
        world.post("gp", WHOLE, {"n": person.nhs_number})
    left = {
        "log": (world.folder / "gateway.log").read_text("utf-8"),
        "metrics": world.client.get(f"{world.url}/metrics").text,
    }
    assert "request_refused" in left["log"]
    assert "joinup_upstream_calls" in left["metrics"]
    for name, text in left.items():
        assert re.findall(r"(?<!\d)\d{10,11}(?!\d)", text) == [], name
        told = [word for word in (person.family, person.given, person.postcode, person.address[0]) if word in text]
        assert told == [], name
