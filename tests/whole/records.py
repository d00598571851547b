"""Made-up records of one person at four organisations, harmless and withheld through every channel, linked to one another.

`drawn(random)` is a record R∪S; `without_withheld` is R. What is withheld by construction carries `LEAK` in its id and words, so
that a test sees it wherever it comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import msgspec

from policies.decision import Show
from policies.sensitivity.gate import Item
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.fhir_r4.adapter import FhirR4Adapter
from resolvers.sources.fhir_r4.options import FhirR4Options
from resolvers.sources.fhir_r4.searches import BY_TYPE
from resolvers.sources.gp_connect.adapter import GPConnect
from resolvers.sources.social_care.adapter import SocialCare
from resolvers.sources.source import Coverage, Source
from resolvers.sources.upstream import Upstream
from tests.resolvers.fhir_r4.server import TRUST, FhirServer, Json, declared, patient
from tests.resolvers.gp_connect.practice import SETTINGS, bundle, listing
from tests.resolvers.pds.service import located
from tests.resolvers.recorded import Recorded, always, ok
from tests.resolvers.social_care.council import CAMDEN, document
from tests.whole.gateway import PERSON, World, policies

LEAK = "zzleakzz"
BORN = "1980-05-05"
SCT = "http://snomed.info/sct"
CONSULTATION, TOPIC, HEADING = "325851000000107", "25851000000105", "24781000000107"
RELATED_PROBLEM = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-RelatedProblemHeader-1"
PRACTICE = Organisation(ods_code="Y99001", name="Test Practice", kind=OrganisationKind.GP_PRACTICE)
HARMLESS = ["Cough", "Asthma", "Full blood count", "Cardiac arrest", "Flat 2 Kings Court", "R&D <b>note</b>"]
Telling = Callable[[Json], Json]


def _words(text: str) -> Telling:
    return lambda one: one | {"note": [{"text": f"{LEAK} {text}"}]}


TELLING: list[Telling] = [
    lambda one: one | {"code": {"coding": [{"system": SCT, "code": "86406008"}], "text": LEAK}},  # HIV
    lambda one: one | {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "A51.0"}]}},
    lambda one: one | {"code": {"coding": [{"system": SCT, "code": "63487001"}]}},  # fertility
    lambda one: one | {"code": {"coding": [{"system": SCT, "code": "758941000000108"}]}},  # MARAC
    lambda one: one | {"code": {"coding": [{"system": SCT, "code": "105568001"}]}},  # in prison
    lambda one: one | {"code": {"coding": [{"system": SCT, "code": "375041000000100"}]}},  # child protection
    lambda one: one | {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}},
    lambda one: one | {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}},
    _words("HIV test"),
    _words("H<i>I</i>V test"),
    _words("seen at the GUM clinic"),
    _words("Biktarvy tablets"),
    _words("domestic violence"),
    lambda one: one | {"text": {"status": "generated", "div": f"<div>{LEAK} syph&#105;lis</div>"}},
    lambda one: one | {"contained": [{"resourceType": "Medication", "id": "c", "code": {"text": f"{LEAK} Truvada"}}]},
    lambda one: one | {"extension": [{"url": "x", "valueCodeableConcept": {"coding": [{"system": SCT, "code": "86406008"}]}}]},
    lambda one: one | {"extension": [{"url": "x", "valueString": f"{LEAK} abacavir"}]},
]  # fmt: skip

DATED = {
    "AllergyIntolerance": ("recordedDate", None),
    "MedicationRequest": ("authoredOn", {"status": "completed"}),
    "Condition": ("recordedDate", {"clinicalStatus": {"coding": [{"code": "resolved"}]}}),
    "Encounter": ("period", {"status": "finished"}),
    "Composition": ("date", {"status": "final"}),
    "Appointment": ("start", {"status": "fulfilled"}),
    "Observation": ("effectiveDateTime", {"status": "final"}),
    "DiagnosticReport": ("effectiveDateTime", {"status": "final"}),
    "Immunization": ("occurrenceDateTime", None),
    "Procedure": ("performedDateTime", None),
    "DocumentReference": ("date", {"status": "current"}),
    "Flag": ("period", {"status": "inactive"}),
    "CarePlan": ("period", {"status": "completed"}),
}
"""R4 types of the hospital: where their date stands, and what makes an old one over (None: no window takes it)."""
BY_PATIENT = ("AllergyIntolerance", "Immunization", "EpisodeOfCare")
WITHOUT_PATIENT = ("PractitionerRole", "Organization", "Location", "Medication")
BESIDE = ("ServiceRequest", "EpisodeOfCare")
"""Of no section."""
LINKS = {
    "AllergyIntolerance": ("recorder", "encounter"),
    "MedicationRequest": ("requester", "medicationReference", "reasonReference", "encounter", "basedOn"),
    "Condition": ("asserter", "encounter"),
    "Encounter": ("serviceProvider", "reasonReference", "episodeOfCare", "partOf", "appointment"),
    "Composition": ("encounter", "author"),
    "Appointment": ("basedOn", "reasonReference"),
    "Observation": ("performer", "encounter", "hasMember", "basedOn", "derivedFrom"),
    "DiagnosticReport": ("result", "encounter", "performer", "basedOn"),
    "Immunization": ("reasonReference", "location"),
    "Procedure": ("reasonReference", "encounter", "partOf", "report"),
    "DocumentReference": ("author", "custodian", "related"),
    "Flag": ("encounter", "author"),
    "CarePlan": ("addresses", "supportingInfo", "encounter"),
    "ServiceRequest": ("reasonReference", "encounter"),
    "EpisodeOfCare": ("referralRequest", "managingOrganization"),
}
TARGETS = {
    "recorder": ("PractitionerRole", "Organization"),
    "requester": ("PractitionerRole", "Organization"),
    "asserter": ("PractitionerRole",),
    "performer": ("PractitionerRole", "Organization"),
    "serviceProvider": ("Organization",),
    "medicationReference": ("Medication",),
    "author": ("PractitionerRole", "Organization"),
    "custodian": ("Organization",),
    "managingOrganization": ("Organization",),
    "location": ("Location",),
    "reasonReference": ("Condition", "Observation", "DiagnosticReport", "Procedure"),
    "addresses": ("Condition",),
    "encounter": ("Encounter",),
    "partOf": ("Encounter", "Procedure"),
    "episodeOfCare": ("EpisodeOfCare",),
    "appointment": ("Appointment",),
    "basedOn": ("ServiceRequest", "CarePlan"),
    "referralRequest": ("ServiceRequest",),
    "derivedFrom": ("Observation", "DocumentReference"),
    "supportingInfo": ("Observation", "Immunization", "AllergyIntolerance", "Flag"),
    "report": ("DiagnosticReport", "Composition"),
    "related": ("Encounter", "Observation"),
    "hasMember": ("Observation",),
    "result": ("Observation",),
}
ONE = frozenset(
    "recorder requester asserter serviceProvider medicationReference encounter location custodian managingOrganization".split()
)
BAD = {"Condition": "abatementDateTime", "Observation": "issued", "AllergyIntolerance": "onsetDateTime"}


@dataclass(frozen=True)
class Record:
    """One person's record. `old` are the ids of what lies outside the record for its age."""

    hospital: list[Json] = field(default_factory=list)
    practice: list[Json] = field(default_factory=list)
    council: list[tuple[str, Json]] = field(default_factory=list)
    visits: list[Json] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    person: Json = field(default_factory=dict)
    old: frozenset[str] = frozenset()


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.old: set[str] = set()
        self.number = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def day(self) -> str:
        return f"202{self.random.randint(5, 6)}-0{self.random.randint(1, 9)}-{self.random.randint(10, 28)}"

    def id(self, telling: bool) -> str:
        self.number += 1
        # ids decide ties: those of withheld entries come before, between and after the others
        return f"{self.random.choice('amz')}{self.number}{LEAK if telling else ''}"

    def fate(self, kind: str, may_be_old: bool) -> str:
        if self.chance(0.4):
            return "telling"
        return "old" if may_be_old and self.chance(0.2) else "shown"

    def resource(self, kind: str, linked: list[Json]) -> Json:
        """One hospital resource with links to some of those before it."""
        where, over = DATED.get(kind, (None, None))
        fate = self.fate(kind, over is not None)
        one: Json = {"resourceType": kind, "id": self.id(fate == "telling")}
        words = {"text": self.random.choice(HARMLESS)}
        if kind in ("Organization", "Location"):
            one["name"] = words["text"]
        else:
            one["code"] = [words] if kind == "PractitionerRole" else words
        if kind not in WITHOUT_PATIENT:
            one |= self.of_the_person(kind)
        if where is not None:
            when = "2001-02-03" if fate == "old" else self.day()
            one[where] = {"start": when, "end": when} if where == "period" else when
        if kind == "Appointment" and fate != "old" and self.chance(0.5):
            one["start"] = "2026-12-24T09:00:00Z"
        if kind in BAD and self.chance(0.15):
            one[BAD[kind]] = "x"
        if kind in ("Composition", "DocumentReference"):
            one |= {"type": {"text": "Discharge summary"}, "title": words["text"]}
        if fate == "old":
            self.old.add(one["id"])
            return one | (over or {})
        if fate == "telling":
            one = self.random.choice(TELLING)(one)
            if kind == "PractitionerRole":
                one["code"] = [one["code"]] if isinstance(one["code"], dict) else one["code"]
        self.link(kind, one, linked)
        return one

    def of_the_person(self, kind: str) -> Json:
        owner = {"reference": "Patient/p1"}
        if kind == "Appointment":
            return {"participant": [{"actor": owner}]}
        return {("patient" if kind in BY_PATIENT else "subject"): owner}

    def link(self, kind: str, one: Json, linked: list[Json]) -> None:
        for name in LINKS.get(kind, ()):
            near = [each for each in linked if each["resourceType"] in TARGETS[name] and each["id"] not in self.old]
            if near and self.chance(0.6):
                target = self.random.choice(near)
                reference = {"reference": f"{target['resourceType']}/{target['id']}"}
                one[name] = reference if name in ONE or (name == "author" and kind == "Flag") else [reference]
                if name == "partOf" and kind == "Encounter":
                    one[name] = reference
                if name == "related":
                    one["context"] = {name: one.pop(name)}

    def hospital(self) -> list[Json]:
        found: list[Json] = []
        kinds = [*WITHOUT_PATIENT, *DATED, *BESIDE]
        for _ in range(self.random.randint(0, 24)):
            found.append(self.resource(self.random.choice(kinds), found))
        self.random.shuffle(found)
        return found

    def practice(self) -> list[Json]:
        kinds = ("AllergyIntolerance", "Condition", "Immunization", "Observation", "MedicationStatement")
        found: list[Json] = []
        for _ in range(self.random.randint(0, 7)):
            kind = self.random.choice(kinds)
            telling = self.chance(0.4)
            one: Json = {"resourceType": kind, "id": self.id(telling), "code": {"text": self.random.choice(HARMLESS)}}
            owner = {"reference": "Patient/p"}
            one["patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"] = owner
            one |= {"assertedDate": self.day(), "effectiveDateTime": self.day(), "date": self.day()}
            if kind == "Observation":
                one["valueQuantity"] = {"value": 5}
            if kind == "AllergyIntolerance" and self.chance(0.2):
                one["code"] = {"coding": [{"system": SCT, "code": "716186003"}]}
            if kind == "MedicationStatement":
                one["medicationCodeableConcept"] = one.pop("code")
                problems = [each for each in found if each["resourceType"] == "Condition"]
                if problems and self.chance(0.5):
                    one["reasonReference"] = [{"reference": f"Condition/{self.random.choice(problems)['id']}"}]
            found.append(self.random.choice(TELLING)(one) if telling else one)
        for one in found:
            if one["resourceType"] == "Condition" and self.chance(0.5):
                self.was_done(one, found)
        return [*found, *(part for _ in range(self.random.randint(0, 2)) for part in self.consultation(found))]

    def was_done(self, problem: Json, found: list[Json]) -> None:
        """A GP Connect problem names what was done about it."""
        target = self.random.choice(found)
        if target is not problem:
            url = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-RelatedClinicalContent-1"
            reference = {"reference": f"{target['resourceType']}/{target['id']}"}
            problem["extension"] = [*problem.get("extension", []), {"url": url, "valueReference": reference}]

    def consultation(self, found: list[Json]) -> list[Json]:
        """An encounter with its lists; what it notes are remarks of its own and entries of the practice's record."""
        fate = self.random.choice(["telling", "old", "shown", "shown", "shown", "shown"])
        own = self.id(fate == "telling")
        start = "2001-02-03" if fate == "old" else "x" if self.chance(0.1) else self.day()
        visit: Json = {"resourceType": "Encounter", "id": own, "type": [{"text": self.random.choice(HARMLESS)}]}
        visit |= {"subject": {"reference": "Patient/p"}, "period": {"start": start}, "status": "finished"}
        here = {"reference": f"Encounter/{own}"}
        parts = [self.random.choice(TELLING)(visit) if fate == "telling" else visit]

        def part(code: str, below: list[Json]) -> Json:
            telling = self.chance(0.15)
            one: Json = {
                "resourceType": "List",
                "id": self.id(telling),
                "code": {"coding": [{"system": SCT, "code": code}]},
            }
            one |= {"subject": {"reference": "Patient/p"}, "encounter": here, "entry": [_entry(each) for each in below]}
            one["title"] = f"{LEAK} HIV clinic" if telling else 7 if self.chance(0.1) else self.random.choice(HARMLESS)
            problems = [each for each in found if each["resourceType"] == "Condition"]
            if code != CONSULTATION and problems and self.chance(0.2):
                target = {
                    "url": "target",
                    "valueReference": {"reference": f"Condition/{self.random.choice(problems)['id']}"},
                }
                one["extension"] = [{"url": RELATED_PROBLEM, "extension": [target]}]
            parts.append(one)
            return one

        def noted() -> list[Json]:
            beside = [each for each in found if self.chance(0.2)]
            for each in beside:
                each.setdefault("context", here)
            telling = self.chance(0.15)
            words = f"{LEAK} HIV test" if telling else self.random.choice(HARMLESS)
            remark: Json = {"resourceType": "Observation", "id": self.id(telling), "comment": words, "context": here}
            remark |= {
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": self.day(),
                "code": {"text": "Remark"},
            }
            parts.append(remark)
            return [remark, *beside]

        topics = []
        for _ in range(self.random.randint(1, 3)):
            below = [part(HEADING, noted()) for _ in range(self.random.randint(0, 2))] or noted()
            topics.append(part(TOPIC, below))
        part(CONSULTATION, topics)
        if fate == "old":
            self.old |= {one["id"] for one in parts}
        return parts

    def council(self) -> list[tuple[str, Json]]:
        found: list[tuple[str, Json]] = []
        for _ in range(self.random.randint(0, 5)):
            name = self.random.choice(["services", "assessments", "flags", "workers", "plans"])
            fate = self.random.choice(["telling", "child", "child's", "shown", "shown", "shown"])
            one: Json = {
                "id": self.id(fate != "shown"),
                "clientType": "child" if fate == "child's" else "adult",
                "type": {"text": self.random.choice(HARMLESS)},
                "status": self.random.choice(["active", "ended", "odd"]),
                "start": "1995-01-01" if fate == "child" else self.day(),
            }
            if fate == "telling":
                one["description"] = f"{LEAK} refuge after domestic violence"
            if fate != "shown":
                self.old.add(one["id"])
            found.append((name, one))
        return found

    def visits(self) -> list[Json]:
        texts = [(text, False) for text in HARMLESS] + [(f"{LEAK} HIV test", True), (f"{LEAK} in prison", True)]
        chosen = [self.random.choice(texts) for _ in range(self.random.randint(0, 4))]
        return [{"id": self.id(telling), "text": text, "patient": PERSON} for text, telling in chosen]

    def person(self) -> Json:
        facts: Json = {"birthDate": BORN, "gender": "female", "name": [{"use": "usual", "family": "Made-Up"}]}
        found = located(PERSON, "R" if self.chance(0.15) else "U") | facts
        if self.chance(0.3):
            found["telecom"] = [
                *found["telecom"],
                {"system": "email", "value": f"{LEAK}@gumclinic.example", "use": "work"},
            ]
        if self.chance(0.2):
            found["address"] = [{"use": "home", "line": [f"HMP Pentonville {LEAK}"], "postalCode": "NW1 1AB"}]
        return found


def drawn(random: Random) -> Record:
    """A record with all that is in it, withheld or not."""
    maker = _Maker(random)
    parts: Any = [maker.hospital(), maker.practice(), maker.council(), maker.visits()]
    return Record(*parts, [PERSON], maker.person(), frozenset(maker.old))


def without_withheld(record: Record) -> Record:
    """The record as if what policy withholds of it had never been recorded."""
    person = dict(record.person)
    person["telecom"] = [one for one in person["telecom"] if LEAK not in one["value"]]
    person["address"] = [one for one in person["address"] if LEAK not in one["line"][0]]
    return replace(
        record,
        hospital=_shown(record.hospital, record.old),
        practice=_shown(record.practice, record.old),
        council=[(name, one) for name, one in record.council if one["id"] not in record.old],
        visits=[one for one in record.visits if LEAK not in one["text"]],
        person=person,
    )


def _shown(resources: list[Json], old: frozenset[str]) -> list[Json]:
    """What the gate keeps of everything that the organisation holds, whatever a query asks of it."""
    items = [Item(f"{one['resourceType']}/{one['id']}", msgspec.json.encode(one)) for one in resources]
    decisions = policies().sensitivity.sift(items)
    pairs = zip(resources, decisions, strict=True)
    return [one for one, decision in pairs if isinstance(decision, Show) and one["id"] not in old]


def world(record: Record, opted_out: frozenset[str] = frozenset(), **options: Any) -> World:
    """The organisations that hold this record. `options` are the hospital's."""
    return World(
        sources=(hospital(record, **options), practice(record), council(record)),
        visits=record.visits,
        watched=record.watched,
        opted_out=set(opted_out),
        people={PERSON: record.person} if record.person else {},
    )


PROPERTIES = {
    "medication": "medicationReference",
    "reason-reference": "reasonReference",
    "service-provider": "serviceProvider",
    "episode-of-care": "episodeOfCare",
    "based-on": "basedOn",
    "organization": "managingOrganization",
}


class Exact(FhirServer):
    """Includes what the query names, and nothing else."""

    def _included(self, shown: list[Json], kind: str, query: list[tuple[str, str]]) -> list[Json]:
        names = [value.split(":")[1] for name, value in query if name == "_include"]
        held = [one.get(PROPERTIES.get(name, name)) for one in shown for name in names]
        return self._referred([{"held": held}], shown)


def hospital(
    record: Record, page: int | None = None, includes: bool = True, finds: bool = True, **options: Any
) -> Source:
    """`includes`: the server knows `_include`. `finds`: it finds single resources, and reports by what they hold."""
    types = {search.type: list(search.by) for search in BY_TYPE.values()} | {"Patient": ["identifier"]}
    if finds:
        types = {kind: [*names, "_id", "result", "has-member"] for kind, names in types.items()}
    given = {kind: ["*" if includes else "-"] for kind in types}
    statement = declared(types, batch=True, includes=given, everything=True)
    server = Exact([patient(), *record.hospital], statement, page=page, total=True)
    adapter = FhirR4Adapter(server.upstream, "rfl", TRUST, FhirR4Options(**options))
    return Source("rfl", TRUST, adapter, Coverage(everybody=True))


LISTS = {
    "AllergyIntolerance": "886921000000105",
    "MedicationStatement": "933361000000108",
    "Condition": "717711000000103",
    "Observation": "887191000000108",
    "Immunization": "1102181000000102",
    "Encounter": "1149501000000101",
}


def practice(record: Record) -> Source:
    """Answers for the asked areas only, as a practice does."""
    areas = {"includeAllergies": "AllergyIntolerance", "includeMedication": "MedicationStatement"} | {
        "includeProblems": "Condition",
        "includeInvestigations": "Observation",
        "includeImmunisations": "Immunization",
        "includeConsultations": "Encounter",
    }

    def answer(sent: Any) -> Any:
        asked = {areas[one["name"]] for one in sent.json["parameter"] if one["name"] in areas}
        noted = _noted(record.practice) if "Encounter" in asked else set()
        held = [one for one in record.practice if one["resourceType"] in asked or _name(one) in noted]
        lists = [
            listing(LISTS[kind], entry=[_entry(one) for one in held if one["resourceType"] == kind])
            for kind in sorted(asked)
        ]
        return ok(bundle(*held, *lists, lists=False))

    structured: Upstream = Recorded(answer)
    adapter = GPConnect("gp1", PRACTICE, SETTINGS, structured=structured)
    return Source("gp1", PRACTICE, adapter, Coverage(practices=frozenset({"Y99001"})))


def _noted(held: list[Json]) -> set[str]:
    """What comes with consultations: their lists, and all that is named there."""
    lists = [one for one in held if one["resourceType"] == "List"]
    below = {entry["item"]["reference"] for one in lists for entry in one["entry"]}
    return below | {_name(one) for one in lists}


def _name(one: Json) -> str:
    return f"{one['resourceType']}/{one['id']}"


def _entry(one: Json) -> Json:
    return {"item": {"reference": f"{one['resourceType']}/{one['id']}"}}


def council(record: Record) -> Source:
    lists: dict[str, list[Json]] = {}
    for name, one in record.council:
        lists.setdefault(name, []).append(one)
    adapter = SocialCare("camden", CAMDEN, always(document(**lists)))
    return Source("camden", CAMDEN, adapter, Coverage(local_authorities=frozenset({"E09000007"})))
