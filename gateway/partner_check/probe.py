"""Asking the subgraph itself, with test patients: how fast, whether it tells people apart, what it says of nobody.

Only NHS numbers of the test range are used, and no answer is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from nhs_number.validate import is_valid

from gateway.connect import ConnectError, Connections
from gateway.federation.fetcher import FetchFailure, SubgraphRequest, SubgraphResponse
from gateway.federation.http_fetcher import HttpFetcher, Sending
from gateway.federation.supergraph import Supergraph
from gateway.graph import PATIENT_TYPE
from gateway.partner_check.candidate import Candidate
from gateway.partner_check.report import Step
from gateway.partner_check.selecting import misfits, selection
from gateway.partners import KEY, meet
from gateway.reach import Reach
from gateway.settings import Settings
from gateway.upstream.context import RequestContext

ROUNDS = 5
TEST_RANGE = "999"


@dataclass(frozen=True, slots=True)
class Asking:
    """As whom the probe asks, and about whom."""

    patients: tuple[str, ...] = ()
    role: str = "gp"
    organisation: str = "X26"


def refused_numbers(patients: Sequence[str]) -> list[str]:
    """Why numbers cannot be used: a probe must never ask about a real person."""
    return [
        f"{number} is not a valid NHS number of the test range; use numbers that begin with {TEST_RANGE}"
        for number in patients
        if not (number.startswith(TEST_RANGE) and len(number) == 10 and is_valid(number))
    ]


def nobody(known: Sequence[str]) -> str:
    """A valid number of the test range that is not among the known ones."""
    serial = 9_999_999
    while True:
        for digit in range(10):
            number = f"99{serial:07d}{digit}"
            if len(set(number)) > 1 and is_valid(number) and number not in known:
                return number
        serial -= 1


class Probe:
    """One conversation with one subgraph."""

    def __init__(self, connections: Connections, candidate: Candidate, supergraph: Supergraph, asking: Asking) -> None:
        entry = candidate.entry
        self._client, self._introduction = meet(connections, entry)
        self._entry = entry
        self._asking = asking
        self._supergraph = supergraph
        self._graph = supergraph.by_name[entry.name]
        self._fetcher = HttpFetcher({entry.name: self._client}, self._sending, entry.max_response_bytes)
        self.milliseconds: list[float] = []

    @property
    def is_introduced(self) -> bool:
        """Whether the subgraph is told who asks."""
        return self._introduction.signer is not None

    @property
    def extends_patient(self) -> bool:
        """Whether Patients can be asked for by their number."""
        definition = self._supergraph.types.get(PATIENT_TYPE)
        join = definition.joins.get(self._graph) if definition is not None else None
        return join is not None and any(key.resolvable and key.fields.strip() == KEY for key in join.keys)

    def _sending(self, request: SubgraphRequest, context: Any) -> Sending:
        deadline = asyncio.get_running_loop().time() + self._entry.timeouts.total_s
        if context is not None:
            return Sending(deadline, {})
        numbers = [one[KEY] for one in request.variables.get("representations", ())]
        patient = numbers[0] if len(numbers) == 1 else None
        facts = RequestContext("joinup|subgraph-check", self._asking.role, self._asking.organisation, "TREAT", patient)
        return Sending(deadline, self._introduction.signed(facts))

    async def ask(self, document: str, variables: dict[str, Any], *, unsigned: bool = False) -> SubgraphResponse:
        """One timed request. Raises FetchFailure."""
        request = SubgraphRequest(self._entry.name, document, None, variables, "query")
        started = asyncio.get_running_loop().time()
        answer = await self._fetcher.fetch(request, "unsigned" if unsigned else None)
        self.milliseconds.append((asyncio.get_running_loop().time() - started) * 1000)
        return answer

    async def entities(self, numbers: Sequence[str], *, unsigned: bool = False) -> tuple[list[Any] | None, int]:
        """What the subgraph answers for these people, and how many errors came with it."""
        fields = selection(self._supergraph, PATIENT_TYPE, self._graph)
        document = (
            "query ($representations: [_Any!]!) { _entities(representations: $representations) "
            f"{{ __typename ... on {PATIENT_TYPE} {{ {fields} }} }} }}"
        )
        representations = [{"__typename": PATIENT_TYPE, KEY: number} for number in numbers]
        answer = await self.ask(document, {"representations": representations}, unsigned=unsigned)
        found = (answer.data or {}).get("_entities")
        return found if isinstance(found, list) else None, len(answer.errors)

    def misfits(self, person: dict[str, Any]) -> list[str]:
        return list(misfits(self._supergraph, PATIENT_TYPE, self._graph, person, PATIENT_TYPE))


async def probe(
    settings: Settings, candidate: Candidate, supergraph: Supergraph, asking: Asking, reach: Reach, step: Step
) -> None:
    """Ask, and judge the answers."""
    connections = Connections(settings, reach)
    try:
        one = Probe(connections, candidate, supergraph, asking)
        await one.ask("{ __typename }", {})
        if not one.extends_patient:
            step.note(f"{PATIENT_TYPE} is not extended by {KEY}; entities were not asked for")
        else:
            await _people(one, asking, step)
        _speed(one.milliseconds, candidate, step)
    except FetchFailure as failure:
        step.error(f"{candidate.entry.url} gives no usable answer ({failure}); try the same request with curl")
    except ConnectError as failure:
        step.error(str(failure))
    finally:
        await connections.resources.aclose()


async def _people(one: Probe, asking: Asking, step: Step) -> None:
    unknown = nobody(asking.patients)
    known = 0
    for number in asking.patients:
        known += await _person(one, number, step)
    if asking.patients and not known:
        step.warn("none of the test patients is known to it; name one with --patient that it knows")
    if not asking.patients:
        step.warn("no test patient was named, so no entity was resolved; name some with --patient")
    await _together(one, [*asking.patients, unknown], unknown, step)
    if asking.patients:
        for _ in range(ROUNDS):
            await one.entities(asking.patients)
    await _unsigned(one, asking, step)


async def _person(one: Probe, number: str, step: Step) -> bool:
    found, errors = await one.entities([number])
    if found is None or len(found) != 1:
        step.error("one representation is not answered by a list of one; see the `_entities` of your library")
        return False
    if errors:
        step.error("a test patient is answered with errors; see the subgraph's own log")
    person = found[0]
    if not isinstance(person, dict):
        return False
    step.errors(dict.fromkeys(f"{text}; answer what the SDL promises" for text in one.misfits(person)))
    return True


async def _together(one: Probe, numbers: list[str], unknown: str, step: Step) -> None:
    """Everybody in one request, and one whom nobody knows: order, identity, and silence about strangers."""
    found, errors = await one.entities(numbers)
    if found is None or len(found) != len(numbers):
        step.error("several representations are not answered by a list of the same length; answer null for the unknown")
        return
    for number, person in zip(numbers, found, strict=True):
        if isinstance(person, dict) and person.get(KEY) != number:
            step.error("answers do not stand in the order of the representations; people would be mixed up")
            return
    stranger = found[numbers.index(unknown)]
    if stranger is None and not errors:
        step.note("an unknown person is answered with null")
    elif stranger is None:
        step.warn("an unknown person is answered with an error; null without an error says the same and costs nothing")
    elif any(value for key, value in stranger.items() if key not in ("__typename", KEY)):
        step.error("tells things about a number that nobody has; answer null for the unknown")
    else:
        step.warn("an unknown person is answered with an empty object, which reads as 'none recorded'; answer null")


async def _unsigned(one: Probe, asking: Asking, step: Step) -> None:
    if not one.is_introduced:
        step.warn("it is not told who asks; give signing_key, and let it verify the joinup-context header")
        return
    if not asking.patients:
        return
    try:
        found, _ = await one.entities(asking.patients[:1], unsigned=True)
    except FetchFailure:
        found = None
    if found and isinstance(found[0], dict):
        step.warn("answers without the signed joinup-context too: whoever reaches it can read it; let it verify")
    else:
        step.note("answers nobody without the signed joinup-context")


def _speed(milliseconds: list[float], candidate: Candidate, step: Step) -> None:
    worst, middle = max(milliseconds), median(milliseconds)
    step.note(f"{len(milliseconds)} requests: median {middle:.0f} ms, slowest {worst:.0f} ms")
    allowed = candidate.entry.timeouts.total_s * 1000
    if middle > allowed / 2:
        step.warn(f"takes more than half of the {allowed:.0f} ms that it has; its fields will often be missing")
