"""`@link`: which specifications a schema uses, in which version, and under which names.

Source: the link specification v1.0. A linked element is called by its imported name, or by
`<alias>__<name>`; the directive that has the specification's own name is called `<alias>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from graphql import DirectiveNode

from gateway.federation.composition.values import Value, value_of

APOLLO = "https://specs.apollo.dev/"
LINK = APOLLO + "link"
FEDERATION = APOLLO + "federation"
CORE = APOLLO + "core"
JOIN = APOLLO + "join"

_VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\Z")
_NAME = re.compile(r"@?[_A-Za-z][_0-9A-Za-z]*\Z")
_ALIAS = re.compile(r"[_A-Za-z][_0-9A-Za-z.\-]*\Z")


class Version(NamedTuple):
    """A specification's version; compares by number."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}"

    def satisfies(self, required: Version) -> bool:
        """Whether a reader of `required` understands this version (before 1.0 every minor is its own)."""
        if self.major == 0:
            return self == required
        return self.major == required.major and self.minor >= required.minor


class LinkError(Exception):
    """A `@link` that cannot be used. `code` is the composition error code."""

    def __init__(self, code: str, message: str, node: DirectiveNode | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.node = node


@dataclass(frozen=True, slots=True)
class SpecUrl:
    """A specification's URL: identity (URL without version), name (last part of it) and version."""

    identity: str
    name: str
    version: Version

    def __str__(self) -> str:
        return f"{self.identity}/{self.version}"

    @staticmethod
    def parse(text: str) -> SpecUrl:
        """Raises LinkError INVALID_LINK_IDENTIFIER, saying which part is missing or wrong."""
        parts = urlsplit(text)
        if not parts.scheme:
            raise LinkError("INVALID_LINK_IDENTIFIER", f'"{text}" is not a URL')
        path = parts.path.split("/")
        if not parts.path.strip("/"):
            raise LinkError("INVALID_LINK_IDENTIFIER", f'"{text}" has no path: no specification is named')
        last = path.pop()
        match = _VERSION.match(last)
        if not match:
            raise LinkError(
                "INVALID_LINK_IDENTIFIER", f'"{text}" does not end in a version such as v1.2 (found "{last}")'
            )
        name = path[-1] if path else ""
        if not name:
            raise LinkError("INVALID_LINK_IDENTIFIER", f'"{text}" has no specification name before the version')
        host = parts.netloc.rpartition("@")[2]
        identity = urlunsplit((parts.scheme, host, "/".join(path), "", ""))
        return SpecUrl(identity, name, Version(int(match[1]), int(match[2])))


@dataclass(frozen=True, slots=True)
class Link:
    """One linked specification. `imports` maps the specification's names ("@key", "FieldSet") to ours."""

    url: SpecUrl
    alias: str
    imports: dict[str, str] = field(default_factory=dict)
    purpose: str | None = None
    node: DirectiveNode | None = None

    def directive_name(self, name: str) -> str:
        """What this schema calls the specification's directive `name`."""
        imported = self.imports.get("@" + name)
        if imported:
            return imported[1:]
        return self.alias if name == self.url.name else f"{self.alias}__{name}"

    def type_name(self, name: str) -> str:
        """What this schema calls the specification's type `name`."""
        return self.imports.get(name) or f"{self.alias}__{name}"


class Links:
    """All links of one schema, with look-up of names in both directions."""

    def __init__(self, links: Sequence[Link] = ()) -> None:
        self._by_identity: dict[str, Link] = {}
        self._by_alias: dict[str, Link] = {}
        self._imported: dict[str, tuple[Link, str]] = {}
        for link in links:
            self._add(link)

    def __iter__(self) -> Iterator[Link]:
        return iter(self._by_identity.values())

    def get(self, identity: str) -> Link | None:
        return self._by_identity.get(identity)

    @property
    def link_name(self) -> str | None:
        """The name of the @link directive itself, or None where nothing is linked."""
        core = self._by_identity.get(LINK)
        return core.alias if core else None

    def directive_origin(self, name: str) -> tuple[Link, str] | None:
        """The link and the specification's own name of the directive that this schema calls `name`."""
        found = self._imported.get("@" + name)
        if found:
            return found[0], found[1][1:]
        link = self._by_alias.get(name)
        if link:
            # An imported default directive goes by its imported name only.
            return None if "@" + link.url.name in link.imports else (link, link.url.name)
        prefix, found_separator, rest = name.partition("__")
        link = self._by_alias.get(prefix) if found_separator else None
        if link and "@" + rest not in link.imports:
            return link, rest
        return None

    def type_origin(self, name: str) -> tuple[Link, str] | None:
        """The link and the specification's own name of the type that this schema calls `name`."""
        found = self._imported.get(name)
        if found:
            return found
        prefix, separator, rest = name.partition("__")
        link = self._by_alias.get(prefix) if separator else None
        return (link, rest) if link and rest not in link.imports else None

    def _add(self, link: Link) -> None:
        self._check(link)
        for name, ours in link.imports.items():
            other = self._imported.get(ours)
            if other and (other[0].url.identity != link.url.identity or other[1] != name):
                raise _usage(
                    link,
                    f'"{ours}" is imported twice: as "{other[1]}" of {other[0].url.identity} '
                    f'and as "{name}" of {link.url.identity}',
                )
            self._check_import(link, name, ours)
            self._imported[ours] = (link, name)
        self._by_alias[link.alias] = link
        self._by_identity[link.url.identity] = link

    def _check(self, link: Link) -> None:
        if link.url.identity in self._by_identity:
            raise _usage(link, f"{link.url.identity} is linked more than once")
        alias = link.alias
        if "__" in alias or alias.endswith("_") or not _ALIAS.match(alias):
            raise _usage(link, f'"{alias}" cannot be the name of a linked specification')
        if alias in self._by_alias:
            other = self._by_alias[alias].url.identity
            raise _usage(link, f'{link.url.identity} and {other} are both linked under the name "{alias}"')
        other_import = self._imported.get("@" + alias)
        if other_import:
            raise _usage(link, f'"{alias}" names {link.url.identity}, but "@{alias}" is imported from another link')

    def _check_import(self, link: Link, name: str, ours: str) -> None:
        is_directive = name.startswith("@")
        bare, bare_ours = name.lstrip("@"), ours.lstrip("@")
        prefix, separator, rest = bare_ours.partition("__")
        if separator:
            if prefix == link.alias and rest != bare:
                raise _usage(link, f'"{name}" is imported as "{ours}", which already means "{rest}"')
            if prefix != link.alias and prefix in self._by_alias:
                raise _usage(link, f'"{name}" is imported as "{ours}", a name that belongs to another link')
        if is_directive and bare_ours == link.alias and bare != link.url.name:
            raise _usage(link, f'"{name}" is imported as "{ours}", which already means "@{link.url.name}"')
        if is_directive and bare_ours != link.alias and bare_ours in self._by_alias:
            raise _usage(link, f'"{name}" is imported as "{ours}", the name of another link')


def _usage(link: Link, message: str) -> LinkError:
    return LinkError("INVALID_LINK_DIRECTIVE_USAGE", message, link.node)


def read_link(node: DirectiveNode) -> Link:
    """One application of @link. Raises LinkError when its URL, alias or imports are malformed."""
    args: dict[str, Value] = {arg.name.value: value_of(arg.value) for arg in node.arguments or ()}
    url_text = args.get("url")
    if not isinstance(url_text, str):
        raise LinkError("INVALID_LINK_DIRECTIVE_USAGE", "@link needs a url", node)
    try:
        url = SpecUrl.parse(url_text)
    except LinkError as error:
        raise LinkError(error.code, error.message, node) from None
    alias = args.get("as")
    if alias is not None and not isinstance(alias, str):
        raise LinkError("INVALID_LINK_DIRECTIVE_USAGE", '"as" of @link must be a string', node)
    purpose = args.get("for")
    imports = _read_imports(args.get("import") or [], node)
    return Link(url, alias or url.name, imports, str(purpose) if purpose else None, node)


def _read_imports(items: Value, node: DirectiveNode) -> dict[str, str]:
    if not isinstance(items, list):
        raise LinkError("INVALID_LINK_DIRECTIVE_USAGE", '"import" of @link must be a list', node)
    imports: dict[str, str] = {}
    for item in items:
        name, ours = _read_import(item, node)
        if imports.setdefault(name, ours) != ours:
            raise LinkError("INVALID_LINK_DIRECTIVE_USAGE", f'"{name}" is imported under two names', node)
    return imports


def _read_import(item: Value, node: DirectiveNode) -> tuple[str, str]:
    if isinstance(item, str):
        item = {"name": item}
    if not isinstance(item, dict) or set(item) - {"name", "as"} or not isinstance(item.get("name"), str):
        raise LinkError(
            "INVALID_LINK_DIRECTIVE_USAGE",
            'each import is a name, or an object {name: "...", as: "..."}',
            node,
        )
    name, ours = item["name"], item.get("as") or item["name"]
    if not isinstance(ours, str) or not _NAME.match(name) or not _NAME.match(ours):
        raise LinkError("INVALID_LINK_DIRECTIVE_USAGE", f'import "{name}": not a GraphQL name', node)
    if name.startswith("@") != ours.startswith("@"):
        raise LinkError(
            "INVALID_LINK_DIRECTIVE_USAGE",
            f'import "{name}" as "{ours}": a directive keeps its "@", a type has none',
            node,
        )
    return name, ours
