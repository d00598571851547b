"""The tables of the opt-out registry and the audit store, the same on SQLite and PostgreSQL.

`optout_event` is the history and never changes. `opted_out` is what follows from it: every NHS number, superseded
ones too, under which a person who opted out is known; it is written in the event's own transaction, so that the
question asked for every request is one look-up by primary key.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

optout_event = Table(
    "optout_event",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("nhs_number", String(10), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("reason_code", String(64), nullable=False),
    Column("by_subject", String(255), nullable=False),
    Column("at", String(32), nullable=False),
)

opted_out = Table("opted_out", metadata, Column("nhs_number", String(10), primary_key=True))

nhs_number_alias = Table(
    "nhs_number_alias",
    metadata,
    Column("superseded", String(10), primary_key=True),
    Column("current", String(10), nullable=False, index=True),
)

registry_lock = Table("registry_lock", metadata, Column("id", Integer, primary_key=True, autoincrement=False))

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("key_id", String(32), nullable=False),
    Column("payload", Text, nullable=False),
    Column("chain", String(64), nullable=False),
)

audit_patient = Table(
    "audit_patient",
    metadata,
    Column("nhs_number", String(10), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_audit_patient_sequence", "sequence"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("chain", String(64), nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("seal", String(64), nullable=False),
)

APPEND_ONLY = ("optout_event", "audit_entry", "audit_patient")
