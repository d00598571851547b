"""What is sent: which searches, with which parameters, how often."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4.adapter import FhirR4Adapter
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.fhir_r4.patients import NHS_NUMBER
from resolvers.sources.fhir_r4.searches import SEARCHES
from resolvers.sources.source import Subject
from resolvers.sources.upstream import Failure, Reply, UpstreamError
from tests.resolvers.fhir_r4.kit import of, shared
from tests.resolvers.fhir_r4.server import (
    BASE,
    NUMBER,
    TRUST,
    Everything,
    FhirServer,
    Json,
    allergy,
    answer,
    codes,
    declared,
    observation,
    only,
    patient,
    question,
    source,
)

ALL = {search.type: [*search.by, "date"] for searches in SEARCHES.values() for search in searches}


@pytest.mark.parametrize("section", list(SEARCHES))
async def test_a_section_costs_only_its_own_searches(section: Section) -> None:
    server = FhirServer([patient()])
    await answer(server, section)
    assert server.searches() == ["Patient", *(search.type for search in SEARCHES[section])]


async def test_searches_run_side_by_side() -> None:
    server = FhirServer([patient()])
    began: list[str] = []
    all_sent = asyncio.Event()

    class Waiting:
        """Answers a search only when all others have been sent as well."""

        base_url = BASE

        async def send(self, method: str, path: str, **more: Any) -> Reply:
            if path not in ("metadata", "Patient"):
                began.append(path)
                if len(began) == len(ALL):
                    all_sent.set()
                await all_sent.wait()
            return await server.upstream.send(method, path, **more)

    adapter = FhirR4Adapter(Waiting(), "rfl", TRUST)
    async with asyncio.timeout(10):
        await adapter.fetch(question())
    assert sorted(began) == sorted(ALL)


@pytest.mark.parametrize(
    ("by", "sent"),
    [
        (PatientBy.ID, ("patient", "p1")),
        (PatientBy.IDENTIFIER, ("patient:identifier", f"{NHS_NUMBER}|{NUMBER}")),
        (PatientBy.CHAIN, ("patient.identifier", f"{NHS_NUMBER}|{NUMBER}")),
    ],
)
async def test_the_patient_is_named_as_configured(by: PatientBy, sent: tuple[str, str]) -> None:
    server = FhirServer([patient(), allergy("a1")])
    part = await only(server, Section.ALLERGIES, patient_by=by)
    assert server.asked("AllergyIntolerance")[sent[0]] == [sent[1]]
    assert len(part.entries) == 1


async def test_a_search_by_identifier_is_checked_as_well() -> None:
    server = FhirServer([patient(), allergy("a1", owner="p2")], ignores_patient=True)
    part = await only(server, Section.ALLERGIES, patient_by=PatientBy.IDENTIFIER)
    assert (part.entries, codes(part)) == ([], ["wrong-patient"])


async def test_several_local_patients_are_asked_for_together() -> None:
    server = FhirServer([patient("p1"), patient("p7"), allergy("a1"), allergy("a7", owner="p7")])
    part = await only(server, Section.ALLERGIES)
    assert server.asked("AllergyIntolerance")["patient"] == ["p1,p7"]
    assert len(part.entries) == 2


async def test_the_local_id_is_remembered() -> None:
    server = FhirServer([patient()])
    asked = source(server)
    for _ in range(3):
        await asked.ask(question(Section.ALLERGIES), Everything())  # type: ignore[arg-type]
    assert server.searches().count("Patient") == 1
    assert [sent.path for sent in server.upstream.sent].count("metadata") == 1


async def test_an_unknown_person_is_not_remembered() -> None:
    server = FhirServer([])
    asked = source(server)
    assert (await asked.ask(question(Section.ALLERGIES), Everything()))[Section.ALLERGIES].entries == []  # type: ignore[arg-type]
    server.resources += [patient(), allergy("a1")]
    assert len((await asked.ask(question(Section.ALLERGIES), Everything()))[Section.ALLERGIES].entries) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("identifier", [{"use": "old"}, {"system": "urn:mrn"}, {"value": "9990000026"}])
async def test_a_patient_without_the_current_number_is_not_the_person(identifier: Json) -> None:
    other = patient()
    other["identifier"] = [{"system": NHS_NUMBER, "value": NUMBER, **identifier}, {"value": NUMBER}]
    server = FhirServer([other, allergy("a1")])
    assert (await only(server, Section.ALLERGIES)).entries == []


@pytest.mark.parametrize(
    ("born", "same"), [("1961-04-17", True), ("1961-04", True), ("x", True), ("1961-04-18", False)]
)
async def test_another_birth_date_is_another_person(born: str, same: bool) -> None:
    server = FhirServer([patient(birthDate=born), allergy("a1")])
    asked = question(Section.ALLERGIES, subject=Subject(NUMBER, "1961-04-17"))
    part = (await source(server).ask(asked, Everything()))[Section.ALLERGIES]  # type: ignore[arg-type]
    assert len(part.entries) == same
    assert (part.status, codes(part)) == (
        (SourceState.ANSWERED, []) if same else (SourceState.PARTIAL, ["wrong-patient"])
    )


async def test_a_lower_bound_is_sent_where_it_is_declared_and_loses_nothing() -> None:
    since = dict.fromkeys(SEARCHES, "2024-01-01")
    server = FhirServer([patient()], declared({"Patient": ["identifier"], **ALL}))
    await source(server).ask(question(since=since), Everything())  # type: ignore[arg-type]
    bounded = {sent.path: dict(sent.query)["date"] for sent in server.upstream.sent if "date" in dict(sent.query)}
    assert {"Encounter", "Appointment", "DocumentReference"} <= bounded.keys()
    assert bounded["Encounter"] == "ge2024-01-01"
    assert (
        bounded["Observation"] == bounded["DiagnosticReport"] == "ge2023-10-01"
    )  # what may hold a result of the window
    assert not bounded.keys() & {
        "AllergyIntolerance",
        "Condition",
        "MedicationRequest",
        "MedicationStatement",
        "Flag",
        "CarePlan",
    }


async def test_no_lower_bound_without_a_declaration() -> None:
    server = FhirServer([patient()])
    await source(server).ask(question(Section.TEST_RESULTS, since={Section.TEST_RESULTS: "2024-01-01"}), Everything())  # type: ignore[arg-type]
    assert "date" not in server.asked("Observation")


async def test_sections_may_be_configured_away() -> None:
    server = FhirServer([patient()])
    asked = source(server, sections=frozenset({Section.ALLERGIES}))
    assert asked.adapter.gives == {Section.ALLERGIES}
    assert set(await asked.ask(question(), Everything())) == {Section.ALLERGIES}  # type: ignore[arg-type]


async def test_the_capability_statement_is_read_once_by_many() -> None:
    server = FhirServer([patient()], declared({"Patient": ["identifier"], **ALL}))
    server.upstream.delay = 0.001
    asked = source(server)
    await asyncio.gather(*(asked.ask(question(Section.ALLERGIES), Everything()) for _ in range(5)))  # type: ignore[arg-type]
    assert [sent.path for sent in server.upstream.sent].count("metadata") == 1


@pytest.mark.parametrize(
    "statement", [{"resourceType": "CapabilityStatement"}, {"resourceType": "Bundle"}, {"rest": 5}, None]
)
async def test_without_a_usable_statement_everything_is_asked(statement: Any) -> None:
    server = FhirServer([patient(), allergy("a1")], statement)
    assert len((await only(server, Section.ALLERGIES)).entries) == 1


async def test_a_slow_statement_does_not_hold_up_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.sources.fhir_r4.capabilities.READ_SECONDS", 0.01)
    server = FhirServer([patient(), allergy("a1")])

    class Slow:
        base_url = BASE

        async def send(self, method: str, path: str, **more: Any) -> Reply:
            if path == "metadata":
                await asyncio.sleep(60)
            return await server.upstream.send(method, path, **more)

    adapter = FhirR4Adapter(Slow(), "rfl", TRUST)
    fetched = await adapter.fetch(question(Section.ALLERGIES))
    assert [item.key for item in fetched.items] == ["AllergyIntolerance/a1"]


async def test_searching_by_post_keeps_the_person_out_of_urls() -> None:
    server = FhirServer([patient(), allergy("a1")])
    part = await only(server, Section.ALLERGIES, post=True, patient_by=PatientBy.IDENTIFIER)
    assert len(part.entries) == 1
    for sent in server.upstream.sent:
        assert NUMBER not in sent.path
        assert sent.query == ()


async def test_a_batch_is_only_sent_where_it_is_declared() -> None:
    server = FhirServer([patient()], declared({"Patient": ["identifier"], **ALL}))
    await answer(server, Section.ALLERGIES, Section.CONDITIONS, batch=True)
    assert server.searches() == ["Patient", "AllergyIntolerance", "Condition"]


async def test_a_batch_with_a_missing_answer_is_no_answer() -> None:
    server = FhirServer([patient()])
    broken = Reply(200, b'{"resourceType":"Bundle","type":"batch-response","entry":[]}')
    original = server.upstream.handler
    server.upstream.handler = lambda sent: broken if sent.path == "" else original(sent)
    found = await answer(server, Section.ALLERGIES, Section.CONDITIONS, batch=True)
    assert {part.status for part in found.values()} == {SourceState.UNAVAILABLE}


# paging


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        (f"{BASE}/Observation?page=2", True),
        ("Observation?page=2", True),
        ("https://inside.example/Observation?page=2", True),
        ("https://trust.example:443/fhir/Observation?page=2", True),
        ("https://evil.example/fhir/Observation?page=2", False),
        ("http://trust.example/fhir/Observation?page=2", False),
        ("https://trust.example:8443/fhir/Observation?page=2", False),
        ("https://user@trust.example/fhir/Observation?page=2", False),
        ("https://trust.example.evil.example/fhir", False),
        ("https://[bad", False),
    ],
)
async def test_only_links_to_the_own_origin_are_followed(link: str, followed: bool) -> None:
    links = [link]

    def further(kind: str, bundle: Json) -> Json:
        if kind == "Observation" and links:
            bundle["link"].append({"relation": "next", "url": links.pop()})
        return bundle

    server = FhirServer([patient(), observation("o1")], rewrite=further)
    part = await only(server, Section.TEST_RESULTS, capabilities=False, own_urls=("https://inside.example",))
    sent = [each.path for each in server.upstream.sent if "page=2" in each.path]
    assert len(sent) == followed
    assert all(each.startswith(("https://trust.example/fhir/", "https://trust.example:443/")) for each in sent)
    assert codes(part) == ([] if followed else ["incomplete-paging"])


async def test_a_link_in_a_circle_ends() -> None:
    def circle(kind: str, bundle: Json) -> Json:
        return {**bundle, "link": [{"relation": "next", "url": f"{BASE}/{kind}?round=1"}]}

    server = FhirServer([patient(), allergy("a1")], rewrite=circle)
    part = await only(server, Section.ALLERGIES)
    assert codes(part) == ["incomplete-paging"]
    assert len(server.upstream.sent) < 6


async def test_pages_are_capped_and_the_cap_is_told() -> None:
    server = FhirServer([patient(), *(observation(f"o{each}") for each in range(50))], page=5)
    part = await only(server, Section.TEST_RESULTS, max_pages=3)
    assert len(part.entries) == 15
    assert (part.status, codes(part)) == (SourceState.PARTIAL, ["incomplete-paging"])


async def test_a_failed_later_page_keeps_the_first() -> None:
    server = FhirServer([patient(), *(observation(f"o{each}") for each in range(9))], page=5)
    original = server.upstream.handler
    late = UpstreamError(Failure.TIMED_OUT)
    server.upstream.handler = lambda sent: late if "_offset" in sent.path else original(sent)
    part = await only(server, Section.TEST_RESULTS)
    assert len(part.entries) == 5
    assert (part.status, codes(part)) == (SourceState.PARTIAL, ["incomplete-paging"])


async def test_one_failed_search_of_two_leaves_the_section_partial() -> None:
    medicine = _prescribed("r1", "#m")
    server = FhirServer([patient(), medicine], replies={"MedicationStatement": UpstreamError(Failure.TIMED_OUT)})
    part = await only(server, Section.MEDICATIONS)
    assert (part.status, len(part.entries)) == (SourceState.PARTIAL, 1)


async def test_a_type_that_the_server_does_not_know_is_no_fault_beside_another() -> None:
    server = FhirServer([patient(), observation("o1")], replies={"DiagnosticReport": Reply(404, b"")})
    part = await only(server, Section.TEST_RESULTS)
    assert (part.status, codes(part)) == (SourceState.ANSWERED, [])


@pytest.mark.parametrize(
    ("severity", "code", "warning", "state"),
    [
        ("warning", "suppressed", ["confidential-items"], SourceState.PARTIAL),
        ("warning", "incomplete", ["incomplete-paging"], SourceState.PARTIAL),
        ("error", "business-rule", ["incomplete-paging"], SourceState.PARTIAL),
        ("warning", "not-supported", ["not-implemented"], SourceState.PARTIAL),
        ("warning", "processing", [], SourceState.ANSWERED),
        ("information", "timeout", [], SourceState.ANSWERED),
    ],
)
async def test_an_outcome_beside_the_rows_is_understood(
    severity: str, code: str, warning: list[str], state: SourceState
) -> None:
    def remark(kind: str, bundle: Json) -> Json:
        issue = {"severity": severity, "code": code, "diagnostics": "Mrs Smith"}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        return {**bundle, "entry": [*bundle.get("entry", []), {"resource": outcome, "search": {"mode": "outcome"}}]}

    server = FhirServer([patient(), allergy("a1")], rewrite=remark)
    part = await only(server, Section.ALLERGIES)
    assert (codes(part), part.status) == (warning, state)
    assert "Smith" not in repr(part)


async def test_the_answer_is_as_old_as_its_oldest_part() -> None:
    part = await only(FhirServer([patient(), allergy("a1")]), Section.ALLERGIES)
    assert part.as_of == "2026-11-22T11:59:58Z"


def test_options_are_what_configuration_may_say() -> None:
    assert FhirR4Options().patient_by is PatientBy("id")
    assert FhirR4Options().sections == frozenset(SEARCHES)


# medicines that did not come along


def _prescribed(local: str, reference: str) -> Json:
    link = {"reference": reference}
    return {**of("MedicationRequest", status="active", medicationReference=link), "id": local}


def _without_includes(kind: str, bundle: Json) -> Json:
    rows = [each for each in bundle.get("entry", []) if each["search"]["mode"] == "match"]
    return {**bundle, "entry": rows}


MEDICINES = [
    shared("Medication", "m1", code={"text": "Ramipril"}),
    shared("Medication", "m2", code={"text": "Codeine"}),
    shared("Medication", "m3", code={"text": "Never asked for"}),
]


async def test_medicines_that_no_include_brought_are_looked_up_together() -> None:
    rows = [
        _prescribed("r1", "Medication/m1"),
        _prescribed("r2", f"{BASE}/Medication/m2"),
        _prescribed("r3", "Medication/m1"),
    ]
    server = FhirServer([patient(), *rows, *MEDICINES], rewrite=_without_includes)
    part = await only(server, Section.MEDICATIONS)
    assert server.asked("Medication")["_id"] == ["m1,m2"]
    assert [entry.medicine.text for entry in part.entries] == ["Ramipril", "Codeine", "Ramipril"]  # type: ignore[attr-defined]


async def test_nothing_is_looked_up_that_came_along() -> None:
    server = FhirServer([patient(), _prescribed("r1", "Medication/m1"), *MEDICINES])
    await only(server, Section.MEDICATIONS)
    assert "Medication" not in server.searches()


async def test_a_formulary_sent_unasked_is_dropped() -> None:
    server = FhirServer([patient(), _prescribed("r1", "Medication/m1"), *MEDICINES], rewrite=_without_includes)
    fetched = await source(server).adapter.fetch(question(Section.MEDICATIONS))
    assert [item.key for item in fetched.items] == ["MedicationRequest/r1", "Medication/m1"]


@pytest.mark.parametrize("reply", [Reply(500, b""), UpstreamError(Failure.TIMED_OUT)])
async def test_a_prescription_whose_medicine_cannot_be_judged_is_left_out(reply: Reply | UpstreamError) -> None:
    rows = [_prescribed("r1", "Medication/m1"), _prescribed("r2", "#m")]
    server = FhirServer([patient(), *rows, *MEDICINES], rewrite=_without_includes, replies={"Medication": reply})
    part = await only(server, Section.MEDICATIONS)
    assert [entry.id for entry in part.entries] == ["rfl:MedicationRequest/r2"]
    assert (part.status, codes(part)) == (SourceState.PARTIAL, ["incomplete-paging"])


async def test_a_medicine_that_the_server_does_not_keep_leaves_its_prescription() -> None:
    server = FhirServer([patient(), _prescribed("r1", "Medication/m1")], replies={"Medication": Reply(404, b"")})
    part = await only(server, Section.MEDICATIONS)
    assert (len(part.entries), part.status) == (1, SourceState.ANSWERED)


async def test_medicines_are_not_looked_up_where_the_server_keeps_none() -> None:
    statement = declared({"Patient": ["identifier"], "MedicationRequest": ["patient"]})
    server = FhirServer([patient(), _prescribed("r1", "Medication/m1"), *MEDICINES], statement)
    await only(server, Section.MEDICATIONS)
    assert server.searches() == ["Patient", "MedicationRequest"]
