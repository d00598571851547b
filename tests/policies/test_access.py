from __future__ import annotations

import pytest

from policies.access import may_act, may_see_patient
from policies.caller import Caller
from policies.decision import Show
from policies.roles import RoleMatrix

OWN, OTHER = "9990000018", "9990000026"


def caller(role: str, patient: str | None = None, purpose: str = "TREAT") -> Caller:
    return Caller("https://issuer.example", "someone", role, "RAL", purpose, patient=patient)


def test_a_patient_sees_their_own_record() -> None:
    assert isinstance(may_see_patient(caller("patient", OWN), OWN), Show)


@pytest.mark.parametrize("own", [OWN, None, ""])
def test_a_patient_sees_nobody_elses_record(own: str | None) -> None:
    assert not isinstance(may_see_patient(caller("patient", own), OTHER), Show)
    assert not isinstance(may_see_patient(caller("patient", own), ""), Show)


def test_a_professional_may_ask_about_anybody() -> None:
    assert isinstance(may_see_patient(caller("nurse"), OTHER), Show)


def test_a_role_acts_for_its_purposes(matrix: RoleMatrix) -> None:
    assert isinstance(may_act(caller("emergency_clinician", purpose="ETREAT"), matrix), Show)
    assert not isinstance(may_act(caller("receptionist", purpose="ETREAT"), matrix), Show)
    assert not isinstance(may_act(caller("unheard_of"), matrix), Show)
