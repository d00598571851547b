"""Restricted people (PDS confidentiality R and V): where they live, are seen or can be reached is withheld.

Source: Personal Demographics Service FHIR API, `meta.security`. The service itself leaves out address, contacts and
practice; nothing of the kind may come back from another organisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policies.files import PolicyFiles

_FILE = "restricted.toml"


UNRESTRICTED = "U"


def is_restricted(labels: Iterable[str | None]) -> bool:
    """Whether the demographics service's labels mean restricted. Only U, alone, does not.

    The service labels every Patient; where the label is absent, unknown or beside another, what it left out is not known.
    """
    return set(labels) != {UNRESTRICTED}


def withheld_fields(table: Mapping[str, frozenset[str]], kind: str) -> frozenset[str]:
    """The attributes of a kind of entry (class name, for example 'Appointment') to be emptied for restricted people."""
    return table.get(kind, frozenset()) | table.get("Entry", frozenset())


def read_restricted(files: PolicyFiles) -> dict[str, frozenset[str]]:
    """The table of restricted.toml. Raises PolicyFileError."""
    file = files.get(_FILE)
    table: dict[str, frozenset[str]] = {}
    for kind, entry in file.toml().items():
        fields = entry.get("withheld") if isinstance(entry, dict) else None
        if not isinstance(fields, list) or not all(isinstance(one, str) for one in fields):
            raise file.error(file.at(f"[{kind}]"), "no list of withheld fields", 'Write withheld = ["field", ...].')
        file.only(entry, ("withheld", "reason"), kind)
        table[kind] = frozenset(fields)
    return table
