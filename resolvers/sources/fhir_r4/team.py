"""Care team and contacts from CareTeam and RelatedPerson (UK Core).

An entry cannot say that somebody no longer cares, so an inactive team or contact is shown only with its end date.
"""

from __future__ import annotations

from collections.abc import Iterator

import strawberry

from resolvers.record.team import CareTeamMember, ContactKind
from resolvers.record.values import Organisation, Period
from resolvers.sources.fhir_r4 import attribution, parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.reading import Reading, words

_OVER = frozenset({"inactive", "suspended"})


def members(source: fhir.CareTeam, reading: Reading) -> Iterator[CareTeamMember]:
    """Each participant of whom something may be said; the person themself is none. A team without any is one entry."""
    period = reading.period(source.period, "CareTeam.period")
    if source.status == "entered-in-error" or (source.status in _OVER and not (period and period.end)):
        return
    said = False
    for place, participant in enumerate(source.participant):
        found = _member(source, participant, place, period, reading)
        if found is not None:
            said = True
            yield found
    if not said and source.name:
        yield CareTeamMember(
            reading.id(source),
            period.start if period is not None else None,
            reading.recorded_by(source, *source.managing_organization),
            reading.as_of(source),
            team=source.name,
            period=period,
        )


def related(source: fhir.RelatedPerson, reading: Reading) -> CareTeamMember | None:
    """Somebody in the person's life."""
    period = reading.period(source.period, "RelatedPerson.period")
    if source.active is False and not (period and period.end):
        return None
    return CareTeamMember(
        reading.id(source),
        period.start if period is not None else None,
        reading.recorded_by(source),
        reading.as_of(source),
        kind=ContactKind.PERSONAL,
        name=attribution.name(source.name),
        role=next(filter(None, map(words, source.relationship)), None),
        telephone=attribution.telephone(source.telecom),
        period=period,
    )


def _member(
    team: fhir.CareTeam, source: parts.Member, place: int, period: Period | None, reading: Reading
) -> CareTeamMember | None:
    who = reading.resolve(source.member, team, fhir.Resource)
    role = next(filter(None, map(words, source.role)), None)
    if isinstance(who, fhir.PractitionerRole):
        role = role or attribution.role(who)
    person = (
        reading.resolve(who.practitioner, team, fhir.Practitioner) if isinstance(who, fhir.PractitionerRole) else who
    )
    name = attribution.name(person.name) if isinstance(person, fhir.Practitioner | fhir.RelatedPerson) else None
    workplace = _workplace(who, source, team, reading)
    if name is None and role is None and workplace is None:
        return None
    own = reading.period(source.period, "CareTeam.participant.period") or period
    telecom = who.telecom if isinstance(who, fhir.PractitionerRole | fhir.Organization | fhir.RelatedPerson) else ()
    return CareTeamMember(
        strawberry.ID(f"{reading.id(team)}#{place}"),
        own.start if own is not None else None,
        reading.recorded_by(team, *team.managing_organization),
        reading.as_of(team),
        kind=ContactKind.PERSONAL if isinstance(who, fhir.RelatedPerson) else ContactKind.PROFESSIONAL,
        name=name,
        role=role,
        team=team.name,
        organisation=workplace,
        telephone=attribution.telephone(telecom),
        period=own,
    )


def _workplace(
    who: fhir.Resource | None, source: parts.Member, team: fhir.CareTeam, reading: Reading
) -> Organisation | None:
    if isinstance(who, fhir.Organization):
        return attribution.organisation(who)
    at = reading.resolve(source.on_behalf_of, team, fhir.Organization)
    if at is None and isinstance(who, fhir.PractitionerRole):
        at = reading.resolve(who.organization, team, fhir.Organization)
    return attribution.organisation(at) if at is not None else None
