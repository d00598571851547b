"""A gateway process whose answers wait for a file, for the test of its shutdown: python -m … PORT_FILE GO_FILE."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from gateway.config import Config
from gateway.pipeline import Answer, Operation, RequestInfo
from gateway.serve import run
from gateway.settings import Settings
from policies.caller import Caller
from tests.gateway.kit import SmallEngine, gateway

GO = Path(sys.argv[-1])


class WaitingEngine(SmallEngine):
    async def answer(self, operation: Operation, caller: Caller, request: RequestInfo) -> Answer:
        GO.with_suffix(".inside").touch()
        while not GO.exists():  # noqa: ASYNC110, ASYNC240 - another process says when
            await asyncio.sleep(0.01)
        return await super().answer(operation, caller, request)

    async def close(self) -> None:
        GO.with_suffix(".closed").touch()


if __name__ == "__main__":
    config = msgspec.convert({"server": {"port": int(sys.argv[1]), "drain_s": 20.0}}, Config)
    run(Settings(config, Path()), gateway(WaitingEngine(), {"server": {"port": int(sys.argv[1])}}))
