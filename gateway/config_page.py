"""docs/configuration.md and the JSON Schema, written from the settings' own documentation."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from gateway.config import Config, Section, Source
from gateway.settings import bare_type
from gateway.source_options import OPTIONS

_HEAD = """# Configuration

Written by `joinup config docs`; the settings and their words are in `gateway/config.py`.

One TOML file, `joinup.toml`. Keys that are not listed here are refused; `joinup config check joinup.toml` names file,
line and mend. Paths start at the file's own folder. Secrets never stand in the file: write `env:NAME` or `file:PATH`.

```toml
[server]
host = "0.0.0.0"

[identity.issuers.trust]
issuer = "https://login.trust.example"
audience = ["joinup"]
algorithms = ["ES256"]
jwks_url = "https://login.trust.example/jwks.json"

[[sources]]
id = "north-mid"
ods = "RAP"
name = "North Middlesex University Hospital"
kind = "fhir-r4"
base_url = "https://fhir.trust.example/r4"
gives = ["allergies", "conditions", "documents"]
covers = { boroughs = ["Enfield", "Haringey"] }
auth = { kind = "api-key", secret = "env:NORTH_MID_KEY" }
```
"""


def configuration_page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for title, table in _tables(Config, ""):
        if table is not Config:
            parts.append(_chapter(title, table))
        if table is Source:
            parts.append(_options())
    return "\n".join(parts)


def json_schema() -> dict[str, Any]:
    """JSON Schema of the file, for editors."""
    return msgspec.json.schema(Config)


def _tables(table: type[Section], name: str) -> Iterator[tuple[str, type[Section]]]:
    """Every table with its heading, depth first, in the order of the file."""
    yield name, table
    for key, hint in get_type_hints(table, include_extras=True).items():
        bare = bare_type(hint)
        path = f"{name.strip('[]')}.{key}".lstrip(".")
        if isinstance(bare, type) and issubclass(bare, Section):
            yield from _tables(bare, path)
        elif get_origin(bare) in (list, dict):
            inner = bare_type(get_args(bare)[-1])
            if isinstance(inner, type) and issubclass(inner, Section):
                yield from _tables(inner, f"[{path}]" if get_origin(bare) is list else f"{path}.NAME")


def _chapter(title: str, table: type[Section]) -> str:
    lines = [
        f"## `[{title}]`",
        "",
        (table.__doc__ or "").strip(),
        "",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
    ]
    hints = get_type_hints(table, include_extras=True)
    for field in msgspec.structs.fields(table):
        hint = hints[field.name]
        lines.append(f"| `{field.name}` | {_type(hint)} | {_default(field)} | {_meaning(hint)} |")
    return "\n".join([*lines, ""])


def _options() -> str:
    """The settings of each kind of source."""
    lines = ["## `[sources.options]`", "", "By the `kind` of the source; every value stands in quotes.", ""]
    for kind, known in OPTIONS.items():
        lines += [f"### {kind}", "", "| option | type | default | meaning |", "|---|---|---|---|"]
        for name, option in known.items():
            kinds = ", ".join(f"`{choice}`" for choice in option.choices) or option.type
            default = "**needed**" if option.default is None else f"`{option.default}`" if option.default else "none"
            lines.append(f"| `{name}` | {kinds} | {default} | {option.meaning} |")
        lines.append("")
    return "\n".join(lines)


def _metas(hint: Any) -> Iterator[msgspec.Meta]:
    while get_origin(hint) is Annotated:
        yield from (meta for meta in get_args(hint)[1:] if isinstance(meta, msgspec.Meta))
        hint = get_args(hint)[0]


def _meaning(hint: Any) -> str:
    text = next((meta.description for meta in _metas(hint) if meta.description), "")
    return text.replace("|", "\\|")


def _type(hint: Any) -> str:
    bare = bare_type(hint)
    arguments = get_args(bare)
    origin = get_origin(bare)
    if isinstance(bare, type) and issubclass(bare, Section):
        return "table"
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"table of {_type(arguments[1])}"
    if arguments:
        options = [option for option in arguments if option is not NoneType]
        return ", ".join(f"`{option}`" if isinstance(option, str) else _type(option) for option in options)
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(bare, str(bare))


def _default(field: Any) -> str:
    if field.required:
        return "**needed**"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, Section):
        return ""
    if value is None or value in ([], {}):
        return "none"
    return f"`{msgspec.json.encode(value).decode('utf-8')}`"
