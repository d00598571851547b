"""Codes that reveal a category: (system, code) pairs, whatever name the system goes by and however the code is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import re2

from policies.sensitivity import phrases
from policies.sensitivity.tables import ANY_CODE, CodeRow, Form, System

SNOMED_SHORTEST = 6  # digits; SCTIDs have 6 to 18
SNOMED_TELLING = 8  # digits from which an SCTID is evidence in any text and under any system: collisions are negligible

_SCTID = re.compile(r"(?<![0-9A-Za-z])[0-9]{6,18}(?![0-9A-Za-z])")
_READ_PREFIX = re.compile(r"^(?:R2_|RV2_|C3_|CTV3_)")
_READ_LENGTH = 5
_READ_SUFFIX = 2
_STEM_SHORTEST = 3

LABEL = "security-label"


def sctids(text: str, shortest: int = SNOMED_SHORTEST) -> Iterator[str]:
    """The digit runs of a text that may be SNOMED CT identifiers (expressions, URLs and plain codes alike)."""
    return (run for run in _SCTID.findall(text) if len(run) >= shortest)


def read_forms(code: str) -> Iterator[str]:
    """A Read code as the table may hold it: without dots, and with the term suffix where it has one."""
    bare = _READ_PREFIX.sub("", code.strip())
    if _READ_LENGTH < len(bare) <= _READ_LENGTH + _READ_SUFFIX:
        yield bare
        bare = bare[:_READ_LENGTH]
    yield bare.rstrip(".")


def stem_forms(code: str) -> Iterator[str]:
    """A code of a hierarchy that is written into the code, from its broadest stem to itself."""
    bare = code.replace(".", "").replace(" ", "").upper()
    return (bare[:length] for length in range(_STEM_SHORTEST, len(bare) + 1))


def exact_form(code: str) -> str:
    """A code whose case does not count."""
    return code.strip().casefold()


class CodeTable:
    """All rows, by system; answers which category a coding reveals."""

    def __init__(self, systems: Sequence[System], rows: Iterable[CodeRow]) -> None:
        self._forms = {system.name: system.form for system in systems}
        self._codes: dict[str, dict[str, str]] = {system.name: {} for system in systems}
        self._snomed = next((system.name for system in systems if system.form is Form.SNOMED), "")
        for row in rows:
            self._codes[row.system].setdefault(_stored(self._forms[row.system], row.code), row.category)
        names = re2.Set.SearchSet(phrases.options())
        for system in systems:
            names.Add(system.pattern.encode())
        names.Compile()
        order = tuple(system.name for system in systems)

        @lru_cache(maxsize=4096)
        def recognise(name: str) -> str | None:
            found = names.Match(phrases.normal(name).encode("utf-8", "surrogatepass"))
            return order[min(found)] if found else None

        self.recognise = recognise

    def category(self, system: str | None, code: str) -> str | None:
        """The category that a code of a recognised system reveals. `system` None: a system that nobody knows."""
        code = phrases.normal(code)
        if system is None:
            return self._snomed_category(code, SNOMED_TELLING)
        codes = self._codes[system]
        form = self._forms[system]
        if form is Form.SNOMED:
            return self._snomed_category(code, SNOMED_SHORTEST)
        if not code.isascii():
            return codes.get(ANY_CODE)
        if form is Form.READ:
            found = next((codes[one] for one in read_forms(code) if one in codes), None)
        elif form is Form.STEM:
            found = next((codes[one] for one in stem_forms(code) if one in codes), None)
        else:
            found = codes.get(exact_form(code))
        return found or (codes.get(ANY_CODE) if code.strip() else None)

    def in_text(self, text: str) -> str | None:
        """The category of a SNOMED CT identifier that stands in a text, however it got there."""
        return self._snomed_category(text, SNOMED_TELLING)

    def bare(self, code: str) -> str | None:
        """The category of a code that has no system at all."""
        return self._snomed_category(phrases.normal(code), SNOMED_SHORTEST)

    def _snomed_category(self, text: str, shortest: int) -> str | None:
        codes = self._codes.get(self._snomed, {})
        return next((codes[run] for run in sctids(text, shortest) if run in codes), None)

    def byte_patterns(self) -> Iterator[tuple[str, str, bool]]:
        """Per system its name, a pattern that finds each of its codes in raw bytes however they are written, and
        whether that pattern proves anything without the system's own name beside it."""
        for name, codes in self._codes.items():
            if not codes:
                continue
            if ANY_CODE in codes:
                yield name, "", False
                continue
            form = self._forms[name]
            yield name, _bytes_pattern(form, sorted(codes)), form is Form.SNOMED


def _stored(form: Form, code: str) -> str:
    if form is Form.READ:
        return next(read_forms(code)) if len(code) > _READ_LENGTH else code.rstrip(".")
    if form is Form.STEM:
        return code.replace(".", "").replace(" ", "").upper()
    return exact_form(code)


def _bytes_pattern(form: Form, codes: Sequence[str]) -> str:
    after = phrases.AFTER
    if form is Form.STEM:
        after = ""
        written = ["[. ]*".join(re2.escape(letter) for letter in code) for code in codes]
    elif form is Form.READ:
        written = [re2.escape(code) + ("[0-9A-Za-z.]{0,2}" if len(code) == _READ_LENGTH else "") for code in codes]
    else:
        written = [re2.escape(code) for code in codes]
    return f"{phrases.BEFORE}(?:{'|'.join(written)}){after}"
