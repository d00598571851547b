"""The reader of answers: what is ambiguous is refused, and how bytes are cut makes no difference."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.transport.answer import Answer, AnswerReader
from gateway.upstream.transport.decode import decompress, gunzip
from gateway.upstream.transport.errors import ProtocolError, TooLargeError

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(*parts: bytes, head_only: bool = False, max_head: int = 4096, max_body: int = 4096) -> AnswerReader:
    reader = AnswerReader(max_head, max_body)
    reader.start(head_only=head_only)
    for part in parts:
        if reader.feed(part):
            return reader
    raise AssertionError("the answer is not whole")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
        b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n X-A: a\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX(A: a\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
        b"<html>not http</html>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        CHUNKED + b"zz\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"2 \r\nok\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"2\nok\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nok0\r\n\r\n",
        CHUNKED + b"2;a\nb\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"fffffffffffffffff\r\nok\r\n0\r\n\r\n",
    ],
)
def test_ambiguous_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(answer)


WELL_FORMED = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
    (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    (CHUNKED + b"2\r\nok\r\n3;ext=1\r\nyes\r\n0\r\n\r\n", 200, b"okyes", True),
    (CHUNKED + b"2\r\nok\r\n0\r\nX-T: 1\r\nY-T: 2\r\n\r\n", 200, b"ok", False),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
     b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", 404, b"no", True),
]  # fmt: skip


@given(st.sampled_from(WELL_FORMED), st.data())
def test_cuts_between_bytes_do_not_matter(case: tuple[bytes, int, bytes, bool], data: st.DataObject) -> None:
    wire, status, body, reusable = case
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1))))
    parts = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    reader = read(*parts)
    answer = reader.answer()
    assert (answer.status, answer.body, reader.reusable) == (status, body, reusable)


def test_interim_headers_are_not_the_answers() -> None:
    wire = b"HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: 1\r\nContent-Length: 0\r\n\r\n"
    assert read(wire).answer().headers == [(b"x-late", b"1"), (b"content-length", b"0")]


def test_trailers_are_not_headers() -> None:
    reader = read(CHUNKED + b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n")
    assert b"x-t" not in dict(reader.answer().headers)
    assert not reader.reusable


def test_second_answer_starts_clean() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok")
    reader.start(head_only=False)
    assert reader.feed(b"HTTP/1.1 201 OK\r\nContent-Length: 3\r\n\r\nyes")
    assert reader.answer() == Answer(201, [(b"content-length", b"3")], b"yes")


@pytest.mark.parametrize("excess", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"])
def test_bytes_after_the_answer_end_the_connection(excess: bytes) -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + excess)
    assert reader.answer().body == b"ok"
    assert not reader.reusable


def test_body_after_no_content_ends_the_connection() -> None:
    reader = read(b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok")
    assert (reader.answer().body, reader.reusable) == (b"", False)


def test_head_answer_has_no_body() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", head_only=True)
    assert (reader.answer().body, reader.reusable) == (b"", True)
    reader.start(head_only=False)
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert reader.answer().body == b"ok"


def test_body_after_a_head_answer_ends_the_connection() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", head_only=True)
    assert (reader.answer().body, reader.reusable) == (b"", False)


def test_unframed_body_ends_with_the_stream() -> None:
    reader = AnswerReader(4096, 4096)
    reader.start(head_only=False)
    assert not reader.feed(b"HTTP/1.1 200 OK\r\n\r\nabc")
    assert reader.end()
    assert (reader.answer().body, reader.reusable) == (b"abc", False)


def test_framed_body_does_not_end_with_the_stream() -> None:
    reader = AnswerReader(4096, 4096)
    reader.start(head_only=False)
    assert not reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    assert not reader.end()


def test_head_over_its_cap() -> None:
    with pytest.raises(TooLargeError):
        read(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 5000 + b"\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(TooLargeError):
        read(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 3000, b"a" * 3000)
    with pytest.raises(TooLargeError):
        read(b"HTTP/1.1 200 OK\r\n" + b"A: a\r\n" * 201 + b"Content-Length: 0\r\n\r\n")


def test_body_over_its_cap() -> None:
    with pytest.raises(TooLargeError):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n")
    with pytest.raises(TooLargeError):
        read(CHUNKED + b"1000\r\n" + b"a" * 4096 + b"\r\n", b"1\r\na\r\n")
    with pytest.raises(TooLargeError):
        read(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 4097)


def test_framing_over_its_cap() -> None:
    chunk = b"1;" + b"x" * 2000 + b"\r\na\r\n"
    with pytest.raises(TooLargeError):
        read(CHUNKED, *[chunk] * 1000)


def test_endless_trailers_are_refused() -> None:
    with pytest.raises(TooLargeError):
        read(CHUNKED + b"0\r\n", *[b"X-T: " + b"a" * 1000 + b"\r\n"] * 2000)


def test_gzip_body_is_inflated() -> None:
    answer = Answer(200, [], gzip.compress(b"a" * 1000), b"GZIP")
    assert decompress(answer, 1000) == b"a" * 1000


def test_the_first_coding_is_the_one() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n")
    assert reader.answer().coding == b"gzip"


def test_zip_bomb_is_refused() -> None:
    with pytest.raises(TooLargeError):
        gunzip(gzip.compress(b"a" * 1_000_000), 999_999)


@pytest.mark.parametrize("cut", [b"", b"\x00", gzip.compress(b"more")], ids=["nothing", "zero", "another-member"])
def test_broken_gzip_is_refused(cut: bytes) -> None:
    whole = gzip.compress(b"a" * 1000)
    data = whole + cut if cut else whole[:-4]
    with pytest.raises(ProtocolError):
        gunzip(data, 10_000)
    with pytest.raises(ProtocolError):
        gunzip(b"not gzip", 10_000)


def test_coding_not_asked_for_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decompress(Answer(200, [], b"x", b"br"), 100)


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_garbage_never_raises_anything_else(parts: list[bytes]) -> None:
    reader = AnswerReader(4096, 4096)
    reader.start(head_only=False)
    try:
        for part in parts:
            reader.feed(part)
    except (ProtocolError, TooLargeError):
        pass
