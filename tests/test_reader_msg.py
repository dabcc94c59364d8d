"""Messages that Outlook saved: the same document as of a message sent, and what is attached."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ole_files import Tree, Values, container, message
from test_readers import assert_sound

from indexer.parts import parts
from indexer.readers import msg
from indexer.readers.base import Allowance, Member
from indexer.readers.rtf_packed import unpack_rtf
from search.errors import ReadError
from search.models import Document

MAIL = Path(__file__).resolve().parents[2] / "shared" / "hard" / "mail"
CLASS, SUBJECT, SENT, NAME, ADDRESS = 0x001A, 0x0037, 0x0039, 0x0042, 0x5D02
BODY, RTF, HTML, HEADER = 0x1000, 0x1009, 0x1013, 0x007D
FILE, DATA, METHOD = 0x3707, 0x3701, 0x3705
WHEN = datetime(1993, 9, 6, 23, 25, 34, tzinfo=UTC)
ADA: Values = {
    CLASS: "IPM.Note",
    SUBJECT: "The engine",
    SENT: WHEN,
    NAME: "Ada Lovelace",
    ADDRESS: "ada@example.org",
}
CHARLES: Values = {0x3001: "Charles", 0x39FE: "charles@example.org", 0x0C15: 1}


def opened(tree: Tree | bytes, allowance: Allowance | None = None) -> tuple[Document, list[Member]]:
    data = tree if isinstance(tree, bytes) else container(tree)
    document, *members = msg.unpack(io.BytesIO(data), "a.msg", allowance or Allowance())
    assert isinstance(document, Document)
    assert_sound(document)
    assert document.kind == "msg"
    return document, [member for member in members if isinstance(member, Member)]


def body(values: Values) -> str:
    """What a message says beneath its header."""
    return opened(message({**ADA, **values}))[0].text.partition("\n\n")[2]


def refused(tree: Tree | bytes) -> ReadError:
    with pytest.raises(ReadError) as caught:
        opened(tree)
    assert caught.value.remedy
    return caught.value


def packed(rtf: bytes) -> bytes:
    """RTF as Outlook keeps it, without making it any shorter."""
    chunks = [rtf[at : at + 8] for at in range(0, len(rtf), 8)]
    body = b"".join(b"\0" + chunk for chunk in chunks)
    return struct.pack("<IIII", len(body) + 12, len(rtf), 0x75465A4C, zlib.crc32(body)) + body


def test_a_message_is_a_document_with_its_header() -> None:
    copy: Values = {0x3001: "Mary", 0x3003: "mary@example.org", 0x0C15: 2}
    blind: Values = {0x3001: "Nobody", 0x0C15: 3}
    document, members = opened(
        message({**ADA, BODY: "It weaves algebraic patterns.\r\n"}, [CHARLES, copy, blind])
    )
    assert (document.title, document.author) == ("The engine", "Ada Lovelace")
    assert document.date == "1993-09-06"
    assert document.text == (
        "From: Ada Lovelace <ada@example.org>\nTo: Charles <charles@example.org>\n"
        "Cc: Mary <mary@example.org>\nDate: Mon, 06 Sep 1993 23:25:34 +0000\n"
        "Subject: The engine\n\nIt weaves algebraic patterns."
    )
    assert not members


@pytest.mark.parametrize(
    ("values", "shown", "author"),
    [
        ({NAME: "Lovelace, Ada"}, '"Lovelace, Ada" <ada@example.org>', "Lovelace, Ada"),
        ({NAME: "Jürgen"}, "Jürgen <ada@example.org>", "Jürgen"),
        ({NAME: "ada@example.org"}, "ada@example.org", "ada@example.org"),
        ({ADDRESS: "/O=ORG/CN=ADA"}, "Ada Lovelace", "Ada Lovelace"),
        ({NAME: "", ADDRESS: "", 0x0C1A: "Secretary"}, "Secretary", "Secretary"),
    ],
)
def test_senders(values: Values, shown: str, author: str) -> None:
    document, _ = opened(message({**ADA, **values, BODY: "text"}))
    assert document.text.startswith(f"From: {shown}\n")
    assert document.author == author


def test_the_date_is_the_one_the_message_was_sent_with() -> None:
    header = "Received: x\r\nDate: Mon, 6 Sep 1993 19:25:34 -0400\r\n"
    document, _ = opened(message({**ADA, BODY: "text", HEADER: header}))
    assert "Date: Mon, 6 Sep 1993 19:25:34 -0400\n" in document.text


def test_texts_in_a_code_page() -> None:
    values: Values = {SUBJECT: "Grüße", NAME: "Jürgen", BODY: "Wörter", 0x3FFD: 1252}
    document, _ = opened(message(values, wide=False))
    assert (document.title, document.author) == ("Grüße", "Jürgen")
    assert document.text.endswith("Wörter")


def test_who_it_is_for_where_nobody_is_listed() -> None:
    document, _ = opened(message({**ADA, BODY: "text", 0x0E04: "Charles; Mary"}))
    assert "To: Charles; Mary\n" in document.text


def test_the_plain_text_is_preferred_and_html_taken_where_it_says_nothing() -> None:
    page = b"<html><p>" + b"The true words of this message. " * 12
    assert body({BODY: "plain words " * 40, HTML: page}).startswith("plain words")
    assert body({BODY: "See the page.", HTML: page}).startswith("The true words")
    assert body({HTML: b"<p>W&ouml;rter<script>x</script>"}) == "Wörter"
    assert body({HTML: "<p>Wörter".encode("cp1250"), 0x3FDE: 1250}) == "Wörter"


def test_packed_rtf_is_read_where_there_is_nothing_else() -> None:
    rtf = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 M\'fchle\par second\par}"
    assert body({RTF: packed(rtf)}) == "Mühle\n\nsecond"


def test_rtf_that_repeats_itself_is_unpacked() -> None:
    # The example of [MS-OXRTFCP], 3.1.1.
    data = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d"
        "0a800fa0"
    )
    assert unpack_rtf(data) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize("data", [b"", b"short", b"\xff" * 40, packed(b"x" * 50)[:20]])
def test_rtf_that_cannot_be_unpacked(data: bytes) -> None:
    assert len(unpack_rtf(data)) <= 9 * len(data)


def test_a_quoted_message_stands_at_a_place_of_its_own() -> None:
    text = "I agree.\r\n\r\n-----Original Message-----\r\nFrom:\tCharles\r\n\r\nShall we?\r\n"
    document, _ = opened(message({**ADA, BODY: text}))
    places = {section.place: document.text[section.start :] for section in document.sections}
    assert places["quoted message"].strip().startswith("-----Original Message-----")


def test_attachments_are_files_of_their_own() -> None:
    attached: list[Values] = [
        {FILE: "notes.md", DATA: b"# Tides"},
        {0x3704: "SHORT~1.TXT", DATA: b"short"},
        {FILE: "..\\..\\evil.txt", DATA: b"evil"},
        {FILE: "picture.png", DATA: b"\x89PNG"},
        {FILE: "link.txt", METHOD: 2},
    ]
    _, members = opened(message({**ADA, BODY: "text"}, [], attached))
    assert [(member.path, member.data) for member in members[:4]] == [
        ("notes.md", b"# Tides"), ("SHORT~1.TXT", b"short"), ("evil.txt", b"evil"),
        ("picture.png", None),
    ]  # fmt: skip
    assert isinstance(members[4].data, ReadError)
    assert "not in the message" in members[4].data.message


def test_a_message_in_a_message_is_found_with_its_attachments() -> None:
    innermost = message({**ADA, SUBJECT: "Re: weaving", BODY: "Third."}, embedded=True)
    inner = message(
        {**ADA, SUBJECT: "Weaving", BODY: "Zweitens: Wörter."},
        [CHARLES],
        [{FILE: "notes.md", DATA: b"# Tides"}, {METHOD: 5, DATA: innermost}],
        embedded=True,
    )
    outer = message({**ADA, BODY: "First."}, [CHARLES], [{METHOD: 5, DATA: inner}])
    found = {part.member: part.content for part in parts(
        io.BytesIO(container(outer)), "a.msg", Allowance()
    )}  # fmt: skip
    assert list(found) == [
        "", "Weaving.eml", "Weaving.eml/notes.md", "Weaving.eml/Re_ weaving.eml",
    ]  # fmt: skip
    texts = [content.text for content in found.values() if isinstance(content, Document)]
    assert [text.rpartition("\n\n")[2] for text in texts] == [
        "First.", "Zweitens: Wörter.", "Tides", "Third.",
    ]  # fmt: skip
    assert texts[1].startswith("From: Ada Lovelace <ada@example.org>\nTo: Charles")


def test_a_contact_says_what_is_known_of_a_person() -> None:
    named = struct.pack("<IHH", 0x8083, 8, 3)  # its own number in this message is 0x8003
    tree = {
        **message({
            CLASS: "IPM.Contact", SUBJECT: "Ada", 0x3001: "Ada Lovelace", 0x3A16: "Engines Ltd",
            0x8003: "ada@example.org", BODY: "Met in 1833.", HTML: b"<p>other</p>",
        }),
        "__nameid_version1.0": {"__substg1.0_00030102": named},
    }  # fmt: skip
    assert opened(tree)[0].text.split("\n\n")[1:] == [
        "Name: Ada Lovelace\nCompany: Engines Ltd\nE-mail: ada@example.org", "Met in 1833.",
    ]  # fmt: skip


def test_an_appointment_says_when_and_where() -> None:
    named = b"".join(
        struct.pack("<IHH", name, 8, place) for place, name in enumerate((0x820D, 0x820E, 0x8208))
    )
    values: Values = {CLASS: "IPM.Appointment", SUBJECT: "Tea", 0x8000: WHEN, 0x8002: "Hall"}
    tree = {**message(values), "__nameid_version1.0": {"__substg1.0_00030102": named}}
    assert opened(tree)[0].text.endswith("Begins: 1993-09-06 23:25 UTC\nPlace: Hall")


def test_encrypted_messages_are_refused_and_signed_ones_read() -> None:
    sealed = {**ADA, CLASS: "IPM.Note.SMIME"}
    assert refused(message(sealed)).message == "The message is encrypted."
    signed = {**ADA, CLASS: "IPM.Note.SMIME.MultipartSigned"}
    whole = b"From: ada@example.org\nSubject: s\nMIME-Version: 1.0\n\nThe signed words.\n"
    attached: Values = {FILE: "smime.p7m", 0x370E: "multipart/signed", DATA: whole}
    _, members = opened(message(signed, [], [attached]))
    assert [(member.path, member.data) for member in members] == [("signed.eml", whole)]


def test_limits_are_kept() -> None:
    tree = message({**ADA, BODY: "text"}, [], [{FILE: "a.txt", DATA: b"x" * 20_000}])
    with pytest.raises(ReadError, match="more than the limit"):
        opened(tree, Allowance(largest=10_000))
    _, members = opened(tree, Allowance(size=15_000))
    assert isinstance(members[0].data, ReadError)


@pytest.mark.parametrize("data", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)])
def test_damage_is_named(data: bytes) -> None:
    assert refused(data).message == "The message is damaged or was cut off."


def test_properties_that_are_cut_off_cost_themselves() -> None:
    tree = {**message({**ADA, BODY: "text"}, [CHARLES]), "__properties_version1.0": b"\0" * 37}
    assert opened(tree)[0].text.endswith("Subject: The engine\n\ntext")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("testMSG_Contact.msg", "Phone: (123) 456-7890\n"),
        ("testMSG_Contact.msg", "E-mail: quickbrown@gmail.com\n"),
        ("testMSG_Post.msg", "From: Allison, Timothy B.\nDate: Tue, 28 Feb 2017 18:47:11 +0000\n"),
        ("testMSG_StickyNote.msg", "This is a note about the quick brown fox"),
        ("testMSG_chinese.msg", "恭喜 HQ 保全課 陳奎良 高票當選雲林縣總工會 100 年度模範勞工代表"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    path = MAIL / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    assert said in opened(path.read_bytes())[0].text
