"""Whatever is changed behind the audit store's back is found, and named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.stores.audit_chain import AuditKeys, Checkpoint
from gateway.stores.audit_verify import Defect
from gateway.stores.checkpoints import CheckpointFile
from gateway.stores.database import Database
from gateway.stores.errors import AuditUnavailable
from tests.gateway.stores.trail import entry, filled, opened, problems, tamper


async def test_changes_are_refused_by_the_database(database: Database) -> None:
    await filled(database, 2)
    for statement in (
        "UPDATE audit_entry SET payload = '{}' WHERE sequence = 1",
        "DELETE FROM audit_entry WHERE sequence = 2",
        "DELETE FROM audit_patient",
        "UPDATE audit_patient SET sequence = 9",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.engine.begin() as connection:
                await connection.execute(text(statement))
    assert await problems(database) == []


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_entry SET payload = replace(payload, 'user-1', 'user-2') WHERE sequence = 3"],
         [(3, Defect.ALTERED)]),
        (["UPDATE audit_entry SET payload = 'nonsense' WHERE sequence = 3"], [(3, Defect.ALTERED)]),
        (["UPDATE audit_entry SET chain = (SELECT chain FROM audit_entry WHERE sequence = 1) WHERE sequence = 3"],
         [(3, Defect.ALTERED), (4, Defect.ALTERED)]),
        (["DELETE FROM audit_entry WHERE sequence = 3", "DELETE FROM audit_patient WHERE sequence = 3"],
         [(3, Defect.MISSING)]),
        (["DELETE FROM audit_entry WHERE sequence = 1", "DELETE FROM audit_patient WHERE sequence = 1"],
         [(1, Defect.MISSING)]),
        (["UPDATE audit_entry SET sequence = -3 WHERE sequence = 3",
          "UPDATE audit_entry SET sequence = 3 WHERE sequence = 4",
          "UPDATE audit_entry SET sequence = 4 WHERE sequence = -3"],
         [(3, Defect.ALTERED), (4, Defect.ALTERED), (5, Defect.ALTERED)]),
        (["DELETE FROM audit_entry WHERE sequence = 3",
          "UPDATE audit_entry SET sequence = 3 WHERE sequence = 4",
          "UPDATE audit_entry SET sequence = 4 WHERE sequence = 5",
          "UPDATE audit_head SET sequence = 4",
          "DELETE FROM audit_patient WHERE sequence = 5"],
         [(3, Defect.ALTERED), (4, Defect.ALTERED), (4, Defect.HEAD_ALTERED)]),
        (["INSERT INTO audit_entry SELECT 6, key_id, payload, chain FROM audit_entry WHERE sequence = 5"],
         [(6, Defect.BEYOND_HEAD)]),
        (["INSERT INTO audit_entry SELECT 0, key_id, payload, chain FROM audit_entry WHERE sequence = 5"],
         [(0, Defect.BEYOND_HEAD)]),
        (["INSERT INTO audit_entry SELECT 6, key_id, payload, chain FROM audit_entry WHERE sequence = 5",
          "INSERT INTO audit_patient VALUES ('9990000018', 6)", "UPDATE audit_head SET sequence = 6"],
         [(6, Defect.ALTERED), (6, Defect.HEAD_ALTERED)]),
        (["DELETE FROM audit_entry WHERE sequence = 5", "DELETE FROM audit_patient WHERE sequence = 5"],
         [(5, Defect.MISSING)]),
        (["DELETE FROM audit_entry WHERE sequence = 5", "DELETE FROM audit_patient WHERE sequence = 5",
          "UPDATE audit_head SET sequence = 4, chain = (SELECT chain FROM audit_entry WHERE sequence = 4)"],
         [(4, Defect.HEAD_ALTERED)]),
        (["DELETE FROM audit_head"], [(0, Defect.HEAD_ALTERED), (5, Defect.BEYOND_HEAD)]),
        (["DELETE FROM audit_patient WHERE sequence = 2"], [(2, Defect.INDEX_ALTERED)]),
        (["INSERT INTO audit_patient VALUES ('9990000026', 2)"], [(2, Defect.INDEX_ALTERED)]),
        (["UPDATE audit_patient SET nhs_number = '9990000026' WHERE sequence = 2"], [(2, Defect.INDEX_ALTERED)]),
        (["INSERT INTO audit_patient VALUES ('9990000026', 77)"], [(77, Defect.INDEX_ALTERED)]),
        (["UPDATE audit_entry SET key_id = 'k9' WHERE sequence = 2"], [(2, Defect.UNKNOWN_KEY)]),
    ],
)  # fmt: skip
async def test_tampering_is_found(database: Database, statements: list[str], found: list[tuple[int, Defect]]) -> None:
    await filled(database, 5)
    await tamper(database, *statements)
    seen = await problems(database)
    assert set(found) <= set(seen)
    assert len(seen) <= len(found) + 2


async def test_chain_made_anew_without_the_key_is_found(database: Database) -> None:
    await filled(database, 3)
    stranger = AuditKeys("k1", {"k1": b"x" * 32})
    await tamper(database, "DELETE FROM audit_entry", "DELETE FROM audit_patient",
                 "UPDATE audit_head SET sequence = 0, chain = '', key_id = '', seal = ''")  # fmt: skip
    async with opened(database, stranger) as store:
        for number in (1, 2, 3):
            await store.append(entry(number, subject="somebody-else"))
    assert (1, Defect.ALTERED) in await problems(database)
    assert (3, Defect.HEAD_ALTERED) in await problems(database)


async def test_cut_off_end_is_found_by_checkpoints(database: Database, tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "checkpoints")
    async with opened(database, checkpoints=file, checkpoint_every=2) as store:
        await store.append(entry(1))
        await store.append(entry(2))
        async with database.reading() as connection:
            head = (await connection.execute(text("SELECT * FROM audit_head"))).one()
        for number in (3, 4, 5):
            await store.append(entry(number))
    kept = await file.read()
    assert [point.sequence for point in kept] == [2, 4]
    assert await problems(database, kept) == []
    # An old head row, saved before, put back together with the cut: consistent in itself.
    old_head = f"sequence = 2, chain = '{head.chain}', seal = '{head.seal}'"
    await tamper(
        database,
        "DELETE FROM audit_entry WHERE sequence > 2",
        "DELETE FROM audit_patient WHERE sequence > 2",
        "UPDATE audit_head SET " + old_head,  # noqa: S608
    )
    assert await problems(database) == []
    assert await problems(database, kept) == [(4, Defect.CHECKPOINT_DIFFERS)]
    forged = Checkpoint(2, kept[0].chain, kept[0].at, "k1", "0" * 64)
    assert await problems(database, [forged]) == [(2, Defect.CHECKPOINT_DIFFERS)]


async def test_rewritten_history_contradicts_a_checkpoint(database: Database) -> None:
    async with opened(database) as store:
        await store.append(entry(1))
        point = await store.checkpoint()
        assert (await store.verify([point])).sound
    await tamper(database, "DELETE FROM audit_entry", "DELETE FROM audit_patient",
                 "UPDATE audit_head SET sequence = 0, chain = '', key_id = '', seal = ''")  # fmt: skip
    async with opened(database) as store:
        await store.append(entry(1, subject="somebody-else"))
    assert await problems(database) == []
    assert await problems(database, [point]) == [(1, Defect.CHECKPOINT_DIFFERS)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_head SET seal = 'x'",
        "UPDATE audit_head SET sequence = 0, chain = '', seal = ''",
        "DELETE FROM audit_head",
    ],
)
async def test_nothing_is_appended_to_an_altered_head(database: Database, statement: str) -> None:
    async with opened(database) as store:
        await store.append(entry(1))
        await tamper(database, statement)
        with pytest.raises(AuditUnavailable, match="audit verify"):
            await store.append(entry(2))
