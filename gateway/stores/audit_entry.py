"""What is written down of one request: who, why, about whom, what was asked and what was decided. No clinical content."""

from __future__ import annotations

from datetime import datetime

import msgspec


class SourceAsked(msgspec.Struct, frozen=True):
    """One source of the record and what came of asking it."""

    name: str
    status: str


class DeniedField(msgspec.Struct, frozen=True):
    """A field that the caller asked for and may not see, with the rule that says so."""

    field: str
    rule: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `patients` are NHS numbers; `kind` is read, search or a registry operation's name."""

    request_id: str
    at: datetime  # with time zone
    subject: str
    role: str
    organisation: str  # ODS code
    purpose: str
    kind: str = "read"
    outcome: str  # ANSWERED, PARTIAL, NOT_AVAILABLE, REFUSED or FAILED
    patients: tuple[str, ...] = ()
    operation_name: str = ""
    operation_hash: str = ""
    sections: tuple[str, ...] = ()
    sources: tuple[SourceAsked, ...] = ()
    denied: tuple[DeniedField, ...] = ()
    policy_version: str = ""
    client_id: str = ""  # the application, as its token names it
    client_address: str = ""


class AuditRecord(msgspec.Struct, frozen=True):
    """A stored entry with its place in the chain."""

    sequence: int
    entry: AuditEntry
    chain: str


def encoded(entry: AuditEntry) -> str:
    """The entry as it is stored and hashed. Raises ValueError for what cannot be stored."""
    if entry.at.tzinfo is None:
        raise ValueError("the time of an audit entry needs its time zone")
    for number in entry.patients:
        if len(number) != 10 or not (number.isascii() and number.isdigit()):
            raise ValueError("a patient of an audit entry is not an NHS number")
    return msgspec.json.encode(entry).decode()


def decoded(payload: str) -> AuditEntry:
    """The entry of a stored payload. Raises msgspec.MsgspecError."""
    return msgspec.json.decode(payload, type=AuditEntry)
