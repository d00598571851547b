"""What is asked of the server for the wanted sections: one search each, alone or together in a FHIR batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

import msgspec

from policies.sections import Section
from resolvers.sources.fhir_r4 import bundle as pages
from resolvers.sources.fhir_r4.capabilities import Ability
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.fhir_r4.patients import NHS_NUMBER, Owner
from resolvers.sources.fhir_r4.searches import SEARCHES, Search, with_holders
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
    since = lower_bound(question, ability, ask)
    bound = ((question.search.window or "", f"ge{since}"),) if since is not None else ()
    named = _patient(question.parameter, owner, ask, options)
    return search(question.search, (named, *bound), ability, options)


def lower_bound(question: Question, ability: Ability, ask: Ask) -> str | None:
    """The earliest ISO date that is asked for; None where the search is not bounded."""
    asked, since = question.search, ask.since.get(question.section)
    able = ability.of(asked.type)
    if since is None or asked.window is None or able is None or not able.declares(asked.window):
        return None
    return (date.fromisoformat(since) - timedelta(days=asked.margin)).isoformat() if asked.margin else since


def narrowed(
    asked: Search, narrowing: Parameters, owner: Owner | None, ability: Ability, ask: Ask, options: FhirR4Options
) -> Query:
    """The same search without a lower bound, for the rows that `narrowing` names: all of the person's where it is empty.

    The patient is named beside, so that a server that ignores the narrowing sends no more than the person's own.
    """
    parameter = ability.parameter_for_patient(asked)
    named = (_patient(parameter, owner, ask, options),) if parameter is not None else ()
    return search(asked, (*named, *narrowing), ability, options)


def search(asked: Search, which: Parameters, ability: Ability, options: FhirR4Options) -> Query:
    """The search for `which` rows, with what comes along, in an order that paging can rely on."""
    able = ability.of(asked.type)
    assert able is not None
    parts = list(which)
    parts += [
        ("_include", f"{asked.type}:{parameter}")
        for parameter, _ in asked.include
        if able.includes_by(asked.type, parameter)
    ]
    if "PractitionerRole" in asked.included:
        parts += _roles(ability)
    # ties in a date lose rows between pages: `_id` makes the order total
    by_date = asked.order is not None and able.takes(asked.order)
    parts += [("_sort", f"-{asked.order},_id" if by_date else "_id"), ("_count", str(options.page_size))]
    return Query(asked.type, tuple(parts))


def types(asked: Sequence[Question]) -> str:
    """The types that these searches want, as `_type` lists them."""
    kinds = frozenset({each.search.type for each in asked}).union(*(each.search.included for each in asked))
    return ",".join(sorted(with_holders(kinds)))


def everything(types: str, owner: Owner, options: FhirR4Options) -> Query:
    """Path and parameters of Patient/[id]/$everything for exactly these types."""
    parameters = (("_type", types), ("_count", str(options.page_size)))
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
