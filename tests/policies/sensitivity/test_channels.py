"""The ways in which a record tells more than its codes do."""

from __future__ import annotations

import base64
from types import MappingProxyType
from typing import Any

import pytest

from policies.decision import Withhold
from policies.sensitivity.gate import SensitivityPolicy
from tests.policies.sensitivity.judging import HIV_PROBLEM, concept, is_withheld, resource, sifted, to

LOINC = "http://loinc.org"
PLAIN = concept("271649006", "Blood pressure")

CHANNELS: dict[str, Any] = {
    "comment only": resource(
        "Observation", "o", code=PLAIN, comment="(Test request : HIV Investigation)\r\nFinal report"
    ),
    "note": resource("Condition", "c", code=PLAIN, note=[{"text": "seen for syphilis serology"}]),
    "medicine as a value under local codes": resource(
        "Observation",
        "o",
        code={"coding": [{"system": LOINC, "code": "1088AAAA", "display": "CURRENT DRUGS"}]},
        valueCodeableConcept={"coding": [{"system": LOINC, "code": "630AAAA", "display": "Lamivudine / zidovudine"}]},
    ),
    "string value": resource("Observation", "o", code=PLAIN, valueString="HIV antibody negative"),
    "component value": resource("Observation", "o", component=[{"valueString": "CD4 420"}]),
    "copy in a claim": resource("Claim", "c", item=[{"productOrService": concept("31676001")}]),
    "dosage text": resource("MedicationRequest", "m", dosageInstruction=[{"text": "one daily with Truvada"}]),
    "instruction to the patient": resource(
        "MedicationRequest", "m", dosageInstruction=[{"patientInstruction": "part of your fertility treatment IVF"}]
    ),
    "allergy to the medicine": resource("AllergyIntolerance", "a", code=concept(text="Allergy to abacavir")),
    "drug-induced disorder": resource("Condition", "c", code=concept("713542007")),
    "interaction": resource("DetectedIssue", "d", detail="Interaction of simvastatin with darunavir"),
    "contained medicine": resource(
        "MedicationRequest",
        "m",
        contained=[resource("Medication", "1", code=concept(text="Dolutegravir 50mg tablets"))],
        medicationReference=to("#1"),
    ),
    "appointment's description": resource("Appointment", "a", description="GUM clinic follow-up"),
    "appointment's specialty": resource(
        "Appointment",
        "a",
        specialty=[concept("360", system="https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode")],
    ),
    "specialty without a system": resource("Appointment", "a", specialty=[{"coding": [{"code": "360"}]}]),
    "service type": resource(
        "Appointment", "a", serviceType=[concept("67", system="http://terminology.hl7.org/CodeSystem/service-type")]
    ),
    "participant's name": resource(
        "Appointment", "a", participant=[{"actor": {"display": "Mortimer Market Centre, Clinic 2"}}]
    ),
    "place in an encounter": resource("Encounter", "e", location=[{"location": {"display": "Fertility Unit"}}]),
    "service provider": resource("Encounter", "e", serviceProvider={"display": "HMP Pentonville Healthcare"}),
    "practitioner's e-mail": resource(
        "Practitioner", "p", telecom=[{"system": "email", "value": "a.b@sexual-health.example.nhs.uk"}]
    ),
    "practitioner's specialty": resource("PractitionerRole", "p", specialty=[concept("394808002")]),
    "care team's name": resource("CareTeam", "t", name="Children's social care, team 3"),
    "document's title": resource("DocumentReference", "d", content=[{"attachment": {"title": "HIV referral note"}}]),
    "file name in an address": resource(
        "DocumentReference", "d", content=[{"attachment": {"url": "https://x.example/files/gum_clinic_letter.pdf"}}]
    ),
    "document's type": resource("DocumentReference", "d", type=concept("86664-0", system=LOINC)),
    "attached text": resource(
        "DocumentReference",
        "d",
        content=[
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "data": base64.b64encode(b"Dear colleague, HIV positive since 2019").decode(),
                }
            }
        ],
    ),
    "composition's section": resource("Composition", "c", section=[{"title": "Safeguarding: domestic abuse"}]),
    "narrative": resource("Observation", "o", text={"div": "<div><p>Chlamydia&nbsp;trachomatis</p></div>"}),
    "display of a reference": resource("MedicationRequest", "m", reasonReference=[to("Condition/9", display="HIV")]),
    "reference by telling id": resource("Appointment", "a", participant=[{"actor": to("Location/gum-clinic")}]),
    "address": resource("Encounter", "e", contact=[{"address": {"text": "HMP Wormwood Scrubs, London"}}]),
    "source of admission": resource(
        "Encounter",
        "e",
        hospitalization={
            "admitSource": concept("40", system="https://fhir.hl7.org.uk/CodeSystem/UKCore-SourceOfAdmissionEngland")
        },
    ),
    "family history": resource("FamilyMemberHistory", "f", condition=[{"code": concept("438998000")}]),
    "another person's matter": resource("Condition", "c", code=concept("160860008")),
    "text where the code is degraded": resource(
        "Condition", "c", code=concept("196411000000103", text="Asymptomatic HIV infection")
    ),
    "refuge": {"accommodationStatus": "CH02"},
    "council's flag": resource(
        "Flag",
        "f",
        code=concept("MAPPA", system="https://fhir.interweavedigital.nhs.uk/CodeSystem/Interweave-FlagType"),
    ),
    "confidential marker": resource("Observation", "o", code=concept("9R1..", system="http://read.info/readv2")),
    "partner's words": {"__typename": "FallRisk", "summary": "Fell while fleeing domestic violence"},
    "deeply nested": {"a": [{"b": [{"c": {"d": [[{"e": "syphilis"}]]}}]}]},
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_is_closed(policy: SensitivityPolicy, channel: str) -> None:
    assert is_withheld(policy, CHANNELS[channel])


def test_the_plain_record_is_shown(policy: SensitivityPolicy) -> None:
    assert not is_withheld(policy, resource("Observation", "o", code=PLAIN, valueString="120/80"))


def test_a_negative_or_declined_test_reveals_as_much_as_a_positive_one(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, {"code": concept("165815009")})
    assert is_withheld(policy, {"code": concept("390786002")})


def test_a_medicine_of_two_uses_is_judged_by_its_own_item(policy: SensitivityPolicy) -> None:
    lamivudine = resource("MedicationRequest", "l", medicationCodeableConcept=concept(text="Lamivudine 100mg tablets"))
    hepatitis = resource("Condition", "b", code=concept("66071002", "Viral hepatitis type B"))
    assert sifted(policy, lamivudine, hepatitis) == {"Condition/b"}
    assert sifted(policy, lamivudine, HIV_PROBLEM) == set()
    branded = resource("MedicationRequest", "z", medicationCodeableConcept=concept(text="Zeffix (lamivudine) 100mg"))
    assert sifted(policy, branded, HIV_PROBLEM) == {"MedicationRequest/z"}


def test_what_cannot_be_read_is_withheld(policy: SensitivityPolicy) -> None:
    assert isinstance(policy.judge_raw(b'{"a": "\\ud800"'), Withhold)
    assert isinstance(policy.judge_raw(b'\xff\xfe"x"'), Withhold)
    assert isinstance(policy.judge_raw(b"[" * 100_000 + rb'"\u0041"' + b"]" * 100_000), Withhold)


def test_a_fault_in_judging_withholds(policy: SensitivityPolicy) -> None:
    class Odd(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise OSError

    assert policy.judge(Odd(a=1)) == Withhold("sensitivity/unreadable")


@pytest.mark.parametrize("value", [b"HIV", {"a": {"HIV"}}, MappingProxyType({"a": "HIV"}), object(), [b""]])
def test_what_is_no_json_is_withheld(policy: SensitivityPolicy, value: Any) -> None:
    assert isinstance(policy.judge(value), Withhold)


def test_a_rule_names_category_and_channel_for_the_audit(policy: SensitivityPolicy) -> None:
    assert policy.judge(HIV_PROBLEM).rule == "sensitivity/hiv/code"
    assert policy.judge({"text": "on bail"}).rule == "sensitivity/criminal/text"
