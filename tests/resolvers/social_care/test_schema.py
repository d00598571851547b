"""The published schema, the documentation and the adapter agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from policies.sections import Section
from resolvers.sources.social_care.shapes import LISTS
from tests.resolvers.recorded import always
from tests.resolvers.social_care.council import answer, document, item, without

DOCS = Path(__file__).resolve().parents[3] / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "social-care.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def documented() -> dict[str, Any]:
    text = re.search(r"```json\n(.*?)```", (DOCS / "social-care.md").read_text(), re.DOTALL)
    assert text is not None
    return json.loads(text[1])  # type: ignore[no-any-return]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_documented_example_fits_the_schema() -> None:
    assert list(VALIDATOR.iter_errors(documented())) == []


def test_the_schema_knows_the_lists_that_are_read() -> None:
    assert set(LISTS) == set(SCHEMA["properties"]["notHeld"]["items"]["enum"])
    assert set(LISTS) <= set(SCHEMA["properties"])


async def test_everything_in_the_documented_example_is_shown() -> None:
    sent = documented()
    told = await answer(always(sent))
    assert len(told[Section.SOCIAL_CARE].entries) == sum(
        len(sent[name]) for name in ("services", "assessments", "contacts", "supportReasons", "equipment", "flags")
    )
    assert len(told[Section.ALERTS].entries) == len(sent["flags"])
    assert len(told[Section.CARE_TEAM].entries) == len(sent["workers"])
    assert all(not each.warnings for each in told.values())


@pytest.mark.parametrize(
    "wrong",
    [
        without(document(), "version"),
        document() | {"version": "2"},
        document() | {"person": {"nhsNumber": "999"}},
        document(services=[without(item("1"), "clientType")]),
        document(services=[without(item("1"), "start")]),
        document(services=[item("1", start="yesterday")]),
        document(services=[item("1 2")]),
        document(services=[item("1", clientType="dog")]),
        document(services=[item("1", surprise=1)]),
        document(flags=[item("1", status="planned")]),
        document() | {"surprise": 1},
    ],
)
def test_the_schema_refuses_what_would_be_left_out(wrong: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(wrong))
