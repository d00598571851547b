"""Checks the audit chain from its first entry to its head, and names what is wrong with it."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.stores.audit_chain import AuditKeys, Checkpoint, Head, link
from gateway.stores.audit_entry import decoded
from gateway.stores.database import Database
from gateway.stores.tables import audit_entry, audit_head, audit_patient

PAGE = 1000


class Defect(Enum):
    ALTERED = "ALTERED"  # content, place or code is not what was written
    MISSING = "MISSING"  # a sequence number has no entry
    BEYOND_HEAD = "BEYOND_HEAD"  # an entry that the head does not know of
    HEAD_ALTERED = "HEAD_ALTERED"  # the head row is not one that we wrote, or not this chain's
    INDEX_ALTERED = "INDEX_ALTERED"  # the look-up by patient does not match the entry
    UNKNOWN_KEY = "UNKNOWN_KEY"  # written with a key that was not given
    CHECKPOINT_DIFFERS = "CHECKPOINT_DIFFERS"  # the chain had reached this code and no longer does


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and at which sequence number."""

    sequence: int
    defect: Defect


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The outcome: how many entries were read, where the chain ends, and every problem in order."""

    entries: int
    head: int
    problems: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        return not self.problems


async def verify(database: Database, keys: AuditKeys, checkpoints: Sequence[Checkpoint]) -> VerifyReport:
    """Read the chain page by page while others go on appending to it."""
    async with database.reading() as connection:
        head = await _head(connection)
    walk = _Walk(keys, {point.sequence: point for point in checkpoints})
    if head is None or not head.genuine(keys):
        walk.problem(head.sequence if head else 0, Defect.HEAD_ALTERED)
    for point in checkpoints:
        if not point.genuine(keys):
            walk.problem(point.sequence, Defect.CHECKPOINT_DIFFERS)
    end = head.sequence if head else 0
    while walk.sequence < end:
        async with database.reading() as connection:
            rows, patients = await _page(connection, walk.sequence, end)
        if not rows:
            break
        for row in rows:
            walk.step(row, patients[row.sequence])
    walk.finish(head)
    async with database.reading() as connection:
        await _beyond(connection, walk)
    return VerifyReport(walk.count, end, tuple(sorted(set(walk.problems), key=_order)))


def _order(problem: Problem) -> tuple[int, str]:
    return problem.sequence, problem.defect.value


async def _head(connection: AsyncConnection) -> Head | None:
    row = (await connection.execute(select(audit_head))).first()
    return Head(row.sequence, row.chain, row.key_id, row.seal) if row is not None else None


async def _page(connection: AsyncConnection, after: int, end: int) -> tuple[Sequence[Any], dict[int, set[str]]]:
    entry, patient = audit_entry.c, audit_patient.c
    rows = (
        await connection.execute(
            select(audit_entry)
            .where(entry.sequence > after, entry.sequence <= end)
            .order_by(entry.sequence)
            .limit(PAGE)
        )
    ).all()
    patients: dict[int, set[str]] = defaultdict(set)
    if rows:
        found = await connection.execute(
            select(audit_patient).where(patient.sequence > after, patient.sequence <= rows[-1].sequence)
        )
        for row in found:
            patients[row.sequence].add(row.nhs_number)
    return rows, patients


async def _beyond(connection: AsyncConnection, walk: _Walk) -> None:
    head = select(audit_head.c.sequence).scalar_subquery()
    entries = select(func.max(audit_entry.c.sequence)).scalar_subquery()
    patients = select(func.max(audit_patient.c.sequence)).scalar_subquery()
    lowest = select(func.min(audit_entry.c.sequence)).scalar_subquery()
    row = (await connection.execute(select(head, entries, patients, lowest))).one()
    reached, last, indexed, first = (value or 0 for value in row)
    if last > reached:
        walk.problem(last, Defect.BEYOND_HEAD)
    if indexed > reached:
        walk.problem(indexed, Defect.INDEX_ALTERED)
    if first < 0 or (last and first < 1):
        walk.problem(first, Defect.BEYOND_HEAD)


class _Walk:
    """The state between entries. After a defect it goes on from the stored code, so that each is found on its own."""

    def __init__(self, keys: AuditKeys, checkpoints: dict[int, Checkpoint]) -> None:
        self._keys = keys
        self._checkpoints = checkpoints
        self.problems: list[Problem] = []
        self.sequence = 0
        self.chain = ""
        self.count = 0

    def problem(self, sequence: int, defect: Defect) -> None:
        self.problems.append(Problem(sequence, defect))

    def step(self, row: Any, patients: set[str]) -> None:
        for missing in range(self.sequence + 1, min(row.sequence, self.sequence + 1 + PAGE)):
            self.problem(missing, Defect.MISSING)
        follows = row.sequence == self.sequence + 1
        key = self._keys.keys.get(row.key_id)
        if key is None:
            self.problem(row.sequence, Defect.UNKNOWN_KEY)
        elif follows and not hmac.compare_digest(
            row.chain, link(key, self.chain, row.sequence, row.key_id, row.payload)
        ):
            self.problem(row.sequence, Defect.ALTERED)
        try:
            named = set(decoded(row.payload).patients)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            named = patients
            self.problem(row.sequence, Defect.ALTERED)
        if named != patients:
            self.problem(row.sequence, Defect.INDEX_ALTERED)
        point = self._checkpoints.get(row.sequence)
        if point is not None and point.chain != row.chain:
            self.problem(row.sequence, Defect.CHECKPOINT_DIFFERS)
        self.sequence, self.chain = row.sequence, row.chain
        self.count += 1

    def finish(self, head: Head | None) -> None:
        end = head.sequence if head else 0
        for missing in range(self.sequence + 1, min(end, self.sequence + PAGE) + 1):
            self.problem(missing, Defect.MISSING)
        if head is not None and self.sequence == end and self.chain != head.chain:
            self.problem(end, Defect.HEAD_ALTERED)
        for sequence in self._checkpoints:
            if sequence > end:
                self.problem(sequence, Defect.CHECKPOINT_DIFFERS)
