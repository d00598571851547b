"""The audit store: durable before the answer leaves, append-only, and a chain that shows any change.

`append` returns when the entry is on disk. Entries that arrive while a transaction is being committed share the next
one, so that many requests cost few fsyncs. Failure raises `AuditUnavailable`, and the caller then answers nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from gateway.stores.audit_chain import AuditKeys, Checkpoint, Head, checkpoint_of
from gateway.stores.audit_entry import AuditEntry, AuditRecord, decoded, encoded
from gateway.stores.audit_fhir import Gateway, audit_events
from gateway.stores.audit_journal import Journal, journal_for
from gateway.stores.audit_verify import VerifyReport, verify
from gateway.stores.checkpoints import CheckpointFile
from gateway.stores.database import Database
from gateway.stores.errors import AuditUnavailable
from gateway.stores.tables import audit_entry, audit_head, audit_patient

APPEND_SECONDS = 6.0  # longer than a writer waits for another (BUSY_SECONDS)
MAX_BATCH = 512
MAX_PENDING = 10_000
PAGE = 500

_log = structlog.get_logger(__name__)
_Waiting = tuple[str, tuple[str, ...], "asyncio.Future[int]"]


class AuditStore:
    """One chain in one database, written by as many processes as there are."""

    def __init__(
        self,
        database: Database,
        keys: AuditKeys,
        *,
        checkpoints: CheckpointFile | None = None,
        checkpoint_every: int = 1000,
        journal: Journal | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._checkpoints = checkpoints
        self._every = checkpoint_every
        self._journal = journal or journal_for(database, keys)
        self._pending: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    async def append(self, entry: AuditEntry) -> int:
        """Store an entry; its sequence number, once it is on disk.

        Raises AuditUnavailable; ValueError for an entry that cannot be stored as it is. A caller that is cancelled
        may leave an entry behind: more audit, never less.
        """
        payload = encoded(entry)
        if len(self._pending) >= MAX_PENDING:
            raise AuditUnavailable("too many audit entries wait to be written")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[int] = loop.create_future()
        self._pending.append((payload, entry.patients, done))
        if self._flusher is None:
            self._flusher = loop.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        batch: list[_Waiting] = []
        try:
            while self._pending:
                batch, self._pending = self._pending[:MAX_BATCH], self._pending[MAX_BATCH:]
                await self._commit(batch)
        finally:
            self._flusher = None
            for _, _, done in (*batch, *self._pending):
                if not done.done():
                    done.set_exception(AuditUnavailable("the audit store was closed"))
            self._pending = []

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            async with asyncio.timeout(APPEND_SECONDS):
                head = await self._journal.commit([(payload, patients) for payload, patients, _ in batch])
        except Exception as error:
            said = str(error) if isinstance(error, AuditUnavailable) else "the audit entry could not be written"
            for _, _, done in batch:
                if not done.done():
                    done.set_exception(AuditUnavailable(said))
            return
        first = head.sequence - len(batch) + 1
        for offset, (_, _, done) in enumerate(batch):
            if not done.done():
                done.set_result(first + offset)
        if (first - 1) // self._every != head.sequence // self._every:
            await self._write_checkpoint(head)

    async def _write_checkpoint(self, head: Head) -> None:
        if self._checkpoints is None:
            return
        try:
            await self._checkpoints.write(checkpoint_of(self._keys, head))
        except OSError:
            _log.warning("audit_checkpoint_not_written", sequence=head.sequence)

    async def checkpoint(self) -> Checkpoint:
        """A signed statement of where the chain ends now, to be kept elsewhere. Raises AuditUnavailable."""
        rows = await self._read(select(audit_head))
        return checkpoint_of(self._keys, Head(rows[0].sequence, rows[0].chain, rows[0].key_id, rows[0].seal))

    async def usable(self) -> None:
        """Raises AuditUnavailable where the chain's end cannot be read. That it can be written, appending shows."""
        try:
            if self._database.is_sqlite:
                self._database.file_identity()  # an open handle outlives its file
        except OSError:
            raise AuditUnavailable("the audit's file is gone") from None
        await self._read(select(audit_head.c.sequence))

    async def verify(self, checkpoints: Sequence[Checkpoint] = ()) -> VerifyReport:
        """Check the whole chain; every altered, removed, added or moved entry is named. Raises AuditUnavailable.

        A chain cut off at its end together with its head row verifies by itself: give checkpoints to find that.
        """
        try:
            return await verify(self._database, self._keys, checkpoints)
        except Exception:
            pass
        raise AuditUnavailable("the audit store cannot be read")

    async def show(self, *, patient: str | None = None, after: int = 0, limit: int = 100) -> tuple[AuditRecord, ...]:
        """Entries in order, those about one patient if given, after a sequence number. Raises AuditUnavailable."""
        statement = select(audit_entry).where(audit_entry.c.sequence > after)
        if patient is not None:
            statement = statement.join(audit_patient, audit_patient.c.sequence == audit_entry.c.sequence).where(
                audit_patient.c.nhs_number == patient
            )
        rows = await self._read(statement.order_by(audit_entry.c.sequence).limit(limit))
        return tuple(_record(row) for row in rows)

    async def export_fhir(
        self, gateway: Gateway, *, patient: str | None = None, after: int = 0
    ) -> AsyncIterator[dict[str, Any]]:
        """FHIR R4 AuditEvents in order, one for each patient of an entry (IHE BALP). Raises AuditUnavailable."""
        while True:
            records = await self.show(patient=patient, after=after, limit=PAGE)
            for record in records:
                for resource in audit_events(record, gateway):
                    yield resource
            if len(records) < PAGE:
                return
            after = records[-1].sequence

    async def _read(self, statement: Any) -> Sequence[Any]:
        try:
            async with self._database.reading() as connection:
                return (await connection.execute(statement)).all()
        except Exception:
            pass
        raise AuditUnavailable("the audit store cannot be read")

    async def aclose(self) -> None:
        """Write what is pending, then close the journal; the database is the caller's."""
        if self._flusher is not None:
            await self._flusher
        await self._journal.aclose()


def _record(row: Any) -> AuditRecord:
    try:
        return AuditRecord(row.sequence, decoded(row.payload), row.chain)
    except msgspec.MsgspecError:
        pass
    raise AuditUnavailable(f"entry {row.sequence} cannot be read: run `joinup audit verify`")
