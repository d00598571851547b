"""What entries refer to, and what holds them, where no search of this question brought it: looked up for policy to judge.

A result of a withheld visit is withheld, and so is a vaccination for a result of a withheld report. That must hold also
when the question is about results or vaccinations alone: the same entry is shown or withheld whichever sections are
asked for, else two questions would tell together what neither may tell. So links are followed until nothing is missing,
and what cannot be looked up leaves out what depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from policies.sensitivity.links import references
from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4 import asking
from resolvers.sources.fhir_r4.asking import Query, Question
from resolvers.sources.fhir_r4.bundle import Found
from resolvers.sources.fhir_r4.capabilities import Ability
from resolvers.sources.fhir_r4.catch import Catch, Wanted
from resolvers.sources.fhir_r4.options import FhirR4Options
from resolvers.sources.fhir_r4.patients import Owner
from resolvers.sources.fhir_r4.searches import BY_TYPE, HELD, HOLDERS, with_holders
from resolvers.sources.source import Ask

BY_NAME = 4  # rounds in which single resources are asked for; after them all of the person's, so that chains end
ROUNDS = 12
MOST = 100  # resources in one search: a longer URL is refused by many servers
ID = "_id"

Read = Callable[[Sequence[Catch], Sequence[Query]], Awaitable[None]]
"""Sends these searches and reads their answers, page by page, into the catches."""
Want = tuple[str, str, str]
"""Type, search parameter, and the resource ('Type/id') that cannot be judged without the answer."""

_REFERENCE = re.compile(rb'"reference"\s*:\s*"([^"]*)"')
_LOCAL = re.compile(rf"({'|'.join(BY_TYPE)})/([A-Za-z0-9._\-]{{1,64}})(?:(?:/_history/|[#|?]).*)?")


@dataclass(frozen=True, slots=True)
class Server:
    """Whom is asked, about whom, and how. `owner` None: searches name the patient by NHS number."""

    ability: Ability
    owner: Owner | None
    ask: Ask
    options: FhirR4Options
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """One search. `parameter` None: it asks for all of the person's resources of the type."""

    kind: str
    parameter: str | None
    wants: tuple[Want, ...]
    catch: Catch
    query: Query


@dataclass(slots=True)
class Links:
    """What is here, what is known to be all there is, and what is missing."""

    server: Server
    whole: set[str] = field(default_factory=set)
    """Types of which all of the person's resources are here."""
    unjudged: set[str] = field(default_factory=set)
    """Resources that could not be looked up, or of whose holders that is so."""
    _here: set[str] = field(default_factory=set)
    _named: set[str] = field(default_factory=set)
    _unread: list[Catch] = field(default_factory=list)
    _covered: set[str] = field(default_factory=set)
    """Results of which the holders were searched for beside them, as far as the server's answer goes."""
    _wanted: set[Want] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)

    def begin(self, questions: Sequence[Question], catches: Sequence[Catch]) -> None:
        """Take in what the question itself brought."""
        for catch in catches:
            self.take(catch)
        if len(catches) == 1 and catches[0].wanted.whole:
            asked = frozenset(one.search.type for one in questions).union(*(one.search.included for one in questions))
            if not _incomplete(catches[0]):  # of places and people it may leave some out
                self.whole = {kind for kind in with_holders(asked) if BY_TYPE[kind].by}
            return
        pairs = list(zip(questions, catches, strict=True))
        for question, catch in pairs:
            bounded = asking.lower_bound(question, self.server.ability, self.server.ask) is not None
            if not bounded and not _incomplete(catch):
                self.whole.add(question.search.type)
        answered = {question.search.type for question, catch in pairs if not _failed(catch)}
        if all(kind in answered or not self._kept(kind) for kind in (HELD, *(kind for kind, _ in HOLDERS))):
            entries = (item for catch in catches for item in catch.found.items())
            self._covered = {key for key, found in entries if found.matched and key.startswith(f"{HELD}/")}

    def take(self, catch: Catch) -> None:
        """Note what came and what it refers to."""
        self._here |= catch.found.keys()
        self._unread.append(catch)

    def missing(self) -> list[Want]:
        """What to look up now; each is told once. What nobody can be asked for stays unjudged."""
        if all(kind in self.whole or not self._kept(kind) for kind in BY_TYPE):
            return []
        self._named |= targets([found.raw for catch in self._unread for found in catch.found.values()])
        self._unread.clear()
        wants = {(name.partition("/")[0], ID, name) for name in self._absent()}
        holders = [(kind, parameter) for kind, parameter in HOLDERS if kind not in self.whole]
        if holders:
            # one without an id ('?') is held by nothing
            held = [key for key in self._here - self._covered if key.startswith(f"{HELD}/") and "?" not in key]
            wants |= {(kind, parameter, key) for key in held for kind, parameter in holders}
        wants = {want for want in wants - self._wanted if self._kept(want[0])}
        self._wanted |= wants
        possible = {want for want in wants if want[0] not in self._failed and (want[1] == ID or self._found_by(want))}
        self.unjudged |= {key for _, _, key in wants - possible}
        return sorted(possible)

    def _absent(self) -> set[str]:
        """What is referred to and not here, but for types of which everything is. Nearly all ends at the first line."""
        far = [each for each in self._named - self._here if each.partition("/")[0] not in self.whole]
        names = {name for each in far if (name := _local(each, self.server.bases)) is not None} - self._here
        return {name for name in names if name.partition("/")[0] not in self.whole}

    def _kept(self, kind: str) -> bool:
        return self.server.ability.of(kind) is not None

    def _found_by(self, want: Want) -> bool:
        return self._names(want[0], want[1]) or self._by_patient(want[0])

    def _by_patient(self, kind: str) -> bool:
        return self.server.ability.parameter_for_patient(BY_TYPE[kind]) is not None

    def _names(self, kind: str, parameter: str) -> bool:
        """Whether single resources may be asked for. An undeclared parameter may read as 'none'."""
        able = self.server.ability.of(kind)
        return able is not None and (able.takes(parameter) if parameter == ID else able.declares(parameter))

    def lookups(self, wants: Sequence[Want], by_name: bool) -> list[Lookup]:
        """The searches for these: single resources where the server can find them, else all of the person's."""
        wide = {kind for kind, parameter, _ in wants if not (by_name and self._names(kind, parameter))}
        wide = {kind for kind in wide if self._by_patient(kind)}
        grouped: dict[tuple[str, str | None], list[Want]] = {}
        for want in wants:
            grouped.setdefault((want[0], None if want[0] in wide else want[1]), []).append(want)
        found: list[Lookup] = []
        for (kind, parameter), some in grouped.items():
            size = MOST if parameter is not None else len(some)
            found += [self._lookup(kind, parameter, some[start : start + size]) for start in range(0, len(some), size)]
        return found

    def _lookup(self, kind: str, parameter: str | None, wants: Sequence[Want]) -> Lookup:
        search, server = BY_TYPE[kind], self.server
        names = [key.partition("/")[2] if parameter == ID else key for _, _, key in wants]
        narrowing = ((parameter, ",".join(names)),) if parameter is not None else ()
        query = asking.narrowed(search, narrowing, server.owner, server.ability, server.ask, server.options)
        wanted = Wanted(frozenset(), frozenset({kind}), search.included)
        return Lookup(kind, parameter, tuple(wants), Catch(wanted), query)

    def settle(self, lookup: Lookup) -> None:
        """Take in an answer. What was looked up is judged and resolved, but is no entry of this answer."""
        catch, kind = lookup.catch, lookup.kind
        keys = {key for _, _, key in lookup.wants}
        owned = self._by_patient(kind)
        catch.found = {
            key: Found(key, found.raw, found.resource, found.lost, matched=False)
            for key, found in catch.found.items()
            if owned or key in keys or not found.matched  # a server that ignores `_id` sends its whole directory
        }
        self.take(catch)
        if not _incomplete(catch):
            if lookup.parameter is None:
                self.whole.add(kind)
            return
        if lookup.parameter is None:
            self._failed.add(kind)
        self.unjudged |= {key for _, parameter, key in lookup.wants if parameter != ID or key not in catch.found}


async def follow(server: Server, questions: Sequence[Question], catches: Sequence[Catch], read: Read) -> list[Catch]:
    """Look up what is missing, round by round. What cannot be judged is taken out of `catches`, which then say that
    something is missing."""
    links = Links(server)
    links.begin(questions, catches)
    brought: list[Catch] = []
    wants = links.missing()
    for turn in range(ROUNDS):
        if not wants:
            break
        lookups = links.lookups(wants, by_name=turn < BY_NAME)
        await read([each.catch for each in lookups], [each.query for each in lookups])
        for each in lookups:
            links.settle(each)
            brought.append(each.catch)
        wants = links.missing()
    leave_out([*catches, *brought], links.unjudged.union(key for _, _, key in wants), server.bases)
    return brought


def leave_out(catches: Iterable[Catch], unjudged: set[str], bases: Sequence[str]) -> None:
    """Drop what cannot be judged, what refers to it, what a dropped holder may have drawn, and so on to the end."""
    everywhere = list(catches)
    holders = tuple(f"{kind}/" for kind, _ in HOLDERS)
    while unjudged:
        dropped: set[str] = set()
        for catch in everywhere:
            names = {key: mentioned([found.raw], bases) for key, found in catch.found.items()}
            gone = {key for key in names if key in unjudged or not unjudged.isdisjoint(names[key])}
            if gone:
                catch.found = {key: found for key, found in catch.found.items() if key not in gone}
                catch.cut_short()
            dropped |= gone
            for key in gone:
                if key.startswith(holders):
                    dropped |= {name for name in names[key] if name.startswith(f"{HELD}/")}
        unjudged = dropped - unjudged


def mentioned(raws: Sequence[bytes], bases: Sequence[str]) -> set[str]:
    """The resources on this server that items refer to, as 'Type/id'."""
    return {name for target in targets(raws) if (name := _local(target, bases)) is not None}


def targets(raws: Sequence[bytes]) -> set[str]:
    """All references of these items, as they are written."""
    found = set(_REFERENCE.findall(b"\n".join(raws)))
    if any(b"\\" in target for target in found):
        return {target for raw in raws for target in _decoded(raw)}
    return {target.decode("utf-8", "replace") for target in found}


def _decoded(raw: bytes) -> list[str]:
    try:
        return [link.target for link in references(msgspec.json.decode(raw))]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return []  # withheld as unreadable


def _local(target: str, bases: Sequence[str]) -> str | None:
    for base in bases:
        if target.startswith(f"{base}/"):
            target = target[len(base) + 1 :]
            break
    found = _LOCAL.fullmatch(target)
    return f"{found[1]}/{found[2]}" if found is not None else None


def _failed(catch: Catch) -> bool:
    """Whether no answer came. That the server turns out not to keep the type is one."""
    return catch.failure not in (None, SourceState.NOT_ASKED)


def _incomplete(catch: Catch) -> bool:
    """Whether something may be missing."""
    return catch.partial or _failed(catch)
