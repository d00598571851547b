"""Errors of the record that a caller can act on: safe text, stable code, no patient datum.

RecordError
├── PatientNotAvailable   nobody known, opted out, or not the caller's to see: one answer for all
├── SourceUnavailable     the demographics service gave no answer
├── SourceTimeout         ... in time
├── SourceInvalid         a value that it sent cannot be read
├── RateLimited           too many different patients
├── BadUserInput          an argument that cannot mean anything
└── RegistryDown          opt-outs cannot be read, so nothing is shown
"""

from __future__ import annotations

from graphql import GraphQLError


class RecordError(GraphQLError):
    """Base: carries `extensions.code`."""

    code = "INTERNAL"
    text = "Something went wrong."

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text or self.text, extensions={"code": self.code})


class PatientNotAvailable(RecordError):
    code = "PATIENT_NOT_AVAILABLE"
    text = "No record is available for this NHS number. That does not mean that nothing is recorded anywhere."


class SourceUnavailable(RecordError):
    code = "SOURCE_UNAVAILABLE"
    text = "The organisation that holds this could not be reached."


class SourceTimeout(RecordError):
    code = "SOURCE_TIMEOUT"
    text = "The organisation that holds this did not answer in time."


class SourceInvalid(RecordError):
    code = "SOURCE_INVALID"
    text = "The organisation that holds this sent a value that cannot be read."


class RateLimited(RecordError):
    code = "RATE_LIMITED"
    text = "Too many different patients in a short time. Wait a minute and ask again."


class BadUserInput(RecordError):
    code = "BAD_USER_INPUT"
    text = "An argument cannot be understood."


class RegistryDown(RecordError):
    code = "REGISTRY_UNAVAILABLE"
    text = "Opt-outs cannot be checked at the moment, so nothing can be shown. Try again shortly."
