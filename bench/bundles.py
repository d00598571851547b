"""Made-up FHIR R4 records for measuring: searchset Bundles of one patient at one organisation, the same on every run.

About one entry in twelve carries a sensitive code or a restricting label, so that the gate has work to do.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any

import msgspec

SNOMED = "http://snomed.info/sct"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
HL7 = "http://terminology.hl7.org/CodeSystem"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
UCUM = "http://unitsofmeasure.org"

PROBLEMS = (
    ("38341003", "Hypertension"),
    ("44054006", "Type 2 diabetes mellitus"),
    ("195967001", "Asthma"),
    ("396275006", "Osteoarthritis"),
    ("84114007", "Heart failure"),
)
SENSITIVE_PROBLEM = ("86406008", "Human immunodeficiency virus infection")
TESTS = (
    ("1019431000000105", "Haemoglobin A1c level", "mmol/mol"),
    ("1000731000000107", "Serum creatinine level", "umol/L"),
    ("1022431000000105", "Haemoglobin estimation", "g/L"),
    ("1010611000000107", "Plasma glucose level", "mmol/L"),
    ("271649006", "Systolic blood pressure", "mm[Hg]"),
    ("27113001", "Body weight", "kg"),
)
MEDICINES = (
    ("318858000", "Lisinopril 10mg tablets"),
    ("325278007", "Metformin 500mg tablets"),
    ("319283006", "Amlodipine 5mg tablets"),
    ("320029006", "Atorvastatin 40mg tablets"),
)
CLINICIANS = ("Dr Imre Halloran", "Dr Noor Vasquez", "Dr Lena Whitlock")
KINDS = ("observation",) * 6 + ("condition",) * 2 + ("medication",) * 2 + ("allergy",)


def nhs_number(place: int) -> str:
    """The `place`-th number of the range that is kept for tests, with its check digit."""
    body = 999_000_000
    for body in range(999_000_000, 1_000_000_000):
        check = 11 - sum(int(digit) * weight for digit, weight in zip(str(body), range(10, 1, -1), strict=True)) % 11
        if check != 10:
            if place == 0:
                return f"{body}{check % 11}"
            place -= 1
    raise ValueError("that many test numbers do not exist")


def bundle(organisation: int, patient: str, entries: int | None = None, size: int = 100_000) -> bytes:
    """A Bundle of `entries` entries, or of about `size` bytes. Compact JSON, as servers send it."""
    writer = _Writer(organisation, patient)
    rows = [writer.patient()]
    used = 400
    while used < size if entries is None else len(rows) <= entries:
        rows.append(writer.entry())
        used += len(rows[-1]) + 1
    links = [{"relation": "self", "url": f"{writer.base}/Patient/{patient}/$everything"}]
    head = {"resourceType": "Bundle", "id": f"b{organisation}", "type": "searchset", "total": len(rows), "link": links}
    return msgspec.json.encode(head)[:-1] + b',"entry":[' + b",".join(rows) + b"]}"


def person(patient: str) -> bytes:
    """The patient as the demographics service sends them."""
    return msgspec.json.encode(
        {
            "resourceType": "Patient",
            "id": patient,
            "meta": {"versionId": "2", "security": [{"system": CONFIDENTIALITY, "code": "U"}]},
            "identifier": [{"system": NHS_NUMBER, "value": patient}],
            "name": [{"id": "1", "use": "usual", "family": "Tremblay", "given": ["Rosa"]}],
            "gender": "female",
            "birthDate": "1961-04-17",
        }
    )


@lru_cache(maxsize=4096)
def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


class _Writer:
    def __init__(self, organisation: int, patient: str) -> None:
        self.base = f"https://org{organisation}.example/fhir"
        self._random = Random(f"{organisation}/{patient}")
        self._patient = patient
        self._subject = {"reference": f"Patient/{patient}", "display": "Rosa Tremblay"}

    def patient(self) -> bytes:
        resource = msgspec.json.decode(person(self._patient)) | {"meta": {"lastUpdated": self._instant()}}
        return self._row(resource)

    def entry(self) -> bytes:
        resource: dict[str, Any] = getattr(self, f"_{self._random.choice(KINDS)}")()
        return self._row(resource)

    def _row(self, resource: dict[str, Any]) -> bytes:
        url = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        return msgspec.json.encode({"fullUrl": url, "resource": resource, "search": {"mode": "match"}})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"resourceType": kind, "id": self._hex(48), "meta": self._meta()}

    def _meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = {"versionId": str(self._random.randint(1, 9)), "lastUpdated": self._instant()}
        meta["source"] = f"#{self._hex(60)}"
        chance = self._random.random()
        if chance < 0.03:
            meta["security"] = [{"system": CONFIDENTIALITY, "code": "R", "display": "restricted"}]
        elif chance < 0.06:
            meta["security"] = [{"system": ACT_CODE, "code": "HIV", "display": "HIV/AIDS information sensitivity"}]
        elif chance < 0.5:
            meta["security"] = [{"system": CONFIDENTIALITY, "code": "N", "display": "normal"}]
        return meta

    def _hex(self, bits: int) -> str:
        return f"{self._random.getrandbits(bits):0{bits // 4}x}"

    def _day(self) -> str:
        pick = self._random.randint
        return f"20{pick(24, 25)}-{pick(1, 12):02d}-{pick(1, 28):02d}"

    def _instant(self) -> str:
        pick = self._random.randint
        return f"{self._day()}T{pick(0, 23):02d}:{pick(0, 59):02d}:{pick(0, 59):02d}.000+00:00"

    def _clinician(self) -> dict[str, str]:
        number = self._random.randint(100, 999)
        return {"reference": f"Practitioner/{number}", "display": self._random.choice(CLINICIANS)}

    def _common(self, kind: str, about: str = "subject") -> dict[str, Any]:
        resource = self._head(kind)
        resource["identifier"] = [{"system": f"{self.base}/id", "value": self._hex(64)}]
        resource[about] = self._subject
        resource["encounter"] = {"reference": f"Encounter/{self._hex(40)}"}
        return resource

    def _observation(self) -> dict[str, Any]:
        code, words, unit = self._random.choice(TESTS)
        value = round(self._random.uniform(1, 180), 1)
        return self._common("Observation") | {
            "status": "final",
            "category": [concept(f"{HL7}/observation-category", "laboratory", "Laboratory")],
            "code": concept(SNOMED, code, words),
            "effectiveDateTime": self._instant(),
            "issued": self._instant(),
            "performer": [self._clinician()],
            "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
            "interpretation": [concept(f"{HL7}/v3-ObservationInterpretation", "N", "Normal")],
            "referenceRange": [
                {
                    "low": {"value": 1.0, "unit": unit},
                    "high": {"value": 200.0, "unit": unit},
                    "text": f"1.0 - 200.0 {unit}",
                }
            ],
        }

    def _condition(self) -> dict[str, Any]:
        rare = self._random.random() < 0.1
        code, words = SENSITIVE_PROBLEM if rare else self._random.choice(PROBLEMS)
        return self._common("Condition") | {
            "clinicalStatus": concept(f"{HL7}/condition-clinical", "active", "Active"),
            "verificationStatus": concept(f"{HL7}/condition-ver-status", "confirmed", "Confirmed"),
            "category": [concept(f"{HL7}/condition-category", "problem-list-item", "Problem List Item")],
            "code": concept(SNOMED, code, words),
            "onsetDateTime": self._day(),
            "recordedDate": self._day(),
            "recorder": self._clinician(),
            "note": [{"text": "Followed at regular visits; patient informed and plan agreed."}],
        }

    def _medication(self) -> dict[str, Any]:
        code, words = self._random.choice(MEDICINES)
        return self._common("MedicationRequest") | {
            "status": self._random.choice(["active", "completed"]),
            "intent": "order",
            "medicationCodeableConcept": concept(SNOMED, code, words),
            "authoredOn": self._instant(),
            "requester": self._clinician(),
            "dosageInstruction": [
                {
                    "sequence": 1,
                    "text": "Take one tablet by mouth once daily",
                    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                }
            ],
            "dispenseRequest": {"numberOfRepeatsAllowed": 3, "quantity": {"value": 90, "unit": "tablet"}},
        }

    def _allergy(self) -> dict[str, Any]:
        return self._common("AllergyIntolerance", "patient") | {
            "clinicalStatus": concept(f"{HL7}/allergyintolerance-clinical", "active", "Active"),
            "type": "allergy",
            "category": ["medication"],
            "criticality": "high",
            "code": concept(SNOMED, "91936005", "Allergy to penicillin"),
            "recordedDate": self._day(),
            "recorder": self._clinician(),
            "reaction": [{"manifestation": [concept(SNOMED, "271807003", "Eruption of skin")], "severity": "moderate"}],
        }
