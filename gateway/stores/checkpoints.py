"""Checkpoints of the audit chain, one JSON line each, in a file that should lie on another system's storage."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from gateway.stores.audit_chain import Checkpoint


class CheckpointFile:
    """An append-only file of checkpoints."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, checkpoint: Checkpoint) -> None:
        """Append and fsync. Raises OSError."""
        await asyncio.to_thread(self._write, checkpoint)

    def _write(self, checkpoint: Checkpoint) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, msgspec.json.encode(checkpoint) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)

    async def read(self) -> list[Checkpoint]:
        """All checkpoints in the file. Raises OSError, and ValueError naming a line that is none."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> list[Checkpoint]:
        found = []
        for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
            try:
                found.append(msgspec.json.decode(line, type=Checkpoint))
            except msgspec.MsgspecError:
                raise ValueError(f"{self._path}, line {number}: not a checkpoint") from None
        return found
