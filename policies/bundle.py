"""All of policy, loaded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from policies.cis2 import JobRoles
from policies.files import PolicyFiles
from policies.grants import Grants
from policies.restricted import read_restricted
from policies.roles import Field, RoleMatrix
from policies.sensitivity.gate import SensitivityOptions, SensitivityPolicy
from policies.sensitivity.tables import CodeRow
from policies.windows import Windows


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy floor as one value. `version` changes when any file, setting or release row does; the audit keeps it."""

    roles: RoleMatrix
    grants: Grants
    job_roles: JobRoles
    sensitivity: SensitivityPolicy
    windows: Windows
    restricted: Mapping[str, frozenset[str]]
    version: str

    @classmethod
    def load(
        cls,
        directory: Path | None = None,
        *,
        withhold: frozenset[str] = frozenset(),
        let_through: frozenset[str] = frozenset(),
        more: Sequence[CodeRow] = (),
    ) -> Policies:
        """Read all policy files; those in `directory` stand in place of the packaged ones of the same name.

        `withhold`, `let_through` and `more` as in SensitivityOptions. Raises PolicyFileError, which names file,
        place and mend.
        """
        files = PolicyFiles(directory)
        sensitivity = SensitivityPolicy.load(SensitivityOptions(directory, withhold, let_through, more))
        roles = RoleMatrix.load(files)
        return cls(
            roles=roles,
            grants=Grants.load(files, roles),
            job_roles=JobRoles.load(files, roles),
            sensitivity=sensitivity,
            windows=Windows.load(files),
            restricted=read_restricted(files),
            version=files.digest(sensitivity.version),
        )

    def with_fields(self, classified: Mapping[Field, str]) -> Policies:
        """The same with a partner's fields classified. See RoleMatrix.with_fields."""
        return replace(self, roles=self.roles.with_fields(classified))
