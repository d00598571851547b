"""One running system for all whole-system tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.world import World, running

MANY_PATIENTS = """
[rate]
patients = 100000
"""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("world"), MANY_PATIENTS) as world:
        yield world
