"""OperationOutcome: what a FHIR server says went wrong, as codes. Its words are never passed on.

FHIR STU3 and R4 OperationOutcome; the detail codes are those of the NHS Spine (GP Connect, PDS).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.lenient import Lenient


class _Issue(msgspec.Struct):
    severity: str | None = None
    code: str | None = None
    details: CodeableConcept | None = None
    diagnostics: str | None = None


class _Outcome(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815
    issue: list[_Issue] = []


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue. `detail` is the code of `details` (NOT_IMPLEMENTED, PATIENT_NOT_FOUND ...). `about` is what the
    server names as the cause, to be compared with what was asked, never to be shown."""

    severity: str | None
    code: str | None
    detail: str | None
    about: str = ""


_OUTCOME = Lenient(_Outcome)


def issues(body: bytes | msgspec.Raw) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome; empty where the body is anything else."""
    outcome, _ = _OUTCOME.decode(body)
    if outcome is None or outcome.resourceType != "OperationOutcome":
        return ()
    return tuple(_issue(issue) for issue in outcome.issue)


def _issue(issue: _Issue) -> Issue:
    details = issue.details or CodeableConcept()
    detail = next((coding.code for coding in details.codings if coding.code), None)
    return Issue(issue.severity, issue.code, detail, issue.diagnostics or details.text or "")


def details_of(body: bytes | msgspec.Raw) -> frozenset[str]:
    """The detail codes and, where an issue has none, its plain code."""
    return frozenset(code for issue in issues(body) if (code := issue.detail or issue.code))
