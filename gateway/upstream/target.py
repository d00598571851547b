"""From a base URL and a path to an origin and a request target: never another origin, never above the base."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from gateway.upstream.transport.request import BadRequestPartError, Origin, check_target

_DOT_SEGMENT = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*:|//", re.IGNORECASE)

_PLAIN = re.compile(r"[A-Za-z0-9_.~\-]*")  # what a query may hold as it is

MAX_KNOWN = 256

Query = Mapping[str, str] | tuple[tuple[str, str], ...]


class BaseUrl:
    """An upstream's base URL, taken apart once. Raises ValueError, naming what is wrong with it."""

    __slots__ = ("_known", "_own", "_path", "origin", "url")

    def __init__(self, url: str) -> None:
        self.url = url
        self.origin = _origin(url)
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise ValueError("a base URL has no query and no fragment")
        self._own = check_target(parts.path or "/")  # a slash at its end is kept where the URL itself is asked for
        self._path = self._own.rstrip("/")
        self._known: dict[str, tuple[str, str]] = {}

    def resolve(self, path: str, query: Query) -> tuple[str, str]:
        """The request target and the route. Raises BadRequestPartError."""
        known = self._known.get(path)
        if known is None:
            known = self._target(path), self._route(path)
            # Only what names no patient is remembered: operations and resource types have no digits.
            if len(self._known) < MAX_KNOWN and not any(letter.isdigit() for letter in path):
                self._known[path] = known
        target, route = known
        if query:
            joint = "&" if "?" in target else "?"
            pairs = query.items() if isinstance(query, Mapping) else query
            target += joint + "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in pairs])
        return target, route

    def _target(self, path: str) -> str:
        if "\\" in path:
            raise BadRequestPartError("a path has no backslash")
        if _ABSOLUTE.match(path):
            target = self._same_origin(path)
        elif path:
            target = f"{self._path}/{path.lstrip('/')}"
        else:
            target = self._own
        if _DOT_SEGMENT.search(target.partition("?")[0]):
            raise BadRequestPartError("a path has no dot segments")
        return check_target(target)

    def _route(self, path: str) -> str:
        """The first segment below the base: an operation or a resource type, never an identifier."""
        if _ABSOLUTE.match(path):
            path = urlsplit(path).path.removeprefix(self._path)
        return re.split(r"[/?]", path.lstrip("/"), maxsplit=1)[0]

    def _same_origin(self, url: str) -> str:
        try:
            same = _origin(url) == self.origin
            parts = urlsplit(url)
        except ValueError:
            raise BadRequestPartError("not a usable URL") from None
        if not same:
            raise BadRequestPartError("a URL of another origin")
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _quoted(text: str) -> str:
    if "," in text:  # lists are long and mostly of plain parts
        return "%2C".join([_quoted(part) for part in text.split(",")])
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError("a base URL begins with http:// or https://")
    if not parts.hostname:
        raise ValueError("a base URL names a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a base URL holds no credentials; configure authentication instead")
    tls = parts.scheme == "https"
    try:
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    except UnicodeError:
        raise ValueError("a base URL names a host that DNS can hold") from None
    return Origin(tls, host, parts.port or (443 if tls else 80))
