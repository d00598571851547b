"""An audit store with entries in it, and somebody who changes rows behind its back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text

from gateway.stores.audit import AuditStore
from gateway.stores.audit_chain import AuditKeys, Checkpoint
from gateway.stores.audit_entry import AuditEntry, DeniedField, SourceAsked
from gateway.stores.audit_verify import Defect
from gateway.stores.database import Database

ANN, BOB = "9990000018", "9990000026"
KEYS = AuditKeys("k1", {"k1": b"1" * 32})
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def entry(number: int = 1, **given: object) -> AuditEntry:
    values: dict[str, object] = {
        "request_id": f"r{number}",
        "at": NOW,
        "subject": "user-1",
        "role": "gp",
        "organisation": "F83004",
        "purpose": "direct-care",
        "outcome": "ANSWERED",
        "patients": (ANN,),
        "sections": ("allergies",),
        "sources": (SourceAsked("royal-free", "ANSWERED"),),
        "denied": (DeniedField("Patient.address", "receptionist-no-address"),),
        **given,
    }
    return AuditEntry(**values)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(database: Database, keys: AuditKeys = KEYS, **given: object) -> AsyncIterator[AuditStore]:
    store = AuditStore(database, keys, **given)  # type: ignore[arg-type]
    yield store
    await store.aclose()


async def filled(database: Database, count: int) -> None:
    async with opened(database) as store:
        for number in range(1, count + 1):
            await store.append(entry(number))


async def problems(database: Database, checkpoints: Sequence[Checkpoint] = ()) -> list[tuple[int, Defect]]:
    async with opened(database) as store:
        report = await store.verify(checkpoints)
    return [(problem.sequence, problem.defect) for problem in report.problems]


async def tamper(database: Database, *statements: str) -> None:
    """Change rows as somebody with the database's own rights could: triggers off first."""
    async with database.engine.begin() as connection:
        if database.is_sqlite:
            for table in ("audit_entry", "audit_patient"):
                for action in ("update", "delete"):
                    await connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{action}"))
        else:
            await connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
            await connection.execute(text("ALTER TABLE audit_patient DISABLE TRIGGER ALL"))
        for statement in statements:
            await connection.execute(text(statement))
