"""A FHIR R4 server in memory, as strict and as strange as a test needs it, behind a recorded upstream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from policies.caller import Caller
from policies.decision import Decision, Show, Withhold
from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.fhir_r4.adapter import FhirR4Adapter
from resolvers.sources.fhir_r4.options import FhirR4Options
from resolvers.sources.fhir_r4.patients import NHS_NUMBER
from resolvers.sources.fhir_r4.searches import BY_TYPE, SEARCHES
from resolvers.sources.source import Answer, Ask, Coverage, SectionAnswer, Source, Subject
from resolvers.sources.upstream import Reply, UpstreamError
from tests.resolvers.recorded import Recorded, Sent

BASE = "https://trust.example/fhir"
NUMBER = "9990000018"
TRUST = Organisation(ods_code="RAL", name="Royal Free London", kind=OrganisationKind.ACUTE_TRUST)
CALLER = Caller(issuer="https://id.example", subject="user", role="gp", organisation="F83001")
NOW = "2026-11-22T12:00:00Z"
DATE = "Sun, 22 Nov 2026 11:59:58 GMT"

Json = dict[str, Any]


def patient(local: str = "p1", number: str = NUMBER, **more: Any) -> Json:
    return {"resourceType": "Patient", "id": local, "identifier": [{"system": NHS_NUMBER, "value": number}], **more}


def snomed(code: str, display: str) -> Json:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]}


def allergy(local: str, display: str = "Latex", owner: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "id": local,
        "patient": {"reference": f"Patient/{owner}"},
        "code": snomed("111088007", display),
        **more,
    }


def observation(local: str, owner: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": local,
        "status": "final",
        "subject": {"reference": f"Patient/{owner}"},
        "code": {"text": "Haemoglobin"},
        **more,
    }


def declared(
    types: Mapping[str, Iterable[str]],
    batch: bool = False,
    includes: dict[str, list[str]] | None = None,
    everything: bool = False,
) -> Json:
    """A CapabilityStatement with these types and search parameters."""
    resources = [
        {
            "type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": name, "type": "token"} for name in names],
            **({"operation": [{"name": "everything"}]} if everything and kind == "Patient" else {}),
            **({"searchInclude": includes[kind]} if includes and kind in includes else {}),
        }
        for kind, names in types.items()
    ]
    rest = {"mode": "server", "resource": resources, "interaction": [{"code": "batch"}] if batch else []}
    return {"resourceType": "CapabilityStatement", "rest": [rest]}


@dataclass
class FhirServer:
    """Answers searches by patient from `resources`; every oddity is a switch.

    `rewrite` changes the answer of a search before it is sent; `page` limits rows a page whatever is asked for.
    """

    resources: list[Json]
    statement: Json | None = None
    page: int | None = None
    total: bool = False
    ignores_patient: bool = False
    replies: dict[str, Reply | UpstreamError] = field(default_factory=dict)
    rewrite: Callable[[str, Json], Json] | None = None
    batch_status: str = "200 OK"
    mode: str | None = "match"

    def __post_init__(self) -> None:
        self.upstream = Recorded(self, base_url=BASE)

    def __call__(self, sent: Sent) -> Reply | UpstreamError:
        path, query = sent.path, list(sent.query)
        if path.startswith(BASE):
            parts = urlsplit(path)
            path, query = parts.path.removeprefix("/fhir").strip("/"), parse_qsl(parts.query)
        if path == "metadata":
            return _json(self.statement) if self.statement is not None else Reply(404, b"")
        if path.endswith("/$everything"):
            return self._everything(path.split("/")[1], dict(query))
        if path == "" and sent.method == "POST":
            return self._batch(sent.json)
        if path.endswith("/_search"):
            path, query = path.removesuffix("/_search"), parse_qsl((sent.content or b"").decode())
        return self._search(path, query)

    def searches(self) -> list[str]:
        """The types that were searched, in order, paging aside."""
        return [sent.path for sent in self.upstream.sent if "/" not in sent.path and sent.path != "metadata"]

    def asks_by_id(self) -> bool:
        """Whether the last search was for single resources."""
        return "_id" in dict(self.upstream.sent[-1].query)

    def asked(self, kind: str) -> dict[str, list[str]]:
        """The parameters of the one search of a type."""
        (sent,) = [each for each in self.upstream.sent if each.path == kind]
        found: dict[str, list[str]] = {}
        for name, value in sent.query:
            found.setdefault(name, []).append(value)
        return found

    def _search(self, kind: str, query: list[tuple[str, str]]) -> Reply | UpstreamError:
        if kind in self.replies:
            return self.replies[kind]
        values = dict(query)
        rows = [each for each in self.resources if each["resourceType"] == kind and self._matches(each, values)]
        size = self.page or int(values.get("_count", 1000))
        start = int(values.get("_offset", 0))
        shown = rows[start : start + size]
        included = [] if kind == "Patient" else self._included(shown, kind, query)
        entries = [self._entry(each, self.mode) for each in shown] + [self._entry(each, "include") for each in included]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "self", "url": "x"}]}
        if entries:
            bundle["entry"] = entries
        if self.total:
            bundle["total"] = len(rows)
        if start + size < len(rows):
            later = [(name, value) for name, value in query if name != "_offset"] + [("_offset", str(start + size))]
            bundle["link"].append({"relation": "next", "url": f"{BASE}/{kind}?{urlencode(later)}"})
        return _json(self.rewrite(kind, bundle) if self.rewrite is not None else bundle)

    def _everything(self, local: str, values: dict[str, str]) -> Reply | UpstreamError:
        """As HAPI does it: the Patient is the match, all else is included, whatever it is about."""
        if "$everything" in self.replies:
            return self.replies["$everything"]
        kinds = values.get("_type", "").split(",")
        rows = [
            each
            for each in self.resources
            if (not _owners(each) or local in {reference.rpartition("/")[2] for reference in _owners(each)})
            and (not values.get("_type") or each["resourceType"] in kinds)
        ]
        size, start = self.page or int(values.get("_count", 1000)), int(values.get("_offset", 0))
        entries = [self._entry(each, "match" if each["resourceType"] == "Patient" else "include") for each in rows]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "entry": entries[start : start + size]}
        if start + size < len(rows):
            later = [(name, value) for name, value in values.items() if name != "_offset"] + [
                ("_offset", str(start + size))
            ]
            bundle["link"] = [{"relation": "next", "url": f"{BASE}/Patient/{local}/$everything?{urlencode(later)}"}]
        return _json(self.rewrite("$everything", bundle) if self.rewrite is not None else bundle)

    def _entry(self, resource: Json, mode: str | None) -> Json:
        entry: Json = {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource.get('id')}", "resource": resource}
        return {**entry, "search": {"mode": mode}} if mode else entry

    def _matches(self, resource: Json, values: dict[str, str]) -> bool:
        if resource["resourceType"] == "Patient":
            number = values.get("identifier", "").rpartition("|")[2]
            return any(each.get("value") == number for each in resource.get("identifier", []))
        if self.ignores_patient:
            return True
        if not self._named(resource, values):
            return False
        if resource["resourceType"] in WITHOUT_PATIENT:
            return "_id" in values
        wanted = {name: value for name, value in values.items() if name.split(".")[0].split(":")[0] in _NAMES}
        if not wanted:
            return False
        ((_, value),) = wanted.items()
        owners = {reference.rpartition("/")[2] for reference in _owners(resource)}
        if "|" in value:
            number = value.rpartition("|")[2]
            local = {
                each["id"] for each in self.resources if each["resourceType"] == "Patient" and _carries(each, number)
            }
        else:
            local = {each.rpartition("/")[2] for each in value.split(",")}
        return bool(owners & local)

    def _named(self, resource: Json, values: dict[str, str]) -> bool:
        """Whether a narrowing by id, or by what is held, lets a resource through."""
        if "_id" in values and resource.get("id") not in values["_id"].split(","):
            return False
        held = [(name, values[name].split(",")) for name in HELD_IN if name in values]
        return all(any(each["reference"] in some for each in resource.get(HELD_IN[name], [])) for name, some in held)

    def _included(self, shown: list[Json], kind: str, query: list[tuple[str, str]]) -> list[Json]:
        """Everything that a row refers to, whatever was asked for, but other rows: servers are generous."""
        if not any(name == "_include" for name, _ in query):
            return []
        near = self._referred(shown, shown)
        if not any(name == "_include:iterate" for name, _ in query):
            return near
        return near + self._referred(near, shown + near)

    def _referred(self, holders: list[Json], known: list[Json]) -> list[Json]:
        text = msgspec.json.encode(holders).decode()
        keys = {(each["resourceType"], each.get("id")) for each in known}
        named = ((each["resourceType"], each.get("id")) for each in self.resources)
        found = zip(self.resources, named, strict=True)
        return [each for each, (kind, local) in found if (kind, local) not in keys and f'"{kind}/{local}"' in text]

    def _batch(self, bundle: Json) -> Reply:
        entries = []
        for entry in bundle["entry"]:
            kind, _, query = entry["request"]["url"].partition("?")
            answer = self._search(kind, parse_qsl(query))
            assert isinstance(answer, Reply)
            status = self.batch_status if answer.status == 200 else str(answer.status)
            entries.append({"resource": msgspec.Raw(answer.body), "response": {"status": status}})
        return _json({"resourceType": "Bundle", "type": "batch-response", "entry": entries})


class Everything:
    """A policy that shows all but the items with these keys; what links draw along is policy's own business."""

    def __init__(self, *withheld: str) -> None:
        self._withheld = frozenset(withheld)

    def sift(self, items: Iterable[Item]) -> list[Decision]:
        return [Withhold("test") if item.key in self._withheld else Show("test") for item in items]


def source(server: FhirServer, **options: Any) -> Source:
    adapter = FhirR4Adapter(server.upstream, "rfl", TRUST, FhirR4Options(**options))
    return Source("rfl", TRUST, adapter, Coverage(everybody=True))


def question(*sections: Section, subject: Subject | None = None, since: dict[Section, str] | None = None) -> Ask:
    wanted = frozenset(sections or SEARCHES)
    return Ask(subject or Subject(NUMBER), wanted, CALLER, "r1", 1e12, NOW, since or {})


async def answer(server: FhirServer, *sections: Section, policy: Any = None, **options: Any) -> Answer:
    """What the source answers, policy included."""
    return await source(server, **options).ask(question(*sections), policy or Everything())


async def only(server: FhirServer, section: Section, policy: Any = None, **options: Any) -> SectionAnswer:
    return (await answer(server, section, policy=policy, **options))[section]


def codes(part: SectionAnswer) -> list[str]:
    """The codes of a section's warnings."""
    return [warning.code for warning in part.warnings]


HELD_IN = {"result": "result", "has-member": "hasMember"}
WITHOUT_PATIENT = frozenset({search.type for search in BY_TYPE.values() if not search.by})
_NAMES = frozenset({"patient", "subject", "actor"})


def _owners(resource: Json) -> list[str]:
    participants = [each.get("actor") for each in resource.get("participant", []) if "actor" in each]
    links = [resource.get("patient"), resource.get("subject"), *participants]
    return [link["reference"] for link in links if isinstance(link, dict) and "reference" in link]


def _carries(resource: Json, number: str) -> bool:
    return any(each.get("value") == number for each in resource.get("identifier", []))


def _json(body: Any) -> Reply:
    return Reply(200, msgspec.json.encode(body), {"content-type": "application/fhir+json", "date": DATE})
