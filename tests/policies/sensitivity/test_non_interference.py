"""What is withheld has no effect on what is shown, as a property of the gate."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import Show, Withhold
from policies.sensitivity import links
from policies.sensitivity.gate import Item, SensitivityPolicy
from tests.policies.sensitivity.judging import concept, raw, resource, to

POLICY = SensitivityPolicy.load()
TEXTS = ["Cough", "Full blood count", "HIV test", "Zeffix 100mg", "lamivudine 150mg", "Hypertension", "domestic abuse"]
KINDS = [
    "Condition",
    "Encounter",
    "DiagnosticReport",
    "Observation",
    "List",
    "MedicationRequest",
    "Patient",
    "Provenance",
]
FIELDS = ["reasonReference", "encounter", "result", "hasMember", "subject", "target", "related", "entry", "basedOn"]


@st.composite
def answers(draw: st.DrawFn, prefix: str = "") -> list[dict[str, Any]]:
    """Resources of one source, each with some links to any of the others."""
    size = draw(st.integers(1, 8))
    kinds = [draw(st.sampled_from(KINDS)) for _ in range(size)]
    keys = [f"{kind}/{prefix}{place}" for place, kind in enumerate(kinds)]
    found = []
    for place, kind in enumerate(kinds):
        fields: dict[str, Any] = {"code": concept(text=draw(st.sampled_from(TEXTS)))}
        for _ in range(draw(st.integers(0, 3))):
            name, target = draw(st.sampled_from(FIELDS)), draw(st.sampled_from(keys))
            links = fields.setdefault(name, [])
            links.append(
                {"item": to(target)} if name == "entry" else {"target": to(target)} if name == "related" else to(target)
            )
        found.append(resource(kind, f"{prefix}{place}", **fields))
    return found


def verdicts(resources: list[dict[str, Any]]) -> dict[str, bool]:
    items = [Item(f"{one['resourceType']}/{one['id']}", raw(one)) for one in resources]
    return {item.key: isinstance(one, Show) for item, one in zip(items, POLICY.sift(items), strict=True)}


@settings(max_examples=400, deadline=None)
@given(answers("r"), answers("s"), st.randoms(use_true_random=False))
def test_unlinked_items_change_nothing(r: list[dict[str, Any]], s: list[dict[str, Any]], order: random.Random) -> None:
    both = [*r, *s]
    order.shuffle(both)
    together = verdicts(both)
    assert {key: together[key] for key in verdicts(r)} == verdicts(r)


@settings(max_examples=400, deadline=None)
@given(answers(), st.randoms(use_true_random=False))
def test_order_does_not_matter(resources: list[dict[str, Any]], order: random.Random) -> None:
    shuffled = list(resources)
    order.shuffle(shuffled)
    assert verdicts(shuffled) == verdicts(resources)


@settings(max_examples=400, deadline=None)
@given(answers())
def test_the_survivors_alone_survive_alike(resources: list[dict[str, Any]]) -> None:
    shown = verdicts(resources)
    survivors = [one for one in resources if shown[f"{one['resourceType']}/{one['id']}"]]
    assert all(verdicts(survivors).values())


@settings(max_examples=300, deadline=None)
@given(answers())
def test_links_only_ever_withhold_more(resources: list[dict[str, Any]]) -> None:
    shown = verdicts(resources)
    for one in resources:
        if isinstance(POLICY.judge(one), Withhold):
            assert not shown[f"{one['resourceType']}/{one['id']}"]


@settings(max_examples=300, deadline=None)
@given(answers())
def test_looking_for_links_one_by_one_finds_what_resolving_all_finds(resources: list[dict[str, Any]]) -> None:
    found = []
    for few in (0, len(resources)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(links, "FEW", few)
            found.append(verdicts(resources))
    assert found[0] == found[1]
