"""A source that tells by its name alone is refused at the start."""

from __future__ import annotations

import pytest

from gateway.assembly import refuse_telling
from gateway.connect import ConnectError
from resolvers.directory import Directory
from resolvers.record.values import Organisation
from resolvers.sources.source import Coverage, Source
from tests.resolvers.kit import Memory, People, policies


def directory(name: str) -> Directory:
    source = Source("one", Organisation(ods_code="X1", name=name), Memory("one", {}), Coverage(everybody=True))
    return Directory(People({}), (source,))


@pytest.mark.parametrize("name", ["HMP Pentonville Prison Practice", "The Mortimer Market GUM Clinic"])
def test_it_is_refused_with_its_place_and_the_mend(name: str) -> None:
    with pytest.raises(ConnectError, match=r"one: .* take the source out"):
        refuse_telling(directory(name), policies())


def test_any_other_is_accepted() -> None:
    refuse_telling(directory("Royal Free London"), policies())
