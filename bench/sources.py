"""Organisations for measuring: FHIR R4 servers and a demographics service, all in one process with prepared bytes.

    python -m bench.sources PORT

    /fhir/<n>/metadata, /fhir/<n>/Patient/<nhs>/$everything, /fhir/<n>/<Type>?…     organisation n
    /pds/Patient/<nhs>                                                              demographics
    /control?entries=…&bytes=…&delays=…                                             how all of them behave from now on

`entries` is per organisation (0: by `bytes`). `delays` are milliseconds by organisation; `hang` and `drop` are delays, too.
"""

from __future__ import annotations

import sys
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from bench.bundles import bundle, person
from bench.server import DROP, HANG, Answer, serve, wire

FHIR = "application/fhir+json"
TYPES = (
    "AllergyIntolerance Appointment CarePlan CareTeam Composition Condition DiagnosticReport DocumentReference Encounter "
    "Flag Immunization MedicationRequest MedicationStatement Observation Patient Procedure RelatedPerson"
).split()
PARAMETERS = ("patient", "subject", "identifier", "date", "_id", "_sort", "_count")
WORDS = {"hang": HANG, "drop": DROP}


class Organisations:
    """All organisations; bundles are made when they are first asked for, and kept."""

    def __init__(self) -> None:
        self._entries: int | None = None
        self._size = 100_000
        self._delays: list[float] = []
        self._kept: dict[str, bytes] = {}
        self._metadata = wire(_capabilities(), FHIR)

    def __call__(self, _method: str, target: str, _body: bytes) -> Answer:
        kept = self._kept.get(target)
        if kept is None:
            kept = self._kept[target] = self._make(target)
        if target.startswith("/fhir/"):
            place = int(target[6 : target.index("/", 6)])
            return Answer(kept, self._delays[place] if place < len(self._delays) else 0.0)
        return Answer(kept)

    def _make(self, target: str) -> bytes:
        parts = urlsplit(target)
        path = unquote(parts.path).strip("/").split("/")
        if path[0] == "control":
            self._control({name: values[-1] for name, values in parse_qs(parts.query).items()})
            return wire(b"{}")
        if path[0] == "pds":
            return wire(person(path[-1]), FHIR)
        if path[-1] == "metadata":
            return self._metadata
        if path[-1] == "$everything":
            return wire(bundle(int(path[1]), path[3], self._entries, self._size), FHIR)
        named = parse_qs(parts.query)
        number = next(named[name][0] for name in ("patient", "subject", "actor") if name in named).rpartition("/")[2]
        return wire(_of_type(bundle(int(path[1]), number, self._entries, self._size), path[2]), FHIR)

    def _control(self, settings: dict[str, str]) -> None:
        self._kept.clear()
        self._entries = int(settings["entries"]) or None if "entries" in settings else self._entries
        self._size = int(settings.get("bytes", self._size))
        if "delays" in settings:
            texts = settings["delays"].split(",")
            self._delays = [WORDS[text] if text in WORDS else float(text) / 1000 for text in texts]


def _of_type(whole: bytes, kind: str) -> bytes:
    """The part of a bundle that a search for one type finds."""
    bundle = msgspec.json.decode(whole)
    bundle["entry"] = [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]
    bundle["total"] = len(bundle["entry"])
    return msgspec.json.encode(bundle)


def _capabilities() -> bytes:
    searches = [{"name": name} for name in PARAMETERS]
    kinds = [
        {"type": kind, "interaction": [{"code": "search-type"}], "searchParam": searches}
        | ({"operation": [{"name": "everything"}]} if kind == "Patient" else {})
        for kind in TYPES
    ]
    rest = [{"mode": "server", "resource": kinds, "interaction": [{"code": "batch"}]}]
    return msgspec.json.encode({"resourceType": "CapabilityStatement", "status": "active", "rest": rest})


if __name__ == "__main__":
    serve(Organisations(), int(sys.argv[1]))
