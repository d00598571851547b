"""The envelope of a structured record: its primary lists, their warnings, and what the practice could not do.

GP Connect Access Record: Structured, "List" (warning codes) and "API version compatibility" (NOT_IMPLEMENTED).
Nothing here looks at a clinical item, so nothing here can tell of one that policy withholds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from policies.sections import Section
from resolvers.record.status import SourceWarning
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import SNOMED, FhirNote
from resolvers.sources.fhir.outcomes import issues
from resolvers.sources.gp_connect.extensions import FhirExtension, find
from resolvers.sources.gp_connect.parameters import SECTION_OF_AREA
from resolvers.sources.source import Fetched

PRIMARY_LISTS = {
    "886921000000105": Section.ALLERGIES,
    "1103671000000101": Section.ALLERGIES,
    "933361000000108": Section.MEDICATIONS,
    "717711000000103": Section.CONDITIONS,
    "887191000000108": Section.TEST_RESULTS,
    "826501000000100": Section.TEST_RESULTS,
    "1102181000000102": Section.IMMUNISATIONS,
    "1149501000000101": Section.CONSULTATIONS,
}
CHIEF_LIST = {
    Section.ALLERGIES: "886921000000105",
    Section.MEDICATIONS: "933361000000108",
    Section.CONDITIONS: "717711000000103",
    Section.TEST_RESULTS: "887191000000108",
    Section.IMMUNISATIONS: "1102181000000102",
    Section.CONSULTATIONS: "1149501000000101",
}
CONSULTATION, TOPIC, HEADING = "325851000000107", "25851000000105", "24781000000107"
"""The lists of which a consultation is built. Their words are the record's, so they are items, judged as all others."""
IN_CONSULTATIONS = "consultations-"
"""How the codes of the secondary lists begin that name what consultations contain."""
WARNINGS = {
    "confidential-items": "The practice left something out, for confidentiality or because the person wished it.",
    "data-in-transit": "The record has not fully arrived from the previous practice; older entries may be missing.",
    "data-awaiting-filing": "The practice has received information that it has not filed yet; it is not included.",
}
NIL_KNOWN = "nilknown"
# Part parameters that only narrow: not understanding them costs nothing, the practice sends more.
FILTERS = re.compile(r"\.(\w+SearchPeriod|\w+SearchFromDate|includePrescriptionIssues)\b", re.ASCII)
AREA = re.compile(r"\b(include[A-Za-z]+)\b", re.ASCII)
BEFORE = re.compile(r"before (\d{1,2}-[A-Za-z]{3}-\d{4})", re.ASCII)


class _Item(msgspec.Struct, gc=False):
    reference: str | None = None


class _Entry(msgspec.Struct):
    item: _Item | None = None


class FhirList(msgspec.Struct):
    status: str | None = None
    code: CodeableConcept | None = None
    extension: list[FhirExtension] = []
    note: list[FhirNote] = []
    emptyReason: CodeableConcept | None = None  # noqa: N815
    entry: list[_Entry] = []
    contained: list[msgspec.Raw] = []

    @property
    def purpose(self) -> str | None:
        """The SNOMED CT code that says what the list is of."""
        codings = self.code.codings if self.code is not None else []
        return next((coding.code for coding in codings if coding.system == SNOMED), None)

    @property
    def section(self) -> Section | None:
        """The section that its warnings are about."""
        codes = [coding.code or "" for coding in self.code.codings] if self.code is not None else []
        secondary = Section.CONSULTATIONS if any(code.startswith(IN_CONSULTATIONS) for code in codes) else None
        return PRIMARY_LISTS.get(self.purpose or "", secondary)


_STRUCTURE = [f'"{code}"'.encode() for code in (CONSULTATION, TOPIC, HEADING)]


def is_of_consultation(raw: bytes) -> bool:
    """Whether a list is part of a consultation rather than of the envelope. By its bytes: one that cannot be read is
    told only once it is known that policy keeps it."""
    return any(code in raw for code in _STRUCTURE)


def read_lists(lists: Iterable[FhirList], sections: frozenset[Section], fetched: Fetched) -> None:
    """Take warnings, known-none statements and missing lists of the asked sections into `fetched`."""
    seen: set[str] = set()
    for each in lists:
        section = each.section
        if section is None or section not in sections:
            continue
        seen.add(each.purpose or "")
        _warn(each, section, fetched)
        reasons = each.emptyReason.codings if each.emptyReason is not None else []
        if each.purpose == CHIEF_LIST[section] and not each.entry and any(r.code == NIL_KNOWN for r in reasons):
            fetched.known_none.add(section)
    for section in sections:
        if CHIEF_LIST[section] not in seen:
            _not_answered(section, fetched)


def _warn(source: FhirList, section: Section, fetched: Fetched) -> None:
    for extension in find(source.extension, "ListWarningCode"):
        code = extension.valueCode or ""
        text = WARNINGS.get(code)
        if text is None:
            code, text = "incomplete", "The practice says that something is missing, without a reason known here."
        day = BEFORE.search(" ".join(note.text or "" for note in source.note))
        if code == "data-in-transit" and day is not None:
            text = f"{text[:-1]} (before {day[1]})."
        fetched.partial.add(section)
        warn(fetched, section, code, text)


def _not_answered(section: Section, fetched: Fetched) -> None:
    fetched.partial.add(section)
    warn(fetched, section, "not-implemented", "The practice's system does not answer for this section in full.")


def read_outcome(raw: bytes, sections: frozenset[Section], fetched: Fetched) -> None:
    """NOT_IMPLEMENTED issues inside a successful answer make their sections partial; any other error makes all."""
    for issue in issues(raw):
        if issue.detail == "NOT_IMPLEMENTED":
            if FILTERS.search(issue.about):
                continue
            named = {SECTION_OF_AREA[area] for area in AREA.findall(issue.about) if area in SECTION_OF_AREA}
            for section in (named or sections) & sections:
                _not_answered(section, fetched)
        elif issue.severity in ("error", "fatal"):
            for section in sections:
                _not_answered(section, fetched)


def warn(fetched: Fetched, section: Section, code: str, text: str) -> None:
    """Add a warning to a section, once."""
    known = fetched.warnings.setdefault(section, [])
    if all((warning.code, warning.text) != (code, text) for warning in known):
        known.append(SourceWarning(code=code, text=text))
