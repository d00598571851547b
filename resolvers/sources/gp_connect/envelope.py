"""From the bytes of a structured record to raw items: whose record it is, what it declares, what it holds.

The identity of the person is checked here, as GP Connect demands of consumers ("Patient demographic
cross-checking"): a record of somebody else is dropped whole.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.sources.fhir.bundles import Part, local, take_apart
from resolvers.sources.fhir.concepts import FhirReference
from resolvers.sources.gp_connect.calls import NHS_NUMBER
from resolvers.sources.gp_connect.lists import FhirList, is_of_consultation, read_lists, read_outcome, warn
from resolvers.sources.source import FAILED, Ask, Fetched
from resolvers.sources.upstream import Failure, UpstreamError

# What fetching finds wrong with a single item travels as a mark on its key: policy judges the item first, and only
# reading speaks of those that it kept.
MISFILED = "!misfiled"
NAMELESS = "!nameless"
# Two items of one id: the second is marked, and reading numbers anew those that were kept.
SAME = "'"


class _Identifier(msgspec.Struct, gc=False):
    system: str | None = None
    value: str | None = None


class _Person(msgspec.Struct):
    identifier: list[_Identifier] = []
    birthDate: str | None = None  # noqa: N815

    def is_(self, nhs_number: str) -> bool:
        return any(i.system == NHS_NUMBER and (i.value or "").replace(" ", "") == nhs_number for i in self.identifier)


class _Subject(msgspec.Struct):
    reference: str | None = None
    identifier: _Identifier | None = None


class _Peek(msgspec.Struct):
    subject: _Subject | None = None
    patient: _Subject | None = None
    medicationReference: FhirReference | None = None  # noqa: N815


class _Head(msgspec.Struct, gc=False):
    resourceType: str  # noqa: N815
    id: str = ""


_PERSON = msgspec.json.Decoder(_Person)
_PEEK = msgspec.json.Decoder(_Peek)
_LIST = msgspec.json.Decoder(FhirList)
_HEAD = msgspec.json.Decoder(_Head)


def open_record(body: bytes, ask: Ask, sections: frozenset[Section]) -> Fetched:
    """The raw items of the asked person. Raises UpstreamError(MALFORMED) where it is no record of a person."""
    bundle = take_apart(body)
    people = [part for part in bundle.parts if part.kind == "Patient"]
    own = matching(people, ask.subject.nhs_number)
    if not people:
        raise UpstreamError(Failure.MALFORMED, "the record names no patient")
    if own is None:
        return wrong_patient(sections)
    fetched = Fetched(as_of=ask.now)
    if bundle.unreadable:
        fetched.partial |= sections
    lists = _lists(bundle.parts, sections, fetched)
    read_lists(lists, sections, fetched)
    for part in bundle.parts:
        if part.kind == "OperationOutcome":
            read_outcome(part.raw, sections, fetched)
    parts = [*(part for part in bundle.parts if not _is_envelope(part)), *_lifted(lists)]
    fetched.items = _items(parts, own.id, ask.subject.nhs_number)
    _check_birth_date(own, ask, sections, fetched)
    return fetched


def matching(people: Iterable[Part], nhs_number: str) -> Part | None:
    """The Patient with this NHS number."""
    for part in people:
        try:
            if _PERSON.decode(part.raw).is_(nhs_number):
                return part
        except (ValueError, RecursionError):
            continue
    return None


def wrong_patient(sections: frozenset[Section]) -> Fetched:
    """Nothing but the statement that the source answered about somebody else."""
    fetched = Fetched(failures=dict.fromkeys(sections, FAILED[Failure.MALFORMED]))
    for section in sections:
        warn(fetched, section, "wrong-patient", "The practice answered about another person; all of it is left out.")
    return fetched


def _is_envelope(part: Part) -> bool:
    """Whether a part says whose record it is and what it declares, rather than being one of its items."""
    if part.kind == "List":
        return not is_of_consultation(part.raw)
    return part.kind in ("Patient", "OperationOutcome")


def _lists(parts: Iterable[Part], sections: frozenset[Section], fetched: Fetched) -> list[FhirList]:
    found: list[FhirList] = []
    for part in parts:
        if part.kind != "List" or not _is_envelope(part):
            continue
        try:
            found.append(_LIST.decode(part.raw))
        except (ValueError, RecursionError):
            fetched.partial |= sections
    return found


def _lifted(lists: Iterable[FhirList]) -> list[Part]:
    """Resources inside a list, as ended allergies are: each an item of its own, to be judged alone."""
    parts: list[Part] = []
    for each in lists:
        for raw in each.contained:
            try:
                head = _HEAD.decode(raw)
            except (ValueError, RecursionError):
                continue
            parts.append(Part(head.resourceType, f"{each.purpose or 'list'}.{head.id.lstrip('#')}", bytes(raw)))
    return parts


def _items(parts: Iterable[Part], patient_id: str, nhs_number: str) -> list[Item]:
    parts = list(parts)
    medicines = {part.key for part in parts if part.kind == "Medication"}
    items: dict[str, Item] = {}
    for part in parts:
        key = f"{part.key}{_mark(part, patient_id, nhs_number, medicines)}"
        while key in items and items[key].raw != part.raw:
            key += SAME
        items[key] = Item(key=key, raw=part.raw)
    return list(items.values())


def _mark(part: Part, patient_id: str, nhs_number: str, medicines: set[str]) -> str:
    try:
        peek = _PEEK.decode(part.raw)
    except (ValueError, RecursionError):
        return ""
    if not _is_of(peek.subject or peek.patient, patient_id, nhs_number):
        return MISFILED
    medicine = peek.medicationReference.reference if peek.medicationReference is not None else None
    sent = medicine is None or medicine.startswith("#") or local(medicine) in medicines
    return "" if sent else NAMELESS


def _is_of(subject: _Subject | None, patient_id: str, nhs_number: str) -> bool:
    """Whether an item is the person's: one that names nobody (a medicine, a professional) is."""
    if subject is None:
        return True
    if subject.reference is not None:
        where = local(subject.reference) or subject.reference
        return where in (f"Patient/{patient_id}", f"urn:uuid:{patient_id}")
    return subject.identifier is None or subject.identifier.value in (None, nhs_number)


def _check_birth_date(own: Part, ask: Ask, sections: frozenset[Section], fetched: Fetched) -> None:
    held = _PERSON.decode(own.raw).birthDate
    if held and ask.subject.birth_date and held != ask.subject.birth_date:
        for section in sections:
            text = "The practice holds another date of birth under this NHS number. Check that it is the same person."
            warn(fetched, section, "demographics-differ", text)
