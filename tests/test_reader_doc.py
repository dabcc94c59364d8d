"""Documents of Word 97 to 2003, and of Word 6 and 95."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from ole_files import container, summary
from small_files import LEGACY
from test_reader_ole import streams
from test_readers import assert_sound

from indexer.readers import kind_of, read
from indexer.readers.doc_file import read_properties
from search.errors import ReadError
from search.models import Document

OFFICE = Path(__file__).resolve().parents[2] / "shared" / "hard" / "legacy_office"
WORDS = (LEGACY / "words.doc").read_bytes()


def read_sound(data: bytes, name: str = "a.doc") -> Document:
    document = read(data, name)
    assert_sound(document)
    assert document.kind == "doc"
    return document


def blocks(data: bytes) -> list[str]:
    return read_sound(data).text.split("\n\n")


def changed(at: int, form: str, *numbers: int, stream: str = "WordDocument") -> bytes:
    """The document with numbers at a place of one of its streams."""
    tree = streams(WORDS)
    data = bytearray(tree[stream])
    struct.pack_into(f"<{form}", data, at, *numbers)
    return container({**tree, stream: bytes(data)})


def place_of(entry: int) -> int:
    """Where in its own stream the table of places says where something is."""
    return 0x9A + 8 * entry


def word_6(text: bytes, *, language: int = 0x0409, flags: int = 0) -> bytes:
    """A document as Word 6 wrote it, without any formatting."""
    main = bytearray(0x300)
    struct.pack_into("<HHHHHH", main, 0, 0xA5DC, 101, 0, language, 0, flags)
    struct.pack_into("<II", main, 0x18, len(main), len(main) + len(text))
    struct.pack_into("<I", main, 0x34, len(text))
    return container({"WordDocument": bytes(main) + text})


def test_headings_notes_lists_tables_and_boxes() -> None:
    assert blocks(WORDS) == [
        "Von Mühlen und Wehren",
        "Räder",
        "Ein Rad dreht sich[1] im Bach[1]; das Wort 水車 steht in diesem Verzeichnis.",
        "Meist rechtsherum.",
        "Siehe das Register.",
        "Eine Zeile\nund die nächste mit Tabulator.",
        "Steine",
        "• Läufer",
        "• Bodenstein",
        "Code | Means",
        "E1 | no water",
        "Nach der Tabelle.",
        "Im Kasten steht etwas.",
    ]


def test_headings_make_sections() -> None:
    trails = [section.headings for section in read_sound(WORDS).sections]
    title = "Von Mühlen und Wehren"
    assert trails == [(title,), (title, "Räder"), (title, "Räder", "Steine")]


def test_what_the_document_says_of_itself() -> None:
    document = read_sound(WORDS)
    given = (document.title, document.author, document.date)
    assert given == ("Von Mühlen", "Anna Müller", "2023-04-06")


def test_what_was_deleted_or_hidden_is_not_read() -> None:
    raw = b"".join(streams(WORDS).values())
    text = read_sound(WORDS).text
    for word in ("ONCE DELETED", "VERBORGEN", "http://example.org/mills"):
        assert word.encode("utf-16-le") in raw or word.encode() in raw
        assert word not in text


@pytest.mark.parametrize("suffix", ["doc", "dot", "docx", "txt", "bin"])
def test_names_do_not_matter(suffix: str) -> None:
    assert kind_of(WORDS, f"a.{suffix}") == "doc"
    assert read_sound(WORDS, f"a.{suffix}").title == "Von Mühlen"


def test_an_encrypted_document() -> None:
    (flags,) = struct.unpack_from("<H", streams(WORDS)["WordDocument"], 10)
    with pytest.raises(ReadError) as caught:
        read(changed(10, "H", flags | 0x0100), "a.doc")
    assert caught.value.message == "The Word document is protected with a password."
    assert "without a password" in caught.value.remedy


@pytest.mark.parametrize(
    ("entry", "lost"),
    [(1, "heading"), (2, "[1]"), (12, "hidden"), (13, "row"), (3, "note")],
)
def test_what_is_lost_costs_only_what_it_was_for(entry: int, lost: str) -> None:
    text = read_sound(changed(place_of(entry), "II", 0x7FFFFFFF, 8)).text
    assert "Ein Rad dreht sich" in text, lost
    assert "Nach der Tabelle." in text, lost


@pytest.mark.parametrize(
    "data",
    [
        changed(0, "H", 0),
        changed(place_of(33), "II", 0, 0),
        changed(place_of(33), "II", 0x7FFFFFFF, 100),
        container({"WordDocument": b"\xec\xa5" + bytes(40)}),
        container({"WordDocument": b""}),
        bytes(range(256)) * 9,
    ],
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(ReadError, match="The Word document is damaged or was cut off"):
        read(data, "a.doc")


def test_pieces_that_all_lie_in_the_same_place_do_not_fill_the_memory() -> None:
    count = 5000
    bounds = struct.pack(f"<{count + 1}I", *(4000 * n for n in range(count + 1)))
    listed = bounds + struct.pack("<HIH", 0, 0x40000000, 0) * count
    tree = streams(WORDS)
    (start, _) = struct.unpack_from("<II", tree["WordDocument"], place_of(33))
    table = bytes(tree["1Table"])[:start] + b"\2" + struct.pack("<I", len(listed)) + listed
    main = bytearray(tree["WordDocument"])
    struct.pack_into("<II", main, place_of(33), start, len(listed) + 5)
    data = container({**tree, "WordDocument": bytes(main), "1Table": table})
    assert len(read_sound(data).text) < 3 * len(main)


def test_the_code_of_a_field_is_left_out_and_its_result_read() -> None:
    text = b'See \x13 HYPERLINK "x" \x14the \x13 REF y \x14list\x15\x15, \x13 TOC \x15\x13lost.\r'
    assert blocks(word_6(text)) == ["See the list, lost."]


@pytest.mark.parametrize(
    ("language", "word", "encoding"),
    [(0x0409, "Mühle", "cp1252"), (0x0419, "мельница", "cp1251"), (0x0415, "młyn", "cp1250")],
)
def test_word_6_writes_in_the_alphabet_of_its_language(
    language: int, word: str, encoding: str
) -> None:
    assert blocks(word_6(word.encode(encoding) + b"\r", language=language)) == [word]


def test_tables_of_word_6_are_told_by_their_marks_alone() -> None:
    table = b"before\rCode\7Means\7\7E1\7no water\7\7after\x0cnext page\r"
    assert blocks(word_6(table)) == [
        "before", "Code | Means", "E1 | no water", "after", "next page",
    ]  # fmt: skip


def test_characters_of_more_than_sixteen_bits() -> None:
    tree = streams(WORDS)
    main = bytes(tree["WordDocument"]).replace("水車".encode("utf-16-le"), "😀".encode("utf-16-le"))
    assert "das Wort 😀 steht" in read_sound(container({**tree, "WordDocument": main})).text


def test_the_title_is_found_in_properties_where_the_text_has_none() -> None:
    tree = {**streams(word_6(b"words\r")), "\x05SummaryInformation": summary(title="Mills")}
    assert read_sound(container(tree)).title == "Mills"


def test_properties_of_every_size_are_gone_through() -> None:
    said = b"\x35\x08\1" + b"\x0b\x46\2\0" + b"\x08\xd6\3\0ab" + b"\x0d\xc6\1x" + b"\x40\x26\0"
    found = [number for number, _ in read_properties(said)]
    assert found == [0x0835, 0x460B, 0xD608, 0xC60D, 0x2640]


@pytest.mark.parametrize(
    ("magic", "program"),
    [(b"\xdb\xa5", "Word 1 or 2"), (b"\x31\xbe\0\0", "Word for DOS"), (b"\xffWPC", "WordPerfect")],
)
def test_other_programs_are_named(magic: bytes, program: str) -> None:
    with pytest.raises(ReadError, match=f"in a format of {program}") as caught:
        read(magic + bytes(100), "a.doc")
    assert "LibreOffice" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("test2.doc", "Test Document\n\nTesting\n\nTesting\n\n1 2 3\n\nTest | Table"),
        ("testComment.doc", "Here is some text."),
        ("testOptionalHyphen.doc", "optionalhyphen"),
        ("testWORD_closingSmartQInHyperLink.doc", "TIKA-1512"),
        ("test_TIKA-1251.doc", "Sikre at en tjenesteyter har hovedansvar"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    path = OFFICE / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    assert said in read_sound(path.read_bytes(), name).text
