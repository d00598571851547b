"""What a gate cannot read is never taken for innocent."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.federation.plan import Need, NeedOn
from gateway.federation.unread import forget_lost, is_unread

NEEDS = (
    Need("text", "__g_text"),
    Need("codings", "__g_codings", (Need("code", "code"),)),
    Need("body", "__g_body", (NeedOn(frozenset({"Letter"}), (Need("words", "words"),)),)),
)
WHOLE: dict[str, Any] = {
    "__g_text": None,
    "__g_codings": [{"code": "1"}, None, [{"code": None}]],
    "__g_body": {"__typename": "Letter", "words": "x"},
}


def test_null_is_read() -> None:
    assert not is_unread(WHOLE, NEEDS, "Note")
    assert not is_unread({**WHOLE, "__g_codings": None, "__g_body": {"__typename": "Picture"}}, NEEDS, "Note")


@pytest.mark.parametrize(
    "changed",
    [
        {"__g_codings": [{"code": "1"}, {}]},
        {"__g_codings": [[{}]]},
        {"__g_body": {"words": "x"}},
        {"__g_body": {"__typename": 1, "words": "x"}},
        {"__g_body": {"__typename": "Letter"}},
    ],
    ids=str,
)
def test_what_is_absent_at_any_depth_is_unread(changed: dict[str, Any]) -> None:
    assert is_unread({**WHOLE, **changed}, NEEDS, "Note")


@pytest.mark.parametrize("key", WHOLE)
def test_each_field_is_needed(key: str) -> None:
    assert is_unread({name: value for name, value in WHOLE.items() if name != key}, NEEDS, "Note")


@pytest.mark.parametrize(
    ("path", "lost"),
    [
        (["rows", 0, "__g_text"], "__g_text"),
        (["rows", 0, "__g_codings", 1, "code"], "__g_codings"),
        (["rows", 0, "__c12___g_other", "x"], "__c12___g_other"),
        (["rows", 0, "text"], None),
        (["rows", 1, "__g_text"], None),
        (["rows", -1, "__g_text"], None),
        (["rows", {}, None], None),
        (["nowhere", "__g_text"], None),
    ],
    ids=str,
)
def test_an_error_takes_out_what_its_path_leads_through(path: list[Any], lost: str | None) -> None:
    row = {"text": "t", "__g_text": None, "__g_codings": [{"code": 1}, None], "__c12___g_other": None}
    data = {"rows": [dict(row)]}
    forget_lost(data, [{"path": path}])
    assert data == {"rows": [{key: value for key, value in row.items() if key != lost}]}


@pytest.mark.parametrize("path", [None, [], "x", 1])
def test_an_error_without_a_path_is_about_every_null(path: Any) -> None:
    data = {"rows": [{"text": None, "__g_text": None, "__g_code": "1"}, [{"__g_text": "x"}], None]}
    forget_lost(data, [{"path": path}, {}])
    assert data == {"rows": [{"text": None, "__g_code": "1"}, [{"__g_text": "x"}], None]}


@pytest.mark.parametrize("data", [None, [], "x", {"a": 1}])
def test_no_data_at_all_is_left_alone(data: Any) -> None:
    forget_lost(data, [{"path": ["a", "__g_text", 0]}, {}])
