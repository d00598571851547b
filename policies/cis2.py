"""NHS job roles: from a Spine role code to a gateway role. Unknown means no role, and no role means no rights.

Source: NHS CIS2 user information, `nhsid_nrbac_roles[].role_code` ("S8000:G8000:R8001": staff group, sub-group, job
role). Only the job role counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from policies.files import PolicyFiles
from policies.roles import RoleMatrix

_CODE = re.compile(r"(?:S\d{4}:G\d{4}:)?(R\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class JobRoles:
    """The table of job_roles.toml."""

    by_code: Mapping[str, str]

    @classmethod
    def load(cls, files: PolicyFiles, matrix: RoleMatrix) -> JobRoles:
        """Read job_roles.toml. Raises PolicyFileError."""
        file = files.get("job_roles.toml")
        by_code: dict[str, str] = {}
        for role, codes in file.toml().items():
            if role != "none" and role not in matrix.roles:
                mend = f"Use one of {', '.join(sorted(matrix.roles))}, or none."
                raise file.error(file.at(f"[{role}]"), f"unknown role '{role}'", mend)
            for code in codes:
                if not _CODE.fullmatch(code):
                    raise file.error(
                        file.at(f"[{role}]", code), f"'{code}' is no job role code", "Write R and four digits."
                    )
                if code in by_code:
                    raise file.error(file.at(f"[{role}]", code), f"'{code}' stands twice", "Keep one of them.")
                by_code[code] = role
        return cls({code: role for code, role in by_code.items() if role != "none"})

    def role_of(self, role_code: str) -> str | None:
        """The gateway role of a selected role's code; None where it gives no rights."""
        found = _CODE.fullmatch(role_code.strip())
        return self.by_code.get(found.group(1)) if found else None
