"""Private aliases are undone, whether or not an object tells its type."""

from __future__ import annotations

from gateway.federation.plan import Key, Rename
from gateway.federation.rename import rename

CHANGE = Rename((Key("_entities"),), frozenset({"Book"}), "__c0_size", "size")


def test_an_entity_that_does_not_tell_its_type_is_renamed() -> None:
    data = {"_entities": [{"__c0_size": 3}, {"size": "large"}]}
    rename(data, CHANGE)
    assert data == {"_entities": [{"size": 3}, {"size": "large"}]}


def test_an_object_of_another_type_is_left_alone() -> None:
    data = {"_entities": [{"__typename": "Shelf", "__c0_size": 3}, {"__typename": "Book", "__c0_size": 4}]}
    rename(data, CHANGE)
    assert data == {"_entities": [{"__typename": "Shelf", "__c0_size": 3}, {"__typename": "Book", "size": 4}]}
