"""From a council's answer to raw items: the version, whose document it is, which lists are there."""

from __future__ import annotations

import re

import msgspec

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.status import SourceState, SourceWarning
from resolvers.sources.fhir.dates import fhir_date
from resolvers.sources.social_care.shapes import ENVELOPE, HEAD, LISTS, LISTS_OF, VERSION, Document
from resolvers.sources.source import Ask, Fetched
from resolvers.sources.upstream import Failure, Reply, UpstreamError

UNKNOWN_PERSON = "person-not-known"
ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# An item without a usable id travels under this mark: policy judges it first, and only then is it spoken of.
NAMELESS = "!"
SAME = "'"  # two items of one id: reading drops the second, if both were kept
WRONG_PATIENT = SourceWarning(
    code="wrong-patient", text="The council answered about another person; all of it is left out."
)
NOT_IMPLEMENTED = SourceWarning(
    code="not-implemented", text="The council's system does not answer for this section in full."
)


class _Problem(msgspec.Struct):
    code: str | None = None


_PROBLEM = msgspec.json.Decoder(_Problem)


def open_document(reply: Reply, ask: Ask, sections: frozenset[Section]) -> Fetched:
    """The raw items of the asked person. Raises UpstreamError where there is no answer to read."""
    if reply.status == 404 and _says_unknown(reply.body):
        return Fetched(as_of=ask.now)
    _raise_for(reply)
    try:
        document = ENVELOPE.decode(reply.body)
    except (ValueError, RecursionError):
        raise UpstreamError(Failure.MALFORMED, "the answer is no adult social care document") from None
    if document.version.split(".")[0] != VERSION:
        raise UpstreamError(Failure.MALFORMED, f"the document is not of version {VERSION}")
    if document.person.nhsNumber != ask.subject.nhs_number:
        return Fetched(
            failures=dict.fromkeys(sections, SourceState.UNAVAILABLE),
            warnings={section: [WRONG_PATIENT] for section in sections},
        )
    fetched = Fetched(as_of=fhir_date(document.asOf) or ask.now)
    for section in sections:
        if any(_missing(document, name) for name in LISTS_OF[section]):
            fetched.partial.add(section)
            fetched.warnings[section] = [NOT_IMPLEMENTED]
    wanted = dict.fromkeys(name for section in LISTS_OF if section in sections for name in LISTS_OF[section])
    fetched.items = [item for name in wanted for item in _items(document, name)]
    return fetched


def _missing(document: Document, name: str) -> bool:
    """Whether a list is neither there nor declared as not held."""
    return getattr(document, name) is None and name not in document.notHeld


def _items(document: Document, name: str) -> list[Item]:
    items: dict[str, Item] = {}
    raws: list[msgspec.Raw] = getattr(document, name) or []
    for number, raw in enumerate(raws):
        key = f"{LISTS[name]}/{_id(raw) or f'{NAMELESS}{number}'}"
        while key in items:
            key += SAME
        items[key] = Item(key=key, raw=bytes(raw))
    return list(items.values())


def _id(raw: msgspec.Raw) -> str | None:
    try:
        found = HEAD.decode(raw).id
    except (ValueError, RecursionError):
        return None
    return found if ID.fullmatch(found) else None


def _says_unknown(body: bytes) -> bool:
    try:
        return _PROBLEM.decode(body).code == UNKNOWN_PERSON
    except (ValueError, RecursionError):
        return False


def _raise_for(reply: Reply) -> None:
    if reply.status in (401, 403):
        raise UpstreamError(Failure.REFUSED, "the council does not give this record", reply.status)
    if reply.status in (404, 429) or reply.status >= 500:
        raise UpstreamError(Failure.UNAVAILABLE, "the council's system reports a fault", reply.status)
    if reply.status != 200:
        raise UpstreamError(Failure.MALFORMED, "the council's system did not accept the request", reply.status)
