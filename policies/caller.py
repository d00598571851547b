"""Who asks: the verified facts of a request's token, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. Built once per request by the identity layer; nothing here is a claim unproved.

    `role` is a gateway role of the closed table in `policies/data/roles.toml`. `organisation` is the ODS code
    of the organisation for which the caller acts now. `purpose` is an HL7 v3-ActReason code (TREAT, ETREAT, ...).
    `patient` is the caller's own NHS number and is set only for the role `patient`.
    """

    issuer: str
    subject: str
    role: str
    organisation: str
    purpose: str = "TREAT"
    name: str | None = None
    client: str | None = None
    role_profile: str | None = None
    job_role: str | None = None
    patient: str | None = None
    token_id: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Everything about the caller that can change an answer; part of every shared-work key."""
        return (
            self.issuer,
            self.subject,
            self.role,
            self.organisation,
            self.purpose,
            self.patient or "",
            self.job_role or "",
        )
