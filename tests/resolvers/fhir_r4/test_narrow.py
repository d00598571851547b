"""What an operation does not select is not decoded, and nothing else of an entry changes with it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest

from policies.sections import Section
from resolvers.record.medications import Medication
from resolvers.record.values import Entry, Organisation
from resolvers.sources.fhir_r4 import bundle, narrow, sections
from resolvers.sources.fhir_r4.bundle import Found
from resolvers.sources.fhir_r4.reading import Home
from resolvers.sources.fhir_r4.resources import Resource
from resolvers.sources.source import Ask, ReadNotes, Subject
from tests.resolvers.fhir_r4.full import OTHERS, RESOURCES
from tests.resolvers.fhir_r4.server import NUMBER

HOME = Home("hospital", Organisation(ods_code="Y99001", name="Hospital"))
ALWAYS = {"id", "date", "as_of", "status", "code", "medicine", "vaccine", "verification", "dosage", "start"}
"""What windows, filters, groups and conflicts go by, or what stands for the entry."""

MODIFIABLE = {
    *("reaction", "dispense_request", "participant", "diagnosis", "hospitalization", "location", "performer"),
    *("reference_range", "component", "protocol_applied", "context", "activity"),
}
"""BackboneElements, of which the modifiers are read whatever is selected."""
PLAIN = {("Observation", "performer"), ("DiagnosticReport", "performer")}

Json = dict[str, Any]


def read(resources: Sequence[Json], names: set[str] | None) -> tuple[dict[str, Entry], ReadNotes]:
    """The entries of all sections, by id, of an operation in which these names occur."""
    body = msgspec.json.encode({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]})
    decoder = narrow.decoder(narrow.telling(None if names is None else frozenset(names)))
    found = [
        Found(f"{type(resource).__name__}/{resource.id}", bytes(entry.resource), resource, lost)
        for entry, resource, lost in bundle.rows(body, bundle.envelope(body), decoder)
        if resource is not None
    ]
    ask = Ask(Subject(NUMBER), frozenset(Section), None, "r", 0.0, "2026-11-22T00:00:00Z")  # type: ignore[arg-type]
    notes = ReadNotes()
    answer = sections.read(found, ask, notes, HOME)
    return {str(entry.id): entry for entries in answer.values() for entry in entries}, notes


@cache
def everything() -> dict[str, Entry]:
    return read([*RESOURCES, *OTHERS], None)[0]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


FIELDS = sorted({name for entry in everything().values() for name in entry.__struct_fields__})


@pytest.mark.parametrize("name", FIELDS)
def test_a_selected_field_is_read_as_if_everything_were(name: str) -> None:
    entries, _ = read([*RESOURCES, *OTHERS], {camel(name)})
    assert entries.keys() == everything().keys()
    for key, entry in entries.items():
        compared = {"dose"} if isinstance(entry, Medication) else set[str]()
        for field in {name, *ALWAYS, *compared} & set(entry.__struct_fields__):
            assert getattr(entry, field) == getattr(everything()[key], field), (key, field)


def elements() -> Iterator[Any]:
    for kind, table in narrow.ONLY_FOR.items():
        for element in table:
            yield pytest.param(kind, element, id=f"{kind.__name__}.{element}")


def encoded(kind: type[Resource], element: str) -> str:
    return next(field.encode_name for field in msgspec.structs.fields(kind) if field.name == element)


@pytest.mark.parametrize(("kind", "element"), list(elements()))
def test_an_element_is_read_for_the_fields_of_its_row_alone(kind: type[Resource], element: str) -> None:
    """Without it those fields change at most, and where nobody selects them it is not decoded."""
    fields = narrow.ONLY_FOR[kind][element]
    without = copy.deepcopy([*RESOURCES, *OTHERS])
    for resource in without:
        if resource["resourceType"] == kind.__name__:
            resource.pop(encoded(kind, element), None)
    changed: set[str] = set()
    for key, entry in read(without, None)[0].items():
        whole = everything()[key]
        changed |= {name for name in entry.__struct_fields__ if getattr(entry, name) != getattr(whole, name)}
    assert {camel(name) for name in changed} <= fields
    wrong = copy.deepcopy([*RESOURCES, *OTHERS])
    for resource in wrong:
        if resource["resourceType"] == kind.__name__:
            resource[encoded(kind, element)] = True
    assert read(wrong, fields)[1].partial
    assert bool(read(wrong, {"id"})[1].partial) is (element in MODIFIABLE and (kind.__name__, element) not in PLAIN)


def test_every_row_is_of_use() -> None:
    """Each element that may be skipped is in the example, and so is what it is read for."""
    for kind, table in narrow.ONLY_FOR.items():
        examples = [each for each in RESOURCES if each["resourceType"] == kind.__name__]
        shown = [everything()[f"hospital:{kind.__name__}/{each['id']}"] for each in examples]
        for element, fields in table.items():
            if element.endswith("_period"):
                continue  # the other way to say what its dateTime says
            assert any(encoded(kind, element) in each for each in examples), (kind, element)
            own = {camel(name): name for name in shown[0].__struct_fields__}
            assert any(getattr(each, own[field]) for each in shown for field in fields & own.keys()), (kind, element)


@pytest.mark.parametrize(
    ("kind", "element", "part"),
    [
        ("Observation", "component", [{"modifierExtension": [{"url": "x"}]}]),
        ("Observation", "referenceRange", [{"modifierExtension": [{"url": "x"}]}]),
        ("Encounter", "hospitalization", {"modifierExtension": [{"url": "x"}]}),
    ],
)
def test_a_modifier_counts_in_what_is_not_selected_too(kind: str, element: str, part: Any) -> None:
    modified = {**next(each for each in RESOURCES if each["resourceType"] == kind), element: part}
    for names in ({"id"}, None):
        entries, notes = read([modified], names)
        assert not entries
        assert notes.partial


def test_where_anything_may_be_selected_everything_is_decoded() -> None:
    assert narrow.decoder(narrow.telling(None)) is bundle.WHOLE
