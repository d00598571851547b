"""The arithmetic of the chain: each entry's code covers its place, its content and its predecessor's code.

The codes are HMACs with a key that the database does not hold: whoever can write to the database cannot make a chain
that verifies. What no chain can show by itself is its own end cut off, head row and all; checkpoints, kept somewhere
else, show that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

MIN_KEY_BYTES = 32
GENESIS = "joinup-audit-1"


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """The keys by id; new entries use `current`, older ones verify with the key they name."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError("the current audit key is not among the audit keys")
        for name, key in self.keys.items():
            if len(key) < MIN_KEY_BYTES or not 0 < len(name) <= 32:
                raise ValueError(f"an audit key has at least {MIN_KEY_BYTES} bytes and an id of 1 to 32 characters")


def code(key: bytes, *parts: str) -> str:
    """HMAC-SHA-256 in hex over the parts, each with its length before it."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode()
        mac.update(len(data).to_bytes(8, "big"))
        mac.update(data)
    return mac.hexdigest()


def link(key: bytes, previous: str, sequence: int, key_id: str, payload: str) -> str:
    """The code of an entry. `previous` is the code of the one before it, GENESIS for the first."""
    return code(key, "entry", previous or GENESIS, str(sequence), key_id, payload)


def seal(key: bytes, sequence: int, chain: str) -> str:
    """The code of the head row: how far the chain reaches."""
    return code(key, "head", str(sequence), chain)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends."""

    sequence: int
    chain: str
    key_id: str
    seal: str

    def genuine(self, keys: AuditKeys) -> bool:
        """Whether the head was written with one of our keys, or is that of an empty chain."""
        if self.sequence == 0:
            return self.chain == ""
        key = keys.keys.get(self.key_id)
        return key is not None and hmac.compare_digest(self.seal, seal(key, self.sequence, self.chain))


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows ready to be stored, and the head that they make."""

    rows: list[tuple[int, str, str, str]]  # sequence, key id, payload, chain
    patients: list[tuple[str, int]]  # NHS number, sequence
    head: Head


def linked(keys: AuditKeys, head: Head, entries: list[tuple[str, tuple[str, ...]]]) -> Linked:
    """Chain payloads, each with its patients, to the head."""
    key, sequence, chain = keys.keys[keys.current], head.sequence, head.chain
    rows: list[tuple[int, str, str, str]] = []
    patients: list[tuple[str, int]] = []
    for payload, numbers in entries:
        sequence += 1
        chain = link(key, chain, sequence, keys.current, payload)
        rows.append((sequence, keys.current, payload, chain))
        patients.extend((number, sequence) for number in sorted(set(numbers)))
    return Linked(rows, patients, Head(sequence, chain, keys.current, seal(key, sequence, chain)))


class Checkpoint(msgspec.Struct, frozen=True):
    """A signed statement that the chain reached this far: to be kept where the database's writers cannot reach."""

    sequence: int
    chain: str
    at: str
    key_id: str
    signature: str

    def genuine(self, keys: AuditKeys) -> bool:
        key = keys.keys.get(self.key_id)
        if key is None:
            return False
        expected = code(key, "checkpoint", str(self.sequence), self.chain, self.at)
        return hmac.compare_digest(self.signature, expected)


def checkpoint_of(keys: AuditKeys, head: Head) -> Checkpoint:
    """The checkpoint of a head, made now."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    signature = code(keys.keys[keys.current], "checkpoint", str(head.sequence), head.chain, at)
    return Checkpoint(head.sequence, head.chain, at, keys.current, signature)
