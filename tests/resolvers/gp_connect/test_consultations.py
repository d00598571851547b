"""Consultations: real ones arrive whole, what policy withholds of one leaves no trace, and absence is not 'none'."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.bundle import Policies
from policies.sections import Section
from resolvers.record.consultations import Consultation, ConsultationTopic
from resolvers.record.status import SourceState
from resolvers.restriction import without_whereabouts
from resolvers.sources.source import SectionAnswer
from tests.resolvers.gp_connect.practice import (
    POLICY,
    answer,
    asking,
    bundle,
    listing,
    outcome,
    practice,
    resource,
    snomed,
)
from tests.resolvers.gp_connect.test_real_records import FOLDER, NAMES, NORMAL, LetAllThrough, of, read, resources
from tests.resolvers.recorded import always
from tests.shared_data import shared_data

SECTION = Section.CONSULTATIONS
CONSULTATION, TOPIC, HEADING = "325851000000107", "25851000000105", "24781000000107"
HIV = snomed("86406008", "Human immunodeficiency virus infection")
REMARK = snomed("37331000000100", "Comment note")
HEADER = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-RelatedProblemHeader-1"


def to(target: str) -> dict[str, Any]:
    return {"reference": target}


def part(code: str, id_: str, title: str | None, *below: str, **more: Any) -> dict[str, Any]:
    entry = [{"item": to(target)} for target in below]
    named = {"title": title} if title is not None else {}
    return resource("List", id_, code=snomed(code), encounter=to("Encounter/e"), entry=entry, **named) | more


def encounter(**more: Any) -> dict[str, Any]:
    period = {"start": "2026-03-01T10:00:00Z", "end": "2026-03-01T10:12:00Z"}
    return resource("Encounter", "e", status="finished", type=[{"text": "Surgery"}], period=period) | more


def remark(id_: str, words: str, **more: Any) -> dict[str, Any]:
    return resource("Observation", id_, status="final", code=REMARK, comment=words) | more


def about(problem: str) -> list[dict[str, Any]]:
    return [{"url": HEADER, "extension": [{"url": "target", "valueReference": to(problem)}]}]


COUGH = [
    part(TOPIC, "t1", "Cough", "List/h1"),
    part(HEADING, "h1", "History", "Observation/o1"),
    remark("o1", "Cough for a week"),
]
WHOLE = [encounter(), part(CONSULTATION, "c", "Surgery", "List/t1"), *COUGH]


async def told(*sent: dict[str, Any], **more: Any) -> SectionAnswer:
    return (await answer(always(bundle(*sent)), SECTION, **more))[SECTION]


async def shown(*sent: dict[str, Any]) -> Consultation:
    [entry] = (await told(*sent)).entries
    assert isinstance(entry, Consultation)
    return entry


async def topic(*sent: dict[str, Any]) -> ConsultationTopic:
    topics = (await shown(encounter(), part(CONSULTATION, "c", "Surgery", "List/t1"), *sent)).topics
    assert topics is not None
    [only] = topics
    return only


def coded(found: list[dict[str, Any]], code: str) -> list[dict[str, Any]]:
    """The lists with this code, by plain JSON."""
    return [each for each in of(found, "List") if code in {coding["code"] for coding in each["code"]["coding"]}]


def named(part: dict[str, Any]) -> list[str]:
    return [entry["item"].get("reference", "") for entry in part["entry"]]


@pytest.mark.parametrize("name", NAMES)
async def test_every_topic_and_note_of_a_real_record_arrives(name: str) -> None:
    path = shared_data(f"{FOLDER}/{name}")
    found = resources(path)
    got = [entry for entry in (await read(path))[SECTION].entries if isinstance(entry, Consultation)]
    encounters = {f"gp1:Encounter/{each['id']}": each for each in of(found, "Encounter")}
    assert {entry.id for entry in got} == set(encounters)
    assert all(entry.date == encounters[entry.id]["period"]["start"] for entry in got)
    assert all(entry.kind and entry.recorded_by.organisation for entry in got)
    topics = [topic for entry in got for topic in entry.topics or ()]
    sent = coded(found, TOPIC)
    assert sorted(t.title or "" for t in topics) == sorted(each.get("title", "") for each in sent)
    notes = [note for topic in topics for note in topic.notes or ()]
    flat = [each for each in sent if not any(target.startswith("List/") for target in named(each))]
    headings = [each["title"] for each in coded(found, HEADING)]
    assert sorted(note.heading or "" for note in notes) == sorted([*headings, *("" for _ in flat)])
    headers = [each for each in sent if "RelatedProblemHeader" in json.dumps(each.get("extension", []))]
    assert sum(bool(topic.problems) for topic in topics) == len(headers)


@pytest.mark.parametrize("name", NAMES)
async def test_every_word_noted_in_a_real_consultation_arrives(name: str) -> None:
    """Comments and directions by plain JSON, however the practice's system files them."""
    path = shared_data(f"{FOLDER}/{name}")
    found = resources(path)
    entries = (await read(path))[SECTION].entries
    said = "\n".join(
        note.text or ""
        for e in entries
        if isinstance(e, Consultation)
        for t in e.topics or ()
        for note in t.notes or ()
    )
    below = {target for code in (TOPIC, HEADING) for each in coded(found, code) for target in named(each)}
    for each in found:
        if f"{each['resourceType']}/{each.get('id')}" not in below:
            continue
        texts = [each["comment"]] if "comment" in each else []
        texts += [dosage["text"] for dosage in each.get("dosageInstruction", []) if "text" in dosage]
        assert [text for text in texts if text.strip() not in said] == []


async def test_a_consultation_says_how_when_where_and_who() -> None:
    doctor: dict[str, Any] = {"resourceType": "PractitionerRole", "id": "r", "practitioner": to("Practitioner/d")}
    doctor["code"] = [{"text": "General practitioner"}]
    people = [
        {"type": [{"coding": [{"code": "REC"}]}], "individual": to("Practitioner/clerk")},
        {"type": [{"coding": [{"code": "PPRF"}]}], "individual": to("Practitioner/d")},
    ]
    place = resource("Location", "l", name="Branch surgery")
    place.pop("subject")
    more = {"participant": people, "location": [{"location": to("Location/l")}], "length": {"value": 12, "unit": "min"}}
    found = await shown(encounter(**more), *WHOLE[1:], doctor, place)
    assert (found.id, found.date, found.minutes) == ("gp1:Encounter/e", "2026-03-01T10:00:00Z", 12)
    assert found.kind is not None
    assert found.period is not None
    assert (found.kind.text, found.period.end, found.location) == ("Surgery", "2026-03-01T10:12:00Z", "Branch surgery")
    assert found.recorded_by.role == "General practitioner"


async def test_entries_of_other_sections_are_named_by_their_ids_there() -> None:
    medicine = {"medicationReference": to("Medication/m")}
    plan = resource("MedicationRequest", "p", intent="plan", dosageInstruction=[{"text": "One daily"}], **medicine)
    order = plan | {"id": "i", "intent": "order", "basedOn": [to("MedicationRequest/p")]}
    found = await topic(
        part(TOPIC, "t1", None, "MedicationRequest/i", "Observation/w", "Observation/o1", "AllergyIntolerance/a"),
        resource("MedicationStatement", "s", basedOn=[to("MedicationRequest/p")], **medicine),
        plan,
        order,
        {"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin 75mg"}},
        resource("Observation", "w", code={"text": "Weight"}, valueQuantity={"value": 70, "unit": "kg"}),
        remark("o1", "Advised"),
        resource("AllergyIntolerance", "a", code={"text": "Peanut"}),
    )
    assert found.entries == ["gp1:MedicationStatement/s", "gp1:Observation/w", "gp1:AllergyIntolerance/a"]
    assert found.notes is not None
    [note] = found.notes
    assert (note.heading, note.text) == (None, "Aspirin 75mg; One daily\nWeight: 70 kg\nAdvised\nPeanut")


async def test_what_was_entered_in_error_is_not_noted() -> None:
    found = await topic(*COUGH[:2], remark("o1", "Wrong person", status="entered-in-error"))
    assert found.notes is not None
    assert [note.text for note in found.notes] == [None]
    assert (await told(encounter(status="entered-in-error"), *WHOLE[1:])).entries == []


async def test_a_list_without_its_encounter_is_left_out() -> None:
    told_ = await told(*WHOLE[1:])
    assert (told_.entries, told_.status) == ([], SourceState.EMPTY)


async def test_an_encounter_that_only_a_problem_names_is_no_consultation() -> None:
    assert (await told(encounter())).entries == []


SECRETS: dict[str, list[dict[str, Any]]] = {
    "a remark": [part(TOPIC, "t2", "Review", "Observation/s"), remark("s", "Came for the HIV result")],
    "a coded entry beside a remark": [
        part(TOPIC, "t2", "Review", "List/h2"),
        part(HEADING, "h2", "History", "Observation/s", "Observation/x"),
        resource("Observation", "s", code=HIV),
        remark("x", "Feels well on treatment"),
    ],
    "its problem": [
        part(TOPIC, "t2", "Review", "Observation/x", extension=about("Condition/s")),
        resource("Condition", "s", code=HIV),
        remark("x", "Feels well on treatment"),
    ],
    "a heading's problem": [
        part(TOPIC, "t2", "Review", "List/h2"),
        part(HEADING, "h2", "Plan", "Observation/x", extension=about("Condition/s")),
        resource("Condition", "s", code=HIV),
        remark("x", "Feels well on treatment"),
    ],
    "a medicine": [
        part(TOPIC, "t2", "Review", "MedicationRequest/s"),
        resource("MedicationRequest", "s", intent="plan", medicationReference=to("Medication/m")),
        {"resourceType": "Medication", "id": "m", "code": {"text": "Biktarvy tablets"}},
    ],
    "its title": [part(TOPIC, "t2", "HIV clinic letter", "Observation/x"), remark("x", "Feels well")],
    "words that cannot be read": [part(TOPIC, "t2", 7, "Observation/s", status=7, note="x"), remark("s", "HIV test")],  # type: ignore[arg-type]
}


@pytest.mark.parametrize("secret", SECRETS)
async def test_a_topic_that_tells_leaves_no_trace_and_the_others_stay(secret: str) -> None:
    one = part(CONSULTATION, "c", "Surgery", "List/t1")
    both = part(CONSULTATION, "c", "Surgery", "List/t1", "List/t2")
    without = await told(encounter(), one, *COUGH)
    assert repr(await told(encounter(), both, *COUGH, *SECRETS[secret])) == repr(without)
    assert without.status is SourceState.ANSWERED


@pytest.mark.parametrize("secret", SECRETS)
async def test_a_consultation_of_nothing_else_is_as_if_it_had_not_been(secret: str) -> None:
    whole = part(CONSULTATION, "c", "Surgery", "List/t2")
    none = await told()
    assert repr(await told(encounter(), whole, *SECRETS[secret])) == repr(none)
    assert none.status is SourceState.EMPTY


@pytest.mark.parametrize(
    "telling",
    [
        {"type": [{"text": "GUM clinic"}]},
        {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}},
        {"location": [{"location": to("Location/l")}]},
        {"type": [{"text": "GUM clinic"}], "status": 7, "length": "x"},
    ],
)
async def test_a_consultation_that_tells_by_itself_goes_with_all_of_it(telling: dict[str, Any]) -> None:
    place = {"resourceType": "Location", "id": "l", "name": "Sexual health clinic"}
    assert repr(await told(encounter(**telling), *WHOLE[1:], place)) == repr(await told())


async def test_what_was_recorded_in_a_withheld_consultation_goes_whatever_is_asked_for() -> None:
    weight = resource("Observation", "w", code={"text": "Weight"}, valueString="70 kg", context=to("Encounter/e"))
    sent = bundle(encounter(type=[{"text": "GUM clinic"}]), *WHOLE[1:], weight)
    for sections in ([Section.TEST_RESULTS], [Section.TEST_RESULTS, SECTION]):
        assert (await answer(always(sent), *sections))[Section.TEST_RESULTS].entries == []


async def test_bad_values_cost_their_field_and_are_told() -> None:
    sent = [encounter(length="long"), part(CONSULTATION, "c", "x", "List/t1"), part(TOPIC, "t1", 7, *["List/h1"])]  # type: ignore[arg-type]
    found = await told(*sent, *COUGH[1:])
    [entry] = found.entries
    assert isinstance(entry, Consultation)
    assert entry.minutes is None
    assert found.status is SourceState.PARTIAL
    assert sorted(warning.text.split(" ")[3] for warning in found.warnings) == ["Encounter.length", "List.title"]


async def test_bad_values_of_a_consultation_outside_the_window_are_not_told() -> None:
    old = encounter(period={"start": "2019-01-01", "end": "x"})
    sent = [old, part(CONSULTATION, "c", "x", "List/t1"), part(TOPIC, "t1", 7, "Observation/o1"), remark("o1", "y")]  # type: ignore[arg-type]

    def recent(_: Section, entries: list[Any]) -> list[Any]:
        return [entry for entry in entries if (entry.date or "") > "2023"]

    found = (await practice(always(bundle(*sent))).ask(asking(SECTION), POLICY, recent))[SECTION]
    assert (found.entries, found.status, found.warnings) == ([], SourceState.EMPTY, [])


async def test_a_record_without_the_list_of_consultations_is_not_none() -> None:
    found = (await answer(always(bundle(lists=False)), SECTION))[SECTION]
    assert (found.status, found.known_none) == (SourceState.PARTIAL, False)
    assert [warning.code for warning in found.warnings] == ["not-implemented"]


async def test_a_practice_that_cannot_answer_costs_this_section_only() -> None:
    sent = [outcome("NOT_IMPLEMENTED", "warning", "includeConsultations")]
    found = await answer(always(bundle(*sent)), SECTION, Section.ALLERGIES)
    assert found[SECTION].status is SourceState.PARTIAL
    assert found[Section.ALLERGIES].status is SourceState.EMPTY


async def test_the_specifications_own_answer_is_partial() -> None:
    """Its practice does not know `includeConsultations`."""
    body = json.loads(shared_data("gpconnect-stu3/spec/consultations_forwards_response1.json").read_bytes())
    source = practice(always(body))
    ask = asking(SECTION, Section.ALLERGIES, nhs_number="9999999999")
    found = await source.ask(ask, LetAllThrough())  # type: ignore[arg-type]
    assert (found[SECTION].status, found[SECTION].entries) == (SourceState.PARTIAL, [])
    assert found[Section.ALLERGIES].status is SourceState.ANSWERED


@pytest.mark.parametrize("code", ["1149501000000101", "consultations-medications-contained-in-consultations"])
async def test_warnings_of_its_lists_come_through(code: str) -> None:
    found = await told(*WHOLE, listing(code, "confidential-items"))
    assert (len(found.entries), found.status) == (1, SourceState.PARTIAL)
    assert [warning.code for warning in found.warnings] == ["confidential-items"]


async def test_somebody_elses_consultation_is_left_out_and_told() -> None:
    other = [each | {"subject": to("Patient/other")} for each in WHOLE]
    found = await told(*other)
    assert (found.entries, found.status) == ([], SourceState.PARTIAL)
    assert [warning.code for warning in found.warnings] == ["wrong-patient"]


async def test_of_restricted_people_neither_place_nor_notes_are_shown() -> None:
    kept = without_whereabouts(await shown(*WHOLE), Policies.load().restricted)
    assert isinstance(kept, Consultation)
    assert (kept.location, kept.topics, kept.date) == (None, [], "2026-03-01T10:00:00Z")


async def test_real_consultations_are_more_than_a_few() -> None:
    """The counts above would hold of nothing, too."""
    got = (await read(shared_data(f"{FOLDER}/{NORMAL}")))[SECTION].entries
    topics = [topic for entry in got if isinstance(entry, Consultation) for topic in entry.topics or ()]
    assert (len(got), len(topics), sum(len(topic.notes or ()) for topic in topics)) == (3, 9, 26)
