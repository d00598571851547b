"""The cache's backend by URL: this worker's memory, or a Redis that all workers share."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from aiocache import RedisCache
from aiocache.base import BaseCache
from aiocache.serializers import NullSerializer
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.stores.cache_memory import BoundedMemoryCache

REDIS_SECONDS = 0.1  # per operation and to connect; a slower cache is no help


class SharedCache(RedisCache):  # type: ignore[misc]
    """aiocache's Redis backend, closed by the call that redis-py now has for it."""

    async def _close(self, *args: Any, _conn: Any = None, **kwargs: Any) -> None:
        await self.client.aclose()


def backend_for(url: str | None, *, max_entries: int = 10_000, max_bytes: int = 64 * 1024 * 1024) -> BaseCache:
    """The backend of a URL: None for memory, redis://… or rediss://… for Redis. Raises ValueError."""
    if url is None or url == "memory":
        return BoundedMemoryCache(max_entries, max_bytes)
    parts = urlsplit(url)
    database = parts.path.strip("/") or "0"
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or not database.isdigit():
        raise ValueError("not a cache URL: use memory, redis://host:port/0 or rediss://host:port/0")
    # One more try at once is for a pooled connection that the server had closed; redis-py's own waits cost seconds.
    extra: dict[str, Any] = {"retry": Retry(NoBackoff(), 1)}
    if parts.username:
        extra["username"] = unquote(parts.username)
    return SharedCache(
        endpoint=parts.hostname,
        port=parts.port or 6379,
        db=int(database),
        password=unquote(parts.password) if parts.password else None,
        ssl=parts.scheme == "rediss",
        create_connection_timeout=REDIS_SECONDS,
        connection_pool_kwargs=extra,
        serializer=NullSerializer(encoding=None),
        timeout=REDIS_SECONDS,
    )
