"""`[sources.options]`: the settings of each kind of source, closed like every other table, and read in one place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.config import Source

TEXT, FLAG, WHOLE, NUMBER, LIST = "text", "true or false", "whole number", "number", "texts with spaces between"


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its type, what it is without being given (None: needed), its meaning, and its choices if closed."""

    type: str
    default: str | None
    meaning: str
    choices: tuple[str, ...] = ()
    least: float = 0


ORGANISATION_KINDS = (
    "gp-practice", "acute-trust", "community-trust", "mental-health-trust", "council", "national-service", "other",
)  # fmt: skip
_ORGANISATION_KIND = {
    "organisation_kind": Option(
        TEXT, "", "What the organisation is, where it is not what its interface suggests.", ORGANISATION_KINDS
    )
}
_PATIENT_BY = ("id", "identifier", "chain", "nhs-number")

OPTIONS: Mapping[str, Mapping[str, Option]] = {
    "fhir-r4": _ORGANISATION_KIND
    | {
        "patient_by": Option(TEXT, "id", "How searches name the patient.", _PATIENT_BY),
        "page_size": Option(WHOLE, "200", "Rows a page (`_count`).", least=1),
        "max_pages": Option(WHOLE, "25", "Pages a search at most; beyond, the section is partial.", least=1),
        "capabilities": Option(FLAG, "true", "Read the server's CapabilityStatement."),
        "batch": Option(FLAG, "false", "All searches as one FHIR batch, where the server declares it."),
        "everything": Option(FLAG, "false", "One `Patient/[id]/$everything` for all sections, where declared."),
        "post": Option(FLAG, "false", "Search by POST, so that no NHS number stands in a URL."),
        "own_urls": Option(LIST, "", "Other base addresses under which the server names itself in references."),
    },
    "gp-connect": _ORGANISATION_KIND
    | {
        "asid": Option(TEXT, None, "The gateway's own accredited system id."),
        "to_asid": Option(TEXT, None, "The practice system's accredited system id."),
        "issuer": Option(TEXT, "https://gateway.invalid", "The gateway's own address, `iss` of the request's token."),
        "device": Option(TEXT, "joinup-gateway", "The gateway's device identifier."),
        "user_system": Option(TEXT, "", "System of the users' identifiers; else `issuer` and `/users`."),
        "audience": Option(TEXT, "", "`aud` of the token for the structured record; else the address asked."),
        "appointments_url": Option(TEXT, "", "Base address of Appointment Management; else `base_url`."),
        "appointments_audience": Option(TEXT, "", "`aud` of the token for appointments."),
        "past_appointment_days": Option(WHOLE, "0", "Days back that appointments are asked for."),
        "citizens": Option(FLAG, "false", "Whether the practice agreed to requests by patients themselves."),
    },
    "social-care": _ORGANISATION_KIND,
    "pds": _ORGANISATION_KIND
    | {
        "requests_per_second": Option(
            NUMBER, "5", "The service's limit for this machine; its workers share it.", least=0.001
        ),
        "localities": Option(TEXT, "", "File of postcode areas and local authorities instead of the built-in one."),
    },
}


def faults(entry: Source) -> Iterator[tuple[str, str]]:
    """What is wrong with a source's options: (option, what and how to mend it)."""
    known = OPTIONS[entry.kind]
    for name, value in entry.options.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            yield (
                name,
                f"unknown option of {entry.kind}; "
                + (f'did you mean "{near[0]}"?' if near else f"known: {', '.join(sorted(known))}"),
            )
        elif wrong := _wrong(known[name], value):
            yield name, wrong
    for name, option in known.items():
        if option.default is None and name not in entry.options:
            yield "", f"kind {entry.kind} needs the option {name}: {option.meaning[0].lower()}{option.meaning[1:]}"


def _wrong(option: Option, value: str) -> str | None:
    if option.choices and value not in option.choices:
        return f"is one of {', '.join(option.choices)}"
    if option.type == FLAG and value not in ("true", "false"):
        return 'is "true" or "false"'
    if option.type in (WHOLE, NUMBER):
        try:
            number = int(value) if option.type == WHOLE else float(value)
        except ValueError:
            number = -1
        if not option.least <= number < float("inf"):
            return f"is a {option.type} in quotes, at least {option.least:g}"
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """A source's options as typed values; what is not given has its default. Only for options without faults."""

    entry: Source

    def text(self, name: str) -> str:
        return self.entry.options.get(name, OPTIONS[self.entry.kind][name].default or "")

    def flag(self, name: str) -> bool:
        return self.text(name) == "true"

    def whole(self, name: str) -> int:
        return int(self.text(name))

    def number(self, name: str) -> float:
        return float(self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self.text(name).split())
