"""Whose record a caller may ask for, and why. Whether the person has opted out is decided elsewhere (`consent`)."""

from __future__ import annotations

from policies.caller import Caller
from policies.decision import Decision, Show, Withhold
from policies.roles import RoleMatrix

PATIENT = "patient"


def may_see_patient(caller: Caller, nhs_number: str) -> Decision:
    """A patient sees their own record and nobody else's; a professional is bound by role, purpose and audit."""
    if caller.role != PATIENT:
        return Show("access/professional")
    if caller.patient and caller.patient == nhs_number:
        return Show("access/own-record")
    return Withhold("access/another-persons-record")


def may_act(caller: Caller, matrix: RoleMatrix) -> Decision:
    """Whether the caller's role may act for the purpose that the token states."""
    return matrix.scope(caller.role).may_act_for(caller.purpose)
