"""What is asked of the server for the wanted sections: one search each, alone or together in a FHIR batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from policies.sections import Section
from resolvers.sources.fhir_r4 import bundle as pages
from resolvers.sources.fhir_r4.capabilities import Ability
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.fhir_r4.patients import NHS_NUMBER, Owner
from resolvers.sources.fhir_r4.searches import SEARCHES, Search
from resolvers.sources.source import Ask
from resolvers.sources.upstream import Failure, Reply, UpstreamError

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is sent: a search of a resource type, or an `operation`, which is never sent as POST `_search`."""

    path: str
    parameters: Parameters
    operation: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One search for one section. `parameter` is the one by which the server lets us name the patient."""

    section: Section
    search: Search
    parameter: str


def questions(section: Section, ability: Ability) -> list[Question]:
    """The searches of a section that the server can make; none where it does not keep the section."""
    named = ((search, ability.parameter_for_patient(search)) for search in SEARCHES[section])
    return [Question(section, search, parameter) for search, parameter in named if parameter is not None]


def query(question: Question, owner: Owner | None, ability: Ability, ask: Ask, options: FhirR4Options) -> Query:
    """The search's parameters. Without an `owner` the patient is named by NHS number."""
    search = question.search
    able = ability.of(search.type)
    assert able is not None
    since = ask.since.get(question.section)
    parts = [_patient(question.parameter, owner, ask, options)]
    if since is not None and search.window is not None and able.declares(search.window):
        parts.append((search.window, f"ge{since}"))
    parts += [
        ("_include", f"{search.type}:{parameter}")
        for parameter, _ in search.include
        if able.includes_by(search.type, parameter)
    ]
    if "PractitionerRole" in search.included:
        parts += _roles(ability)
    # ties in a date lose rows between pages: `_id` makes the order total
    by_date = search.order is not None and able.takes(search.order)
    parts += [("_sort", f"-{search.order},_id" if by_date else "_id"), ("_count", str(options.page_size))]
    return Query(search.type, tuple(parts))


def everything(asked: Sequence[Question], owner: Owner, options: FhirR4Options) -> Query:
    """Path and parameters of Patient/[id]/$everything for exactly the types that these searches want."""
    kinds = {question.search.type for question in asked}.union(*(question.search.included for question in asked))
    parameters = (("_type", ",".join(sorted(kinds))), ("_count", str(options.page_size)))
    return Query(f"Patient/{owner.ids[0]}/$everything", parameters, operation=True)


def batch(asked: Sequence[Query]) -> bytes:
    """A FHIR batch of these searches (R4, section 3.1.0.11)."""
    urls = (f"{each.path}?{urlencode(each.parameters)}" for each in asked)
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return msgspec.json.encode({"resourceType": "Bundle", "type": "batch", "entry": entries})


def answers(reply: Reply, count: int) -> list[Reply]:
    """The answers of a batch, in the order of its questions. Raises UpstreamError where there are fewer or more."""
    entries = pages.envelope(reply.body).entry or ()
    if len(entries) != count:
        raise UpstreamError(Failure.MALFORMED, "batch answers do not match its questions")
    return [Reply(_status(entry), bytes(entry.resource), reply.headers) for entry in entries]


def _status(entry: pages.Entry) -> int:
    """The HTTP status in '200' or '200 OK'."""
    text = (entry.response.status if entry.response is not None else None) or ""
    code = text.split(" ", 1)[0]
    return int(code) if len(code) == 3 and code.isascii() and code.isdigit() else 500


def _roles(ability: Ability) -> Parameters:
    """Whom a role is held by and where, only from a server that says that it keeps roles: `:iterate` is rarer."""
    able = ability.of("PractitionerRole") if ability.types is not None else None
    if able is None:
        return ()
    names = (name for name in ("organization", "practitioner") if able.includes_by("PractitionerRole", name))
    return tuple(("_include:iterate", f"PractitionerRole:{name}") for name in names)


def _patient(parameter: str, owner: Owner | None, ask: Ask, options: FhirR4Options) -> tuple[str, str]:
    """The parameter that names the patient; its value is never empty, which some servers answer with 'none'."""
    if owner is not None:
        prefix = "Patient/" if parameter in ("subject", "actor") else ""
        return parameter, ",".join(f"{prefix}{each}" for each in owner.ids)
    number = f"{NHS_NUMBER}|{ask.subject.nhs_number}"
    if options.patient_by is PatientBy.IDENTIFIER:
        return f"{parameter}:identifier", number
    return f"{parameter}.identifier" if parameter == "patient" else f"{parameter}:Patient.identifier", number
