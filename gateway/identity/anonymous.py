"""No identity at all: everybody is the same caller. For `--no-policy`, benchmarks and audits only."""

from __future__ import annotations

import structlog

from policies.caller import Caller

log = structlog.get_logger("gateway.identity")


class Everybody:
    """Believes every request, with or without a token, to be one and the same caller. Says so at the start."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def caller(self, authorization: list[bytes]) -> Caller:
        return self._caller

    def ready(self) -> bool:
        return True

    async def warm(self) -> None:
        log.warning("identity_is_off", role=self._caller.role)

    async def close(self) -> None:
        return
