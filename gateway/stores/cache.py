"""A short-lived cache of record entries that have passed the sensitivity gate. It may cost speed, never an answer.

Values are typed by the caller (msgspec MessagePack). The caller's key holds everything that can change an answer:
source, operation, its parameters, the version of the gate's tables. Patients appear in keys only as a keyed hash.

Invalidation: beside the entries lies one random mark per patient, and each entry carries the mark it was made under.
Removing the mark, one write, makes all the patient's entries unreadable, on every worker that shares the backend,
those too that are stored later by requests begun before. A mark that was evicted does the same. With the memory
backend each worker has its own cache: use Redis where a patient's entries must go on all workers at once.
Whether somebody has opted out is never read from here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from aiocache.base import BaseCache

from gateway.stores.singleflight import SingleFlight

T = TypeVar("T")

MARK_BYTES = 16
MAX_TTL_SECONDS = 300.0
MARK_SECONDS = MAX_TTL_SECONDS * 2  # a mark outlives every entry made under it
MAX_VALUE_BYTES = 2 * 1024 * 1024
BACK_OFF_SECONDS = 1.0
MAX_BACK_OFF_SECONDS = 30.0
MIN_KEY_BYTES = 32
MAX_OWED = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value that was not found belongs; made by `get`, used up by `put`."""

    key: str = field(repr=False)
    mark: bytes | None = field(repr=False)  # None: nothing is stored


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A look-up's outcome: the value, or where to put it."""

    value: T | None
    place: Place


class EntryCache:
    """The cache, over any aiocache backend that holds bytes."""

    def __init__(self, backend: BaseCache, key: bytes, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`key` hashes patient identifiers; every worker that shares the backend needs the same one."""
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"the cache key has at least {MIN_KEY_BYTES} bytes")
        self._backend = backend
        self._key = key
        self._clock = clock
        self._decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._flights: SingleFlight[Any, Any] = SingleFlight()
        self._down_until = 0.0
        self._back_off = BACK_OFF_SECONDS
        self._owed: set[str] = set()  # marks still to be removed: the backend was down

    async def get(self, patient: str, parts: tuple[str, ...], kind: type[T]) -> Found[T]:
        """Look up a patient's entry by the parts of its key. Never raises but for cancellation."""
        mark_key = self._mark_key(patient)
        key = _entry_key(mark_key, parts)
        if not await self._up():
            return Found(None, Place(key, None))
        try:
            mark, stored = await self._backend.multi_get([mark_key, key])
            if mark is None:
                mark = await self._new_mark(mark_key)
        except Exception:
            self._failed()
            return Found(None, Place(key, None))
        self._back_off = BACK_OFF_SECONDS
        value = self._decoded(stored, mark, kind)
        return Found(value, Place(key, mark))

    async def put(self, place: Place, value: object, ttl: float) -> None:
        """Store a value where `get` did not find it, for `ttl` seconds. Never raises but for cancellation."""
        if place.mark is None or ttl <= 0 or self._clock() < self._down_until:
            return
        data = place.mark + self._encoder.encode(value)
        if len(data) > MAX_VALUE_BYTES:
            return
        try:
            await self._backend.set(place.key, data, ttl=float(min(ttl, MAX_TTL_SECONDS)))
        except Exception:
            self._failed()

    async def get_or_load(
        self,
        patient: str,
        parts: tuple[str, ...],
        kind: type[T],
        load: Callable[[], Awaitable[T]],
        ttl: float,
    ) -> T:
        """The cached value, else what `load` gives, which concurrent callers share. Raises what `load` raises."""

        async def fly() -> T:
            found = await self.get(patient, parts, kind)
            if found.value is not None:
                return found.value
            value = await load()
            await self.put(found.place, value, ttl)
            return value

        value: T = await self._flights.run((patient, parts, kind), fly)
        return value

    async def drop_patient(self, patient: str) -> bool:
        """Make all of a patient's entries unreadable, now and for requests under way.

        False when the backend could not be reached: the removal is then owed, and paid before the next look-up.
        """
        mark_key = self._mark_key(patient)
        self._owed.add(mark_key)
        if self._clock() < self._down_until:
            return False
        return await self._pay()

    async def aclose(self) -> None:
        await self._backend.close()

    async def _up(self) -> bool:
        if self._clock() < self._down_until:
            return False
        return not self._owed or await self._pay()

    async def _pay(self) -> bool:
        try:
            for mark_key in list(self._owed):
                await self._backend.delete(mark_key)
                self._owed.discard(mark_key)
        except Exception:
            self._failed()
            if len(self._owed) > MAX_OWED:
                self._down_until = float("inf")  # cannot keep the promise any more: no cache until a restart
            return False
        return True

    def _failed(self) -> None:
        self._down_until = self._clock() + self._back_off
        self._back_off = min(self._back_off * 2, MAX_BACK_OFF_SECONDS)

    async def _new_mark(self, mark_key: str) -> bytes:
        mark = secrets.token_bytes(MARK_BYTES)
        try:
            await self._backend.add(mark_key, mark, ttl=MARK_SECONDS)
        except ValueError:  # another request made one in between
            found: bytes | None = await self._backend.get(mark_key)
            return found if found is not None else mark
        return mark

    def _decoded(self, stored: bytes | None, mark: bytes, kind: type[T]) -> T | None:
        if stored is None or not hmac.compare_digest(stored[:MARK_BYTES], mark):
            return None
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.msgpack.Decoder(kind)
        try:
            value: T = decoder.decode(memoryview(stored)[MARK_BYTES:])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None  # written by another version
        return value

    def _mark_key(self, patient: str) -> str:
        digest = hmac.new(self._key, patient.encode(), hashlib.sha256).hexdigest()
        return f"joinup:{digest[:40]}"


def _entry_key(mark_key: str, parts: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return f"{mark_key}:{digest.hexdigest()}"
