"""OperationOutcomes: what a server says about its own answer, read by code and never quoted."""

from __future__ import annotations

from collections.abc import Sequence

from resolvers.record.status import SourceState, SourceWarning
from resolvers.sources.fhir.outcomes import issues
from resolvers.sources.fhir_r4.parts import Issue
from resolvers.sources.upstream import Failure, Reply, UpstreamError

NOT_IMPLEMENTED = SourceWarning(
    code="not-implemented", text="The organisation's system does not support this question in full."
)
INCOMPLETE = SourceWarning(
    code="incomplete-paging", text="Not every entry could be fetched: some of this list is missing."
)
CONFIDENTIAL = SourceWarning(
    code="confidential-items", text="The organisation left out items that it treats as confidential."
)
WRONG_PATIENT = SourceWarning(
    code="wrong-patient",
    text="The organisation sent something of another person. That was dropped; entries may be missing.",
)

_BY_ISSUE = {  # issue type (R4 value set issue-type): what it means for the list it came with
    "not-supported": NOT_IMPLEMENTED,
    "suppressed": CONFIDENTIAL,
    "incomplete": INCOMPLETE,
    "too-costly": INCOMPLETE,
    "too-long": INCOMPLETE,
    "timeout": INCOMPLETE,
    "transient": INCOMPLETE,
    "throttled": INCOMPLETE,
    "lock-error": INCOMPLETE,
    "no-store": INCOMPLETE,
    "exception": INCOMPLETE,
}
_GRAVE = frozenset({"error", "fatal"})
_TIMEOUTS = frozenset({408, 504})
_REFUSALS = frozenset({401, 403, 407})
_REFUSING = frozenset({"login", "forbidden", "security", "expired"})
_UNSUPPORTED = frozenset({404, 405, 410, 501})


def remarks(said: Sequence[Issue]) -> tuple[list[SourceWarning], bool]:
    """What issues beside an answer mean: warnings, and whether something is missing. Plain information means nothing."""
    warnings: list[SourceWarning] = []
    for issue in said:
        warning = _BY_ISSUE.get(issue.code or "")
        if warning is None and issue.severity in _GRAVE:
            warning = INCOMPLETE
        if warning is not None and issue.severity != "information" and warning not in warnings:
            warnings.append(warning)
    return warnings, bool(warnings)


def state(status: int, body: bytes) -> SourceState | None:
    """What an unsuccessful HTTP status means for the search it answers; None for success.

    404 and its kind answer a search for a type that the server does not keep. An OperationOutcome of `login`,
    `forbidden` or `not-supported` is believed whatever status it came with.
    """
    if 200 <= status < 300:
        return None
    if status in _REFUSALS:
        return SourceState.REFUSED
    if status in _TIMEOUTS:
        return SourceState.TIMED_OUT
    meant = meaning(body)
    return SourceState.NOT_ASKED if status in _UNSUPPORTED and meant is SourceState.UNAVAILABLE else meant


def unsupported(reply: Reply) -> bool:
    """Whether the server does not know what it was asked."""
    return state(reply.status, reply.body) is SourceState.NOT_ASKED


def meaning(body: bytes) -> SourceState:
    """What the OperationOutcome that a server sent in place of an answer means."""
    codes = {issue.code for issue in issues(body)}
    if codes & _REFUSING:
        return SourceState.REFUSED
    return SourceState.NOT_ASKED if "not-supported" in codes else SourceState.UNAVAILABLE


def raise_for(reply: Reply) -> None:
    """Raise UpstreamError for an unsuccessful reply to a question without which nothing can be asked."""
    failed = state(reply.status, reply.body)
    if failed is None:
        return
    failure = {SourceState.REFUSED: Failure.REFUSED, SourceState.TIMED_OUT: Failure.TIMED_OUT}.get(
        failed, Failure.UNAVAILABLE
    )
    raise UpstreamError(failure, "FHIR search", reply.status)
