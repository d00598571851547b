"""From parameters to a checked operation: what is cached, what each role learns, what is refused before work."""

from __future__ import annotations

from typing import Any

import graphql.validation.rules.overlapping_fields_can_be_merged as overlapping
import msgspec
import pytest
from graphql import build_schema, get_introspection_query

import gateway.operation.prepare as prepare
from gateway.config import Limits
from gateway.errors import Refusal, RefusalGroup
from gateway.operation.documents import TrustedDocuments
from gateway.operation.prepare import Operations
from gateway.operation.source import parse_source
from gateway.pipeline import Operation, Params, Visible
from tests.gateway.kit import NHS_NUMBER, SDL

OPEN = Visible(build_schema(SDL), "1:gp", may_introspect=True)
CLOSED = Visible(build_schema(SDL), "1:receptionist", may_introspect=False)


def operations(**limits: Any) -> Operations:
    return Operations(msgspec.convert(limits, Limits), TrustedDocuments({}))


def prepared(
    text: str,
    visible: Visible = OPEN,
    *,
    name: str | None = None,
    limits: dict[str, Any] | None = None,
    **variables: Any,
) -> Operation:
    return operations(**(limits or {})).prepare(Params(text, name, variables), visible, None)


def refused(text: str, visible: Visible = OPEN, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        prepared(text, visible, **more)
    return caught.value


def test_operation_carries_what_is_needed() -> None:
    text = 'query Q($n: String = "x") {hello(name: $n)}'
    found = prepared(text, extra=1)
    assert (found.name, found.kind, found.text, len(found.hash)) == ("Q", "query", text, 64)
    assert (found.variables, dict(found.values)) == ({}, {"n": "x"})


def test_document_is_checked_once_per_visible_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[str] = []
    validate = prepare.validate
    monkeypatch.setattr(prepare, "validate", lambda *a, **k: validated.append("x") or validate(*a, **k))
    stage = operations()
    for visible in (OPEN, OPEN, CLOSED, OPEN):
        stage.prepare(Params("{hello}"), visible, None)
    assert len(validated) == 2
    assert (stage.hits, stage.misses) == (2, 2)


def test_cached_document_is_not_shared_between_operation_names() -> None:
    stage, text = operations(), "query A {hello} mutation B {touch}"
    kinds = [stage.prepare(Params(text, name), OPEN, None).kind for name in ("A", "B", "A")]
    assert kinds == ["query", "mutation", "query"]


def test_cache_is_bounded_by_number_and_by_text() -> None:
    stage = operations(cached_documents=3, source_bytes=3_000_000)
    for number in range(5):
        stage.prepare(Params(f"{{a{number}: hello}}"), OPEN, None)
    assert len(stage._checked) == 3
    stage.prepare(Params("{hello} #" + "x" * 2_900_000), OPEN, None)
    stage.prepare(Params("{hello} #" + "y" * 2_900_000), OPEN, None)
    assert len(stage._checked) == 1


def test_introspection_is_for_those_who_may() -> None:
    text = get_introspection_query()
    assert prepared(text).kind == "query"
    assert refused(text, CLOSED).code.name == "GRAPHQL_VALIDATION_FAILED"
    assert prepared("{__typename hello}", CLOSED).kind == "query"


@pytest.mark.parametrize("text", ["{nope}", "{patient(nhsNumber: 1)}", "{hello {x}}", "{hello(nam: 1)}", "{__schema {types {name}}}", "query($a: Nope) {hello}"])  # fmt: skip
def test_closed_roles_learn_nothing_from_validation(text: str) -> None:
    refusal = refused(text, CLOSED)
    assert not isinstance(refusal, RefusalGroup)
    assert refusal.as_error() == Refusal("GRAPHQL_VALIDATION_FAILED").as_error()


def test_open_roles_are_told_the_place_but_no_suggestion() -> None:
    refusal = refused("{helo}")
    assert isinstance(refusal, RefusalGroup)
    assert refusal.members[0].locations == ((1, 2),)
    assert "Did you mean" not in refusal.message


def test_validation_errors_are_few() -> None:
    refusal = refused("{" + " ".join(f"no{n}" for n in range(10)) + "}")
    assert isinstance(refusal, RefusalGroup)
    assert len(refusal.members) <= 4


def test_messages_quote_no_long_number() -> None:
    for text in (
        f'{{sum(numbers: "{NHS_NUMBER}")}}',
        f"{{sum(numbers: [{NHS_NUMBER[:3]} {NHS_NUMBER}])}}",
        f"{{hello {NHS_NUMBER}}}",
        f'"{NHS_NUMBER}"',
    ):
        refusal = refused(text)
        members = refusal.members if isinstance(refusal, RefusalGroup) else (refusal,)
        assert NHS_NUMBER not in str([member.as_error() for member in members])


def test_bad_variable_is_named_without_its_value() -> None:
    refusal = refused("query($a: [Int!]!, $b: Int) {sum(numbers: $a) notes: hello @skip(if: true)} ", a=[NHS_NUMBER])
    assert refusal.code.name in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
    refusal = refused("query($a: [Int!]!) {sum(numbers: $a)}", a=[NHS_NUMBER])
    assert refusal.code.name == "BAD_USER_INPUT"
    assert refusal.message == "Not valid for their types: $a."


def test_missing_variable_is_bad_input() -> None:
    assert refused("query($a: [Int!]!) {sum(numbers: $a)}").code.name == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{" + "hello " * 4001 + "}", "tokens"),
        ("{hello}" + "\n#x" * 60, "tokens"),
        ("{hello}" + " " * 70_000, "source_bytes"),
        ("{hello} #" + "\u20ac" * 30_000, "source_bytes"),
        ("{sum(numbers: " + "[" * 50 + "]" * 50 + ")}", "nesting"),
        ("{patient(nhsNumber: 1) {notes(last: 60000) {text}}}", "cost"),
        ("query($n: Int = 60000) {patient(nhsNumber: 1) {notes(last: $n) {text}}}", "cost"),
    ],
)
def test_oversize_names_the_limit_and_not_its_size(text: str, limit: str) -> None:
    refusal = refused(text)
    assert refusal.code.name == "OPERATION_TOO_LARGE"
    assert refusal.extensions == {"limit": limit}


def test_brackets_in_strings_and_comments_do_not_nest() -> None:
    for text in (
        '{hello(name: "' + "{" * 100 + '")}',
        '{hello(name: """' + "[" * 100 + '\\""" "" """)}',
        "{hello #" + "(" * 100 + "\n}",
    ):
        assert parse_source(text, Limits()).kind == "document"


def test_cost_follows_the_variable_of_each_request() -> None:
    stage = operations()
    text = "query($n: Int) {patient(nhsNumber: 1) {notes(last: $n) {text}}}"
    costs = [stage.prepare(Params(text, None, {"n": n}), OPEN, None).cost for n in (5, 50, 5)]
    assert costs == [6, 51, 6]
    with pytest.raises(Refusal, match="OPERATION_TOO_LARGE"):
        stage.prepare(Params(text, None, {"n": 60000}), OPEN, None)


def test_overlapping_fields_have_a_small_budget() -> None:
    assert overlapping.MAX_COMPLEXITY_BUDGET == prepare.OVERLAP_BUDGET


def test_read_only_refuses_mutations() -> None:
    with pytest.raises(Refusal, match="METHOD_NOT_ALLOWED"):
        operations().prepare(Params("mutation {touch}"), OPEN, None, read_only=True)


def test_documents_alike_but_for_space_and_comments_share_a_plan() -> None:
    one, same = prepared("{ hello }"), prepared("# who?\nquery  {\n  hello,\n}")
    assert one.shape == same.shape
    assert one.hash != same.hash
    assert one.shape != prepared("{ again: hello }").shape
