"""RTF documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_readers import assert_sound

from indexer.readers import read
from indexer.readers.rtf import read as read_rtf
from search.errors import ReadError
from search.models import Document

HARD = Path(__file__).resolve().parents[2] / "shared" / "hard"
FONTS = (
    r"{\fonttbl{\f0\froman\fcharset0 Times;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Gothic;}}"
)


def rtf(body: str, head: str = "") -> bytes:
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{FONTS}{head} {body}}}".encode("latin-1")


def read_sound(body: str, head: str = "") -> Document:
    document = read(rtf(body, head), "a.rtf")
    assert_sound(document)
    assert document.kind == "rtf"
    return document


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(r"One\par Two\line three\par", "One\n\nTwo\nthree", id="paragraphs"),
        pytest.param("Fo\r\nur\\\nFive", "Four\n\nFive", id="line ends"),
        pytest.param(r"\'d6l\~und \'80 5\endash 6", "Öl und € 5–6", id="bytes and characters"),
        pytest.param(r"a \u8364?b\uc2\u8364\'3f?c", "a €b€c", id="Unicode with a replacement"),
        pytest.param(r"\u-10179?\u-8704?", "😀", id="a pair of surrogates"),
        pytest.param(r"\uc0\u55357 x", "x", id="half a pair"),
        pytest.param(r"{\f1\'cc\'e8\'f0} {\f0\'e4}", "Мир ä", id="encoding of the font"),
        pytest.param(r"{\f2\'93\'fa\'96\'7b}", "日本", id="two bytes a character"),
        pytest.param(r"\{a\\b\}", r"{a\b}", id="braces"),
        pytest.param(
            r"{\field{\*\fldinst HYPERLINK http://x}{\fldrslt a link}}", "a link", id="link"
        ),
        pytest.param(r"a{\*\unknown gone}b{\v hidden}c{\deleted cut}d", "abcd", id="left out"),
        pytest.param(
            r"{\header top}{\footer end}{\pict\pngblip 89504e47}{\xe\v Mill}text", "text",
            id="no text",
        ),
        pytest.param("a{\\pict\\bin5 }{}\\x}b", "ab", id="binary data"),
        pytest.param(
            r"Said{\footnote\pard By Ann.\par} so.\par Next.", "Said[1] so.\n\nBy Ann.\n\nNext.",
            id="footnote",
        ),
        pytest.param(
            r"box{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard inside\par}}}{\shprslt inside}"
            r"\par", "box\n\ninside", id="text box",
        ),
        pytest.param(
            r"{\listtext\'b7\tab}one\par{\pntext 2.\tab}two\par three", "• one\n\n• two\n\nthree",
            id="list",
        ),
        pytest.param(
            r"\trowd\intbl Code\cell Means\cell\row\intbl E1\cell no\par water\cell\row"
            r"\pard After.",
            "Code | Means\n\nE1 | no water\n\nAfter.", id="table",
        ),
        pytest.param(r"{\upr{gone}{\*\ud{kept}}}", "kept", id="in two encodings"),
        pytest.param(r"end}{\b after the end}", "end", id="after the end"),
        pytest.param(r"open {\b and not closed", "open and not closed", id="not closed"),
    ],
)  # fmt: skip
def test_text(body: str, expected: str) -> None:
    assert read_sound(body).text == expected


def test_headings_by_style_name_and_outline_level() -> None:
    styles = (
        r"{\stylesheet{\s0 Normal;}{\s1\b heading 1;}{\s2\outlinelevel1 Kop 2;}{\s5 Title;}"
        r"{\*\cs9 x;}}"
    )
    document = read_sound(
        r"\pard\s5 Of mills\par\pard\s1 Wheels\par\pard\s0{\b Bold.}\par\pard Text.\par"
        r"\pard\s2 Stones\par\pard More.\par\pard\outlinelevel1 Beams\par\pard End.",
        styles,
    )
    assert document.title == "Of mills"
    assert [
        (" > ".join(part.headings), document.text[part.body : part.end].strip().split("\n\n"))
        for part in document.sections
    ] == [
        ("Of mills", [""]),
        ("Of mills > Wheels", ["Bold.", "Text."]),
        ("Of mills > Wheels > Stones", ["More."]),
        ("Of mills > Wheels > Beams", ["End."]),
    ]


def test_bold_lines_are_headings_where_no_style_says_which_are() -> None:
    document = read_sound(r"{\b Opening}\par Text {\b with bold.}\par\plain\b Closing\b0\par End.")
    assert [section.headings for section in document.sections] == [("Opening",), ("Closing",)]


def test_properties() -> None:
    info = (
        r"{\info{\title M\'fchlen}{\author Anna \u321?}{\creatim\yr2003\mo4\dy1\hr9}"
        r"{\revtim\yr2004\mo12\dy24}}"
    )
    document = read_sound(r"Text.", info)
    given = (document.title, document.author, document.date)
    assert given == ("Mühlen", "Anna Ł", "2004-12-24")
    assert (
        read_sound("Text.", r"{\info{\author user}{\creatim\yr2003\mo4\dy1}}").date == "2003-04-01"
    )
    assert read_sound("Text.", r"{\info{\author user}}").author == ""


def test_what_is_no_rtf_is_refused() -> None:
    with pytest.raises(ReadError, match="no RTF document"):
        read(b"Dear all, this is plain text.", "a.rtf")
    with pytest.raises(ReadError):
        read(bytes(range(256)) * 9, "a.rtf")


def test_groups_nested_too_deeply_are_refused() -> None:
    with pytest.raises(ReadError, match="nested too deeply"):
        read(b"{\\rtf1 " + b"{" * 1_000_000, "a.rtf")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("testRTFWindowsCodepage1250.rtf", "zażółć gęślą jaźń"),
        ("testRTFListLibreOffice.rtf", "• two"),
        ("testRTFWithCurlyBraces.rtf", "{ some text inside curly brackets }"),
        ("testRTFHyperlink.rtf", "Thank you for using Microsoft® Office Outlook® 2003!"),
        ("testRTFTIKA_1713.rtf", "Part of bigger picture (to be developed)"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    path = HARD / "rtf" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    document = read_rtf(path.read_bytes(), name)
    assert_sound(document)
    assert said in document.text
