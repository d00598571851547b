"""The public federation gateway audit, where a checkout of it is at hand (see `tests/federation/audit.py`)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.federation.audit import VARIABLE, report, run, serving


@pytest.mark.node
async def test_every_audit_case_is_right_and_within_the_bar() -> None:
    checkout = os.environ.get(VARIABLE)
    if not checkout:
        pytest.skip(f"set {VARIABLE} to a checkout of the federation gateway audit")
    with serving(Path(checkout)) as url:
        cases = await run(url)
    assert len(cases) >= 199
    assert all(case.right and not case.over_the_bar for case in cases), report(cases)
