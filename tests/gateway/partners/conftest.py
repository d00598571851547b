"""Fixtures for partners: a quick watch, so that tests do not wait for the second that editors are given."""

from __future__ import annotations

import pytest

from gateway import live


@pytest.fixture(autouse=True)
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.1)
    monkeypatch.setattr(live, "SETTLE_SECONDS", 0.05)
    monkeypatch.setattr(live, "DRAIN_STEP_SECONDS", 0.02)
