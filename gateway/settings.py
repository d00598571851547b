"""Reading `joinup.toml`: every complaint names file, line and mend; secrets are read once and never shown."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from gateway import source_options
from gateway.config import Config, Section, Subgraph
from gateway.toml_lines import KeyPath, key_lines, line_of
from policies.sections import Section as RecordSection


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file."""

    file: str
    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where}: {self.what}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says all that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class SecretText:
    """A secret's text; shows only its reference. Call `reveal()` at the point of use."""

    __slots__ = ("_text", "reference")

    def __init__(self, reference: str, text: str) -> None:
        self.reference = reference
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"SecretText({self.reference!r}, ****)"


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration together with the place it came from, so that relative paths and references resolve."""

    config: Config
    base: Path
    file: str = "joinup.toml"

    def path(self, name: str) -> Path:
        """A path of the configuration; relative ones start at the configuration file's folder."""
        return self.base / name

    def secret(self, reference: str) -> SecretText:
        """The secret behind `env:NAME` or `file:PATH`. Raises LookupError, naming the reference."""
        return read_secret(reference, self.base)

    def resolve(self, value: str) -> str:
        """The value itself, or the secret's text if it is a reference (URLs, header values)."""
        return self.secret(value).reveal() if is_reference(value) else value


def is_reference(value: str) -> bool:
    return value.startswith(("env:", "file:"))


def read_secret(reference: str, base: Path) -> SecretText:
    kind, _, name = reference.partition(":")
    if kind == "env":
        if not (text := os.environ.get(name, "")):
            raise LookupError(f"environment variable {name} is not set; set it before starting the gateway")
        return SecretText(reference, text)
    try:
        text = (base / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise LookupError(
            f"cannot read {name} ({type(failure).__name__}); create it, readable by the gateway only"
        ) from None
    if not text:
        raise LookupError(f"{name} is empty; put the secret into it")
    return SecretText(reference, text)


def load(file: Path, *, secrets: bool = True) -> Settings:
    """Read and check a configuration file. Raises ConfigError with every problem found.

    With `secrets`, references to secrets must resolve and named files must exist.
    """
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError((Problem(str(file), 1, "file", "does not exist; name an existing joinup.toml"),)) from None
    except (OSError, UnicodeDecodeError) as failure:
        raise ConfigError((Problem(str(file), 1, "file", f"cannot be read ({type(failure).__name__})"),)) from None
    return parse(text, file=str(file), base=file.resolve().parent, secrets=secrets)


def parse(text: str, *, file: str = "joinup.toml", base: Path = Path(), secrets: bool = True) -> Settings:
    """As `load`, from a text."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        line = re.search(r"at line (\d+)", str(failure))
        number = int(line.group(1)) if line else len(text.splitlines()) or 1
        what = re.sub(r" \(at .*\)$", "", str(failure))
        raise ConfigError((Problem(file, number, "TOML", f"{what}; mend the syntax"),)) from None
    faults = list(_faults(tree, Config, ()))
    settings = Settings(msgspec.convert(tree, Config), base, file) if not faults else None
    if settings:
        faults = list(_contradictions(settings.config))
        faults += _unreadable(settings.config, (), base) if secrets else []
    if faults or settings is None:
        lines = key_lines(text)
        found = (Problem(file, line_of(lines, path), _shown(path), what) for path, what in faults)
        raise ConfigError(tuple(sorted(found, key=lambda problem: problem.line)))
    return settings


Fault = tuple[KeyPath, str]


def _shown(path: KeyPath) -> str:
    shown = ""
    for step in path:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return shown.lstrip(".") or "file"


def _faults(value: Any, kind: Any, path: KeyPath) -> Iterator[Fault]:
    """Unknown keys, missing keys and wrong types, each at its own path."""
    bare = bare_type(kind)
    if isinstance(bare, type) and issubclass(bare, Section):
        yield from _table_faults(value, bare, path)
    elif get_origin(bare) is list and _is_section(get_args(bare)[0]) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, get_args(bare)[0], (*path, index))
    elif get_origin(bare) is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _faults(item, get_args(bare)[1], (*path, key))
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as failure:
            yield path, _plain(str(failure))


def _table_faults(value: Any, table: type[Section], path: KeyPath) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield path, "must be a table; write it as [table] with keys below"
        return
    hints = get_type_hints(table, include_extras=True)
    for key, item in value.items():
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1)
            mend = f'did you mean "{near[0]}"?' if near else f"known keys: {', '.join(sorted(hints))}"
            yield (*path, key), f"unknown key; {mend}"
        else:
            yield from _faults(item, hints[key], (*path, key))
    for field in msgspec.structs.fields(table):
        if field.required and field.name not in value:
            yield path, f'"{field.name}" is missing; {_described(hints[field.name])}'


def bare_type(kind: Any) -> Any:
    """A type without its annotations and without None."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        return bare_type(options[0]) if len(options) == 1 else kind
    return kind


def _is_section(kind: Any) -> bool:
    bare = bare_type(kind)
    return isinstance(bare, type) and issubclass(bare, Section)


def _described(kind: Any) -> str:
    metas = (
        [meta for meta in get_args(kind)[1:] if isinstance(meta, msgspec.Meta)] if get_origin(kind) is Annotated else []
    )
    return next((meta.description for meta in metas if meta.description), "give it")


def _plain(message: str) -> str:
    """msgspec's sentence without its JSON path."""
    text, _, _ = message.partition(" - at `$")
    return text[:1].lower() + text[1:].replace("`", "")


def _contradictions(config: Config) -> Iterator[Fault]:
    """What single values cannot show: pairs that exclude or need each other, names used twice, unknown names."""
    seen: set[str] = set()
    for name, issuer in config.identity.issuers.items():
        here: KeyPath = ("identity", "issuers", name)
        ways = [issuer.jwks_url, issuer.keys_file, issuer.demo_signing_key]
        if sum(way is not None for way in ways) != 1:
            yield here, "give exactly one of jwks_url, keys_file and demo_signing_key"
        if issuer.issuer in seen:
            yield (*here, "issuer"), "another table has the same issuer; put both key sets into one table"
        seen.add(issuer.issuer)
        if issuer.jwks_url is not None:
            yield from _address((*here, "jwks_url"), issuer.jwks_url, loopback=issuer.allow_http_loopback)
        if issuer.jwks_stale_s < issuer.jwks_fresh_s:
            yield (*here, "jwks_stale_s"), "must not be less than jwks_fresh_s"
    if config.rate.redis_url and not config.rate.key:
        yield ("rate", "redis_url"), "needs `key`, so that no NHS number reaches Redis in clear"
    yield from _sources(config)
    names: set[str] = {"record"}
    for index, subgraph in enumerate(config.subgraphs):
        here = ("subgraphs", index)
        if subgraph.name in names:
            yield (*here, "name"), "is taken; choose another"
        names.add(subgraph.name)
        yield from _address((*here, "url"), subgraph.url, loopback=True)
        yield from _auth((*here, "auth"), subgraph.auth)


def subgraph_faults(subgraph: Subgraph, base: Path) -> list[tuple[str, str]]:
    """What is wrong with one subgraph's entry that stands outside joinup.toml: (key, what)."""
    faults = [*_address(("url",), subgraph.url, loopback=True), *_auth(("auth",), subgraph.auth)]
    faults += _unreadable(subgraph, (), base)
    return [(_shown(path), what) for path, what in faults]


def _sources(config: Config) -> Iterator[Fault]:
    ids: set[str] = set()
    known = {section.value for section in RecordSection}
    for index, source in enumerate(config.sources):
        here: KeyPath = ("sources", index)
        if source.id in ids:
            yield (*here, "id"), "is taken by another source; choose another"
        ids.add(source.id)
        for section in source.gives:
            if section not in known:
                near = difflib.get_close_matches(section, known, 1)
                yield (
                    (*here, "gives"),
                    f'no section "{section}"; {f"did you mean {near[0]}?" if near else sorted(known)}',
                )
        for option, what in source_options.faults(source):
            yield ((*here, "options", option) if option else here), what
        yield from _address((*here, "base_url"), source.base_url, loopback=True)
        yield from _auth((*here, "auth"), source.auth)


def _auth(path: KeyPath, auth: Any) -> Iterator[Fault]:
    if auth.kind in ("api-key", "bearer", "basic") and not auth.secret:
        yield path, f"kind {auth.kind} needs `secret`, by reference"
    if auth.kind == "basic" and not auth.user:
        yield path, "kind basic needs `user`"
    if auth.kind == "oauth2" and not (auth.token_url and auth.client_id and (auth.secret or auth.signing_key)):
        yield path, "kind oauth2 needs `token_url`, `client_id` and `secret` or `signing_key`"


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _address(path: KeyPath, url: str, *, loopback: bool) -> Iterator[Fault]:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        yield path, "is not a URL"
        return
    if not host or parts.scheme not in ("http", "https"):
        yield path, "must be a full https address"
    elif parts.username or parts.password:
        yield path, "must not hold credentials; put them into `auth`, by reference"
    elif parts.scheme == "http" and not (loopback and host in LOOPBACK):
        yield path, "must be https; http is accepted for loopback in demonstrations only"


_FILES = frozenset(
    {"keys_file", "demo_signing_key", "denied_tokens_file", "manifests", "ca_file", "cert_file", "key_file", "sdl",
     "signing_key", "supergraph", "directory", "graphiql_examples"}
)  # fmt: skip


def _unreadable(value: Any, path: KeyPath, base: Path) -> list[Fault]:
    """References that lead nowhere and files that are not there."""
    if isinstance(value, Section):
        names = value.__struct_fields__
        return [fault for name in names for fault in _unreadable(getattr(value, name), (*path, name), base)]
    if isinstance(value, Mapping):
        return [fault for key, item in value.items() for fault in _unreadable(item, (*path, key), base)]
    if isinstance(value, list):
        return [fault for index, item in enumerate(value) for fault in _unreadable(item, (*path, index), base)]
    if not isinstance(value, str):
        return []
    if is_reference(value):
        try:
            read_secret(value, base)
        except LookupError as failure:
            return [(path, str(failure))]
    elif any(step in _FILES for step in path if isinstance(step, str)) and not (base / value).exists():
        return [(path, f"no file or folder {value}; paths start at the configuration file's folder")]
    return []
