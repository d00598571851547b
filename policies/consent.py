"""Opting out: a person's own decision, at any time, against which no role and no purpose weighs.

The registry is the service's own, keyed by NHS number. National data opt-outs (and the older types 1 and 2) are
about secondary use and block nothing here; a source's own record of dissent to sharing for care is honoured for
that source (consent.toml).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from policies.decision import Decision, Show, Withhold
from policies.files import PolicyFiles
from policies.sensitivity.codes import read_forms

NOT_OPTED_OUT = Show("consent/not-opted-out")
OPTED_OUT = Withhold("consent/opted-out")
UNKNOWN = Withhold("consent/registry-unavailable")
_SNOMED, _READ2, _CTV3 = "snomed", "read2", "ctv3"


def decide(nhs_number: str, opted_out: Collection[str] | None) -> Decision:
    """Whether a person's record may be answered. `opted_out` None: the registry could not be read, so nothing is."""
    if opted_out is None:
        return UNKNOWN
    return OPTED_OUT if nhs_number in opted_out else NOT_OPTED_OUT


@dataclass(frozen=True, slots=True)
class Dissent:
    """A coded statement about sharing for care, as a source's record holds it.

    `system` is snomed, read2 or ctv3; `date` a FHIR date or None; `id` the entry's own id, which breaks ties.
    """

    system: str
    code: str
    date: str | None
    id: str


class DissentCodes:
    """The codes by which a source's own record says no, or yes again, to sharing for care."""

    def __init__(self, says: Mapping[tuple[str, str], bool]) -> None:
        self._says = dict(says)

    @classmethod
    def load(cls, files: PolicyFiles) -> DissentCodes:
        """Read consent.toml. Raises PolicyFileError."""
        file = files.get("consent.toml")
        data = file.toml()
        file.only(data, ("dissent", "consent", "ignored"))
        says: dict[tuple[str, str], bool] = {}
        for kind, dissents in (("dissent", True), ("consent", False)):
            table = data.get(kind, {})
            file.only(table, (_SNOMED, _READ2, _CTV3, "reason"), kind)
            for system in (_SNOMED, _READ2, _CTV3):
                for code in table.get(system, []):
                    says[system, _written(system, str(code))] = dissents
        return cls(says)

    def of_source(self, statements: Iterable[Dissent]) -> Decision:
        """What the latest of a source's statements says: by date, then by id; an undated one counts as the latest."""
        known = [(one, said) for one in statements if (said := self._said(one)) is not None]
        if not known:
            return Show("consent/source-silent")
        _, dissents = max(known, key=lambda pair: (pair[0].date is None, pair[0].date or "", pair[0].id))
        return Withhold("consent/source-dissent") if dissents else Show("consent/source-consent")

    def _said(self, statement: Dissent) -> bool | None:
        return self._says.get((statement.system, _written(statement.system, statement.code)))


def _written(system: str, code: str) -> str:
    return code.strip() if system == _SNOMED else list(read_forms(code))[-1]
