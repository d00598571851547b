"""What a withheld item draws with it."""

from __future__ import annotations

from typing import Any

import pytest

from policies.decision import Withhold
from policies.sensitivity.gate import Item, SensitivityPolicy
from tests.policies.sensitivity.judging import HIV_PROBLEM, concept, raw, resource, sifted, to

PLAIN = concept("271649006")
GP_CONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-"
HIV = to("Condition/c1")

CARRIED: dict[str, dict[str, Any]] = {
    "reason": resource("MedicationRequest", "x", reasonReference=[HIV]),
    "diagnosis of a stay": resource("Encounter", "x", diagnosis=[{"condition": HIV}]),
    "addressed by a plan": resource("CarePlan", "x", addresses=[HIV]),
    "indication": resource("MedicationStatement", "x", reasonReference=[HIV]),
    "supporting evidence": resource("Condition", "x", evidence=[{"detail": [HIV]}]),
    "referral's supporting information": resource("ServiceRequest", "x", supportingInfo=[HIV]),
    "related problem": resource(
        "Condition",
        "x",
        extension=[
            {
                "url": GP_CONNECT + "RelatedProblemHeader-1",
                "extension": [{"url": "type", "valueCode": "parent"}, {"url": "target", "valueReference": HIV}],
            }
        ],
    ),
    "a property nobody thought of": resource("Observation", "x", somethingNew={"deep": [{"link": HIV}]}),
    "absolute reference": resource("Procedure", "x", reasonReference=[to("https://h.example/fhir/Condition/c1")]),
    "versioned reference": resource("Procedure", "x", reasonReference=[to("Condition/c1/_history/3")]),
    "urn": resource("Procedure", "x", reasonReference=[to("urn:uuid:c1")]),
}


@pytest.mark.parametrize("link", CARRIED)
def test_an_item_that_refers_to_a_withheld_one_is_withheld(policy: SensitivityPolicy, link: str) -> None:
    assert sifted(policy, HIV_PROBLEM, CARRIED[link]) == set()
    assert sifted(policy, CARRIED[link]) == {f"{CARRIED[link]['resourceType']}/x"}


def test_a_chain_of_links_is_followed_to_its_end(policy: SensitivityPolicy) -> None:
    chain = [
        HIV_PROBLEM,
        resource("ServiceRequest", "1", reasonReference=[HIV]),
        resource("Specimen", "2", request=[to("ServiceRequest/1")]),
        resource("Observation", "3", specimen=to("Specimen/2")),
        resource("ClinicalImpression", "4", finding=[{"itemReference": to("Observation/3")}]),
    ]
    assert sifted(policy, *chain) == set()
    assert sifted(policy, *reversed(chain)) == set()


def test_what_happened_during_a_withheld_encounter_is_withheld(policy: SensitivityPolicy) -> None:
    visit = resource("Encounter", "e", serviceType=concept(text="GUM clinic"))
    pulse = resource("Observation", "o", code=PLAIN, encounter=to("Encounter/e"))
    assert sifted(policy, visit, pulse) == set()


def test_an_encounter_is_shown_although_a_withheld_problem_was_recorded_in_it(policy: SensitivityPolicy) -> None:
    visit = resource("Encounter", "e", reasonCode=[concept(text="Cough")])
    problem = {**HIV_PROBLEM, "encounter": to("Encounter/e")}
    assert sifted(policy, visit, problem) == {"Encounter/e"}


def test_places_people_and_services_reveal_what_is_done_by_them(policy: SensitivityPolicy) -> None:
    clinic = resource("HealthcareService", "h", specialty=[concept("394808002")])
    role = resource("PractitionerRole", "r", healthcareService=[to("HealthcareService/h")])
    schedule = resource("Schedule", "s", actor=[to("HealthcareService/h")])
    slot = resource("Slot", "t", schedule=to("Schedule/s"))
    by_role = resource("Appointment", "1", participant=[{"actor": to("PractitionerRole/r")}])
    by_slot = resource("Appointment", "2", slot=[to("Slot/t")])
    plain = resource("Appointment", "3", participant=[{"actor": to("Location/elsewhere")}])
    assert sifted(policy, by_slot, by_role, plain, slot, schedule, role, clinic) == {"Appointment/3"}


def test_a_medicine_reveals_its_prescription_and_dispensing(policy: SensitivityPolicy) -> None:
    medicine = resource("Medication", "m", code=concept(text="Biktarvy tablets"))
    request = resource("MedicationRequest", "r", medicationReference=to("Medication/m"))
    dispense = resource("MedicationDispense", "d", authorizingPrescription=[to("MedicationRequest/r")])
    statement = resource("MedicationStatement", "s", basedOn=[to("MedicationRequest/r")])
    assert sifted(policy, statement, dispense, request, medicine) == set()


def test_the_person_never_carries(policy: SensitivityPolicy) -> None:
    person = resource("Patient", "p", address=[{"line": ["HMP Pentonville"]}])
    pulse = resource("Observation", "o", code=PLAIN, subject=to("Patient/p"))
    assert sifted(policy, person, pulse) == {"Observation/o"}


def test_a_report_loses_only_the_withheld_result(policy: SensitivityPolicy) -> None:
    viral = resource("Observation", "v", code=concept(text="HIV antibody"))
    count = resource("Observation", "c", code=concept(text="Full blood count"))
    report = resource("DiagnosticReport", "r", result=[to("Observation/v"), to("Observation/c")])
    assert sifted(policy, viral, count, report) == {"Observation/c", "DiagnosticReport/r"}


def test_a_report_with_no_result_left_is_withheld(policy: SensitivityPolicy) -> None:
    viral = resource("Observation", "v", code=concept(text="HIV antibody"))
    report = resource("DiagnosticReport", "r", code=concept(text="Serology"), result=[to("Observation/v")])
    visit = resource("Communication", "c", about=[to("DiagnosticReport/r")])
    assert sifted(policy, visit, report, viral) == set()


def test_a_withheld_report_draws_its_results(policy: SensitivityPolicy) -> None:
    result = resource("Observation", "o", code=concept(text="Antibody"), valueString="negative")
    report = resource("DiagnosticReport", "r", code=concept(text="HIV screen"), result=[to("Observation/o")])
    assert sifted(policy, result, report) == set()


@pytest.mark.parametrize(
    "holder",
    [
        resource("List", "x", entry=[{"item": HIV}]),
        resource("Composition", "x", section=[{"entry": [HIV]}]),
        resource("CareTeam", "x", participant=[{"member": HIV}]),
        resource("CarePlan", "x", activity=[{"reference": HIV}, {"reference": to("ServiceRequest/2")}]),
    ],
    ids=lambda holder: holder["resourceType"],
)
def test_a_holder_of_many_only_loses_the_member(policy: SensitivityPolicy, holder: dict[str, Any]) -> None:
    assert sifted(policy, HIV_PROBLEM, holder) == {f"{holder['resourceType']}/x"}


def test_what_was_done_about_a_withheld_problem_is_withheld(policy: SensitivityPolicy) -> None:
    content = {"url": GP_CONNECT + "RelatedClinicalContent-1"}
    blood = resource("Observation", "b", code=concept(text="Full blood count"))
    problem = {**HIV_PROBLEM, "extension": [{**content, "valueReference": to("Observation/b")}]}
    assert sifted(policy, blood, problem) == set()
    diabetes = resource("Condition", "d", extension=[{**content, "valueReference": to("Observation/v")}])
    viral = resource("Observation", "v", code=concept(text="HIV antibody"))
    assert sifted(policy, diabetes, viral) == {"Condition/d"}


def test_an_attachment_carries_the_document_that_holds_it(policy: SensitivityPolicy) -> None:
    binary = resource("Binary", "b", contentType="text/plain", data="SElWIGNsaW5pYw==")
    document = resource("DocumentReference", "d", content=[{"attachment": {"url": "Binary/b"}}])
    assert sifted(policy, document, binary) == set()


def test_a_provenance_of_several_is_kept_while_one_is_shown(policy: SensitivityPolicy) -> None:
    both = resource("Provenance", "1", target=[HIV, to("Observation/o")])
    only = resource("Provenance", "2", target=[HIV])
    pulse = resource("Observation", "o", code=PLAIN)
    assert sifted(policy, both, only, pulse, HIV_PROBLEM) == {"Provenance/1", "Observation/o"}


def test_escaped_references_are_followed(policy: SensitivityPolicy) -> None:
    escaped = rb'{"resourceType":"Procedure","id":"p","reasonReference":[{"reference":"Condition\/hiv"}]}'
    decisions = policy.sift([Item("Condition/c1", raw(HIV_PROBLEM)), Item("Procedure/p", escaped)])
    assert isinstance(decisions[1], Withhold)


def part(code: str, id: str, *below: str, **more: Any) -> dict[str, Any]:
    entry = [{"item": to(target)} for target in below]
    return resource("List", id, code=concept(code), encounter=to("Encounter/e"), entry=entry, **more)


CONSULTATION, TOPIC, HEADING = "325851000000107", "25851000000105", "24781000000107"
VISIT = resource("Encounter", "e", type=[concept(text="Surgery")])
REMARK = resource("Observation", "o", code=PLAIN, comment="Cough for a week")
OTHER = [part(TOPIC, "t2", "List/h2", title="Cough"), part(HEADING, "h2", "Observation/o", title="History")]


def test_a_topic_goes_with_whatever_is_withheld_below_it_and_the_others_stay(policy: SensitivityPolicy) -> None:
    words = resource("Observation", "w", code=PLAIN, comment="Feels well on treatment")
    topic = [part(TOPIC, "t1", "List/h1", title="Review"), part(HEADING, "h1", "Observation/w", "Condition/c1")]
    whole = part(CONSULTATION, "all", "List/t1", "List/t2")
    shown = {"Encounter/e", "List/all", "List/t2", "List/h2", "Observation/o"}
    assert sifted(policy, VISIT, whole, *topic, *OTHER, REMARK, words, HIV_PROBLEM) == shown | {"Observation/w"}


def test_a_flat_topic_goes_with_what_is_withheld_in_it(policy: SensitivityPolicy) -> None:
    flat = part(TOPIC, "t1", "Condition/c1", "Observation/o")
    whole = part(CONSULTATION, "all", "List/t1")
    assert sifted(policy, VISIT, whole, flat, REMARK, HIV_PROBLEM) == {"Encounter/e", "Observation/o"}


def test_a_topic_about_a_withheld_problem_goes(policy: SensitivityPolicy) -> None:
    about = {"url": GP_CONNECT + "RelatedProblemHeader-1", "extension": [{"url": "target", "valueReference": HIV}]}
    topic = part(TOPIC, "t1", "Observation/o", title="Review", extension=[about])
    whole = part(CONSULTATION, "all", "List/t1", "List/t2")
    shown = sifted(policy, VISIT, whole, topic, *OTHER, REMARK, HIV_PROBLEM)
    assert shown == {"Encounter/e", "List/all", "List/t2", "List/h2", "Observation/o"}


def test_a_consultation_without_any_topic_left_goes(policy: SensitivityPolicy) -> None:
    topic = part(TOPIC, "t1", "Observation/o", title="HIV clinic letter")
    assert sifted(policy, VISIT, part(CONSULTATION, "all", "List/t1"), topic, REMARK) == {
        "Encounter/e",
        "Observation/o",
    }


def test_all_of_a_withheld_consultation_goes_and_what_was_recorded_in_it(policy: SensitivityPolicy) -> None:
    clinic = VISIT | {"type": [concept(text="GUM clinic")]}
    remark = REMARK | {"context": to("Encounter/e")}
    assert sifted(policy, clinic, part(CONSULTATION, "all", "List/t2"), *OTHER, remark) == set()


def test_other_lists_lose_the_member_and_stay(policy: SensitivityPolicy) -> None:
    listed = resource("List", "l", code=concept("717711000000103"), entry=[{"item": HIV}])
    assert sifted(policy, listed, HIV_PROBLEM) == {"List/l"}
