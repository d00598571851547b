"""What entries refer to and no search of this question brought: looked up by id, so that policy can follow the link.

A result of a withheld visit is withheld, and so is a medicine for a withheld problem. That must hold also when the
question is about results or medicines alone: else two questions would tell together what neither may tell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from resolvers.sources.fhir_r4.asking import Query, Question
from resolvers.sources.fhir_r4.capabilities import Ability
from resolvers.sources.fhir_r4.catch import Catch, Wanted
from resolvers.sources.fhir_r4.resources import KINDS
from resolvers.sources.fhir_r4.searches import SEARCHES

FOLLOWED = ("Encounter", "Condition", "Procedure", "Observation")
"""Types of what was found, done or decided. Places and people come along with the searches themselves."""
ROUNDS = 2  # a result's visit, and that visit's diagnosis
MOST = 100  # ids in one search: a longer URL is refused by many servers

_SEARCHES = {search.type: search for searches in SEARCHES.values() for search in searches}
_REFERENCE = re.compile(rb'"reference"\s*:\s*"([^"\\]+)"')
_LOCAL = re.compile(rf"({'|'.join(FOLLOWED)})/([A-Za-z0-9.\-]{{1,64}})(?:/_history/.*)?")


def unsearched(questions: Iterable[Question]) -> frozenset[str]:
    """The types that these questions do not search by patient."""
    return frozenset(FOLLOWED) - {question.search.type for question in questions}


def missing(catches: Iterable[Catch], kinds: Collection[str], bases: Sequence[str]) -> list[str]:
    """What is referred to and not here, as 'Type/id', in order."""
    here: set[str] = set()
    wanted: dict[str, None] = {}
    for catch in catches:
        here |= catch.found.keys()
        for found in catch.found.values():
            wanted |= dict.fromkeys(mentioned(found.raw, kinds, bases))
    return sorted(wanted.keys() - here)


def mentioned(raw: bytes, kinds: Collection[str], bases: Sequence[str]) -> list[str]:
    """The resources of these types on this server that an item refers to, as 'Type/id'."""
    names = (_local(target.decode("utf-8", "replace"), bases) for target in _REFERENCE.findall(raw))
    return [f"{name[1]}/{name[2]}" for name in names if name is not None and name[1] in kinds]


def lookups(targets: Sequence[str], ability: Ability) -> list[tuple[Catch, Query]]:
    """The searches for these resources, each with what it may bring: their places and people as well, which may tell."""
    found: list[tuple[Catch, Query]] = []
    for kind in FOLLOWED:
        ids = [target.partition("/")[2] for target in targets if target.startswith(f"{kind}/")]
        able, search = ability.of(kind), _SEARCHES[kind]
        names = [name for name, _ in search.include if able is not None and able.includes_by(kind, name)]
        beside = tuple(("_include", f"{kind}:{name}") for name in names)
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            wanted = Wanted(frozenset(), {KINDS[kind]: f"{kind}/"}, search.included)
            parameters = (("_id", ",".join(some)), *beside, ("_count", str(len(some))))
            found.append((Catch(wanted), Query(kind, parameters)))
    return found


def only(catch: Catch, targets: Collection[str]) -> None:
    """Drop what was not looked up: a server that ignores `_id` sends everybody's."""
    catch.found = {key: found for key, found in catch.found.items() if key in targets or not found.matched}


def drop_unjudged(catches: Iterable[Catch], failed: Catch, targets: Sequence[str], bases: Sequence[str]) -> None:
    """A look-up failed: what refers to its targets cannot be judged, is left out, and said to be missing."""
    kind = next(iter(failed.wanted.kinds)).__name__
    unknown = {target for target in targets if target.startswith(f"{kind}/")}
    for catch in catches:
        held = {key for key, found in catch.found.items() if unknown & set(mentioned(found.raw, (kind,), bases))}
        if held:
            catch.found = {key: found for key, found in catch.found.items() if key not in held}
            catch.cut_short()


def _local(target: str, bases: Sequence[str]) -> re.Match[str] | None:
    for base in bases:
        if target.startswith(f"{base}/"):
            target = target[len(base) + 1 :]
            break
    return _LOCAL.fullmatch(target)
