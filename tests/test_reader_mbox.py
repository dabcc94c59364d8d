"""Mailboxes: where messages begin, what they are called, and that not all are read at once."""

from __future__ import annotations

import io

import pytest

from indexer.readers import mbox
from indexer.readers.base import Allowance, Member
from search.errors import ReadError


def mailbox(*messages: str) -> bytes:
    return "".join(f"From a@b Mon Jun 01 04:28:28 2009\n{text}\n" for text in messages).encode()


def messages(data: bytes, allowance: Allowance | None = None) -> list[Member]:
    return list(mbox.unpack(io.BytesIO(data), "a.mbox", allowance or Allowance()))


def test_messages_of_a_mailbox_are_numbered() -> None:
    found = messages(mailbox("Subject: One/two\n\nfirst\n", "X: y\n\nsecond\n"))
    assert found == [
        Member("0001 One_two.eml", b"Subject: One/two\n\nfirst\n\n"),
        Member("0002.eml", b"X: y\n\nsecond\n\n"),
    ]


def test_lines_that_begin_like_a_message() -> None:
    text = (
        "Subject: s\n\n>From the start\n>>From there\n\nFrom now on, no more.\nFrom x 1:02 2009\n"
    )
    (found,) = messages(mailbox(text))
    assert isinstance(found.data, bytes)
    lines = found.data.decode().splitlines()[2:]
    assert lines == [
        "From the start",
        ">From there",
        "",
        "From now on, no more.",
        "From x 1:02 2009",
        "",
    ]


def test_a_message_in_a_mailbox_may_be_too_large() -> None:
    small = "Subject: small\n\nx\n"
    found = messages(
        mailbox("Subject: big\n\n" + "x" * 9000 + "\n", small), Allowance(largest=1000)
    )
    big, other = found
    assert big.path == "0001 big.eml"
    assert "more than the limit" in str(big.data)
    assert other.data == (small + "\n").encode()


def test_deleted_messages_are_left_out_and_numbers_kept() -> None:
    data = mailbox("X-Mozilla-Status: 0009\nSubject: a\n\nx\n", "X-Mozilla-Status: 0001\n\nx\n")
    assert [member.path for member in messages(data)] == ["0002.eml"]


def test_a_mailbox_is_read_as_it_is_asked_for() -> None:
    stream = io.BytesIO(mailbox(*["Subject: s\n\n" + "words\n" * 10_000] * 20))
    next(iter(mbox.unpack(stream, "a.mbox", Allowance())))
    assert stream.tell() < 70_000


def test_a_mailbox_without_messages() -> None:
    with pytest.raises(ReadError, match="holds no message"):
        messages(b"nothing of that sort\n")
