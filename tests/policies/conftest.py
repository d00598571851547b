from __future__ import annotations

import pytest

from policies.bundle import Policies
from policies.roles import RoleMatrix
from policies.sensitivity.gate import SensitivityPolicy


@pytest.fixture(scope="session")
def policies() -> Policies:
    return Policies.load()


@pytest.fixture(scope="session")
def policy(policies: Policies) -> SensitivityPolicy:
    return policies.sensitivity


@pytest.fixture(scope="session")
def matrix(policies: Policies) -> RoleMatrix:
    return policies.roles
