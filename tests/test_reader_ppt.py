"""Presentations of PowerPoint 97 to 2003."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from ole_files import container, summary
from small_files import LEGACY
from test_reader_ole import streams
from test_readers import assert_sound

from indexer.readers import kind_of, read
from search.errors import ReadError
from search.models import Document

OFFICE = Path(__file__).resolve().parents[2] / "shared" / "hard" / "legacy_office"
SLIDES = (LEGACY / "slides.ppt").read_bytes()
TITLE, BODY, NOTES, OTHER = 0, 1, 2, 4


def read_sound(data: bytes, name: str = "a.ppt") -> Document:
    document = read(data, name)
    assert_sound(document)
    assert document.kind == "ppt"
    return document


def atom(kind: int, body: bytes = b"", instance: int = 0, version: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4 | version, kind, len(body)) + body


def nest(kind: int, *inner: bytes, instance: int = 0) -> bytes:
    return atom(kind, b"".join(inner), instance, 0xF)


def text(kind: int, said: str, *, wide: bool = True) -> bytes:
    head = atom(0x0F9F, struct.pack("<I", kind))
    if wide:
        return head + atom(0x0FA0, said.encode("utf-16-le"))
    return head + atom(0x0FA8, said.encode("latin-1"))


def shape(said: bytes, placeholder: int | None = None) -> bytes:
    held = b"" if placeholder is None else atom(0x0BC3, struct.pack("<iBBH", -1, placeholder, 0, 0))
    return nest(0xF004, nest(0xF011, held), nest(0xF00D, said))


def slide(*shapes: bytes, kind: int = 0x03EE, notes: int = 0, after: bytes = b"") -> bytes:
    own = atom(0x03EF, bytes(16) + struct.pack("<II", notes, 0))
    return nest(kind, own, nest(0x040C, nest(0xF002, nest(0xF003, *shapes))), after)


def listed(which: int, *entries: tuple[int, int, bytes]) -> bytes:
    """A list of slides or notes: of each its object, its own number and its outline."""
    parts = (
        atom(0x03F3, struct.pack("<IIIII", number, 0, 0, identity, 0)) + outline
        for number, identity, outline in entries
    )
    return nest(0x0FF0, *parts, instance=which)


def deck(objects: Sequence[bytes], *, encrypted: int = 0, before: int = 0) -> bytes:
    """A presentation of objects numbered from 1, of which the first is the document."""
    stream, places = b"", []
    for each in objects:
        places.append(len(stream))
        stream += each
    at = len(stream)
    stream += atom(0x1772, struct.pack("<I", len(places) << 20 | 1) + struct.pack(
        f"<{len(places)}I", *places
    ))  # fmt: skip
    edit = len(stream)
    numbers = (0, 0, before if before >= 0 else edit, at, 1, 0, 0)
    stream += atom(0x0FF5, struct.pack("<7I", *numbers) + struct.pack("<I", encrypted))
    user = struct.pack("<HHIIII", 0, 0x0FF6, 20, 20, 0xE391C05F, edit)
    return container({"PowerPoint Document": stream.ljust(5000, b"\0"), "Current User": user})


def presentation(*slides: bytes) -> bytes:
    entries = [(number, 255 + number, b"") for number in range(2, 2 + len(slides))]
    return deck([nest(0x03E8, listed(0, *entries)), *slides])


def test_slides_are_pages_with_title_text_tables_and_notes() -> None:
    document = read_sound(SLIDES)
    assert (document.title, document.pages, document.textless_pages) == (
        "The mill – Übersicht", 3, 1,
    )  # fmt: skip
    assert (document.author, document.date) == ("Ann Keeper", "2023-04-06")
    assert [
        (section.page, section.headings, document.text[section.body : section.end].strip())
        for section in document.sections
    ] == [
        (1, ("The mill – Übersicht",), "Wheels\nStones\n\nNotes: Say more of this."),
        (3, (), "grouped 水車\n\nCode | Means\n\nE1 | no water"),
    ]


@pytest.mark.parametrize("suffix", ["ppt", "pps", "pptx", "doc", "bin"])
def test_names_do_not_matter(suffix: str) -> None:
    assert kind_of(SLIDES, f"a.{suffix}") == "ppt"
    assert read_sound(SLIDES, f"a.{suffix}").pages == 3


def test_the_title_given_comes_first() -> None:
    tree = {**streams(SLIDES), "\x05SummaryInformation": summary(title="Mills")}
    assert read_sound(container(tree)).title == "Mills"


def test_texts_that_stand_in_the_outline_belong_to_their_shapes() -> None:
    outline = text(TITLE, "The mill") + text(BODY, "Wheels\rSt\xf6nes", wide=False)
    body = shape(atom(0x0F9E, struct.pack("<I", 1)), 14)
    head = shape(atom(0x0F9E, struct.pack("<I", 0)), 13)
    document = nest(0x03E8, listed(0, (2, 256, outline)))
    read_in_order = read_sound(deck([document, slide(body, head)]))
    assert read_in_order.text == "The mill\n\nWheels\nStönes"
    assert read_in_order.sections[0].headings == ("The mill",)


def test_the_outline_speaks_for_a_slide_that_is_lost() -> None:
    document = nest(0x03E8, listed(0, (99, 256, text(TITLE, "Lost") + text(BODY, "Not all"))))
    assert read_sound(deck([document])).text == "Lost\n\nNot all"


def test_notes_are_found_by_the_number_their_slide_calls_them_by() -> None:
    notes = slide(shape(text(NOTES, "Say more.")), kind=0x03F0)
    document = nest(0x03E8, listed(0, (2, 256, b"")), listed(2, (3, 700, b"")))
    said = slide(shape(text(OTHER, "words")), notes=700)
    assert read_sound(deck([document, said, notes])).text == "words\n\nNotes: Say more."


@pytest.mark.parametrize("placeholder", [7, 8, 9, 10])
def test_what_stands_on_every_slide_is_left_out(placeholder: int) -> None:
    repeated = shape(text(OTHER, "Confidential"), placeholder)
    filled_in = shape(text(OTHER, "*"))
    data = presentation(slide(repeated, filled_in, shape(text(OTHER, "Kept"))))
    assert read_sound(data).text == "Kept"


def test_comments_are_read() -> None:
    strings = (atom(0x0FBA, said.encode("utf-16-le"), n) for n, said in enumerate(("Ann", "Why?")))
    added = nest(0x1388, nest(0x138A, atom(0x138B, nest(0x2EE0, *strings))))
    assert read_sound(presentation(slide(after=added))).text == "Comment: Why?"


def test_later_edits_stand_before_earlier_ones() -> None:
    tree = streams(presentation(slide(shape(text(OTHER, "old")))))
    stream, user = bytearray(tree["PowerPoint Document"]), bytearray(tree["Current User"])
    (first,) = struct.unpack_from("<I", user, 16)
    new = slide(shape(text(OTHER, "new")))
    at = len(stream)
    places = atom(0x1772, struct.pack("<II", 1 << 20 | 2, at))
    stream += new + places
    numbers = (0, 0, first, at + len(new), 1, 0, 0)
    struct.pack_into("<I", user, 16, len(stream))
    stream += atom(0x0FF5, struct.pack("<7I", *numbers))
    data = container({"PowerPoint Document": bytes(stream), "Current User": bytes(user)})
    assert read_sound(data).text == "new"


def test_edits_that_come_before_themselves_end() -> None:
    document = nest(0x03E8, listed(0, (2, 256, b"")))
    assert read_sound(deck([document, slide(shape(text(4, "x")))], before=-1)).text == "x"


def test_slides_are_found_where_nothing_says_where_they_are() -> None:
    tree = {**streams(SLIDES), "Current User": bytes(20)}
    text_found = read_sound(container(tree)).text
    assert "Wheels\nStones" in text_found
    assert "grouped 水車" in text_found


def test_an_encrypted_presentation() -> None:
    document = nest(0x03E8, listed(0, (2, 256, b"")))
    with pytest.raises(ReadError) as caught:
        read(deck([document, slide()], encrypted=3), "a.ppt")
    assert caught.value.message == "The presentation is protected with a password."
    user = bytearray(streams(SLIDES)["Current User"])
    struct.pack_into("<I", user, 12, 0xF3D1C4DF)
    with pytest.raises(ReadError, match="protected with a password"):
        read(container({**streams(SLIDES), "Current User": bytes(user)}), "a.ppt")


def test_a_slide_listed_many_times_is_read_once() -> None:
    long = slide(shape(text(OTHER, "words " * 1000)))
    document = nest(0x03E8, listed(0, *((2, 256, b"") for _ in range(500))))
    assert len(read_sound(deck([document, long])).text) < 10_000


def test_an_outline_named_by_many_shapes_is_read_once() -> None:
    shapes = (shape(atom(0x0F9E, bytes(4))) for _ in range(500))
    document = nest(0x03E8, listed(0, (2, 256, text(BODY, "words " * 1000))))
    assert len(read_sound(deck([document, slide(*shapes)])).text) < 10_000


def test_groups_nested_without_end_are_survived() -> None:
    deep = shape(text(OTHER, "deep"))
    for _ in range(3000):
        deep = nest(0xF003, deep)
    with pytest.raises(ReadError, match="nested too deeply"):
        read(presentation(slide(deep)), "a.ppt")


@pytest.mark.parametrize(
    "data",
    [
        container({"PowerPoint Document": b"", "Current User": b""}),
        container({"PowerPoint Document": b"\xff" * 5000}),
        bytes(range(256)) * 9,
    ],
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(ReadError, match="The presentation is damaged or was cut off"):
        read(data, "a.ppt")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("testPPT_autodate.ppt", "Now"),
        ("testPPT_comment.ppt", "subtitle\n\nComment: I'm afraid I'm going to have to ask you"),
        ("testPPT_oleWorkbook.ppt", "MFL"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    path = OFFICE / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    assert said in read_sound(path.read_bytes(), name).text


def test_a_real_one_that_says_the_same_on_every_slide_only() -> None:
    path = OFFICE / "testPPT_masterFooter.ppt"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with pytest.raises(ReadError, match="holds no text"):
        read(path.read_bytes(), path.name)
