"""Plain text: encodings, paragraphs, lists, headings, pages."""

from __future__ import annotations

import pytest

from indexer.readers import read
from search.models import Document

Outline = list[tuple[int | None, str, str]]


def outline(document: Document) -> Outline:
    """Each section as its page, its heading trail and its body."""
    return [
        (part.page, " > ".join(part.headings), document.text[part.body : part.end].strip())
        for part in document.sections
    ]


def read_text(text: str) -> Document:
    return read(text.encode(), "a.txt")


PROSE = (
    "The lock keeper at Ashby opens the upper gates at six in the morning and\n"
    "closes them when the last barge of the evening has gone through, which in\n"
    "summer may well be after ten.\n"
)
JOINED = " ".join(PROSE.split())


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        pytest.param(PROSE + "\n" + PROSE, [JOINED, JOINED], id="paragraphs"),
        pytest.param(PROSE.replace("\n", "\r\n"), [JOINED], id="other line ends"),
        pytest.param(
            "Bring with you:\n- a lamp,\n- two ropes of the length\n  given below\n* boots",
            ["Bring with you:", "• a lamp,", "• two ropes of the length given below", "• boots"],
            id="list after its introduction",
        ),
        pytest.param(
            "1. Shut the valve.\n2. Wait.\n\n3) Open it.",
            ["1. Shut the valve.", "2. Wait.", "3) Open it."],
            id="numbered list",
        ),
        pytest.param(
            "O lady moon, your horns point\n  toward the east:\nShine, be increased;",
            ["O lady moon, your horns point\n  toward the east:\nShine, be increased;"],
            id="verse",
        ),
        pytest.param(
            "    if dry:\n        water()\n    else:\n        wait()",
            ["if dry:\n    water()\nelse:\n    wait()"],
            id="code",
        ),
        pytest.param(
            "oats     500 g\nhoney    120 g\nwalnuts  80 g",
            ["oats     500 g\nhoney    120 g\nwalnuts  80 g"],
            id="columns",
        ),
        pytest.param(
            "long words " * 14 + "end.\nA short paragraph.",
            [("long words " * 14 + "end."), "A short paragraph."],
            id="a paragraph a line",
        ),
        pytest.param("-----\n\nonly this.\n\n* * *", ["only this."], id="drawn lines"),
        pytest.param(
            "A. N. Other wrote this as one long sentence that had to be broken by hand,\n"
            "and nobody should take the initial for the number of an item in a list.",
            [
                "A. N. Other wrote this as one long sentence that had to be broken by hand, and"
                " nobody should take the initial for the number of an item in a list."
            ],
            id="initial",
        ),
        pytest.param(
            "The committee has met twice in this year to talk about the very well-\n"
            "known troubles with the roof, and it will meet again before the winter.",
            [
                "The committee has met twice in this year to talk about the very well-known"
                " troubles with the roof, and it will meet again before the winter."
            ],
            id="hyphen at the line end",
        ),
    ],
)
def test_blocks(text: str, blocks: list[str]) -> None:
    document = read_text(text)
    assert document.text.split("\n\n") == blocks
    assert document.title == ""
    assert document.pages is None


@pytest.mark.parametrize(
    ("text", "title", "sections"),
    [
        pytest.param(
            f"The lock\n\n{PROSE}", "The lock", [(None, "The lock", JOINED)], id="line alone"
        ),
        pytest.param(
            f"The lock\n========\n{PROSE}",
            "The lock",
            [(None, "The lock", JOINED)],
            id="underlined",
        ),
        pytest.param(
            f"THE LOCK\nby Ann Reeve\n\n{PROSE}",
            "THE LOCK",
            [(None, "THE LOCK", f"by Ann Reeve\n\n{JOINED}")],
            id="title with author",
        ),
        pytest.param(
            f"Dear Sir,\n\n{PROSE}", "", [(None, "", f"Dear Sir,\n\n{JOINED}")], id="letter"
        ),
        pytest.param(PROSE, "", [(None, "", JOINED)], id="prose"),
        pytest.param("One line", "", [(None, "", "One line")], id="nothing below"),
    ],
)
def test_titles(text: str, title: str, sections: Outline) -> None:
    document = read_text(text)
    assert document.title == title
    assert outline(document) == sections


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        pytest.param(
            f"{PROSE}\nWINTER HOURS\n\n{PROSE}\nWHERE TO ASK?\n\n{PROSE}",
            [
                (None, "", JOINED),
                (None, "WINTER HOURS", JOINED),
                (None, "WHERE TO ASK?", JOINED),
            ],
            id="capitals",
        ),
        pytest.param(
            f"{PROSE}\nHours\n=====\n{PROSE}\nIn winter\n---------\n\n{PROSE}",
            [(None, "", JOINED), (None, "Hours", JOINED), (None, "Hours > In winter", JOINED)],
            id="underlined",
        ),
        pytest.param(
            f"{PROSE}\n1 Hours\n\n{PROSE}\n1.1 In winter\n\n{PROSE}\n2. Tolls\n\n{PROSE}",
            [
                (None, "", JOINED),
                (None, "1 Hours", JOINED),
                (None, "1 Hours > 1.1 In winter", JOINED),
                (None, "2. Tolls", JOINED),
            ],
            id="numbered",
        ),
        pytest.param(
            f"{PROSE}\n\nOf hours\n\n{PROSE}\n\nOf tolls\n\n{PROSE}",
            [(None, "", JOINED), (None, "Of hours", JOINED), (None, "Of tolls", JOINED)],
            id="set apart",
        ),
        pytest.param(
            f"{PROSE}\n3 May\n{PROSE}\n14 June\n{PROSE}\n2 July\n{PROSE}\n30 July\nNothing.",
            [
                (None, "", JOINED),
                (None, "3 May", JOINED),
                (None, "14 June", JOINED),
                (None, "2 July", JOINED),
                (None, "30 July", "Nothing."),
            ],
            id="captions of a diary",
        ),
    ],
)
def test_headings(text: str, sections: Outline) -> None:
    assert outline(read_text(text)) == sections


def test_form_feeds_part_pages_only_within_the_text() -> None:
    document = read_text(f"\f{PROSE}\fSecond page.\f")
    assert outline(document) == [(1, "", JOINED), (2, "", "Second page.")]
    assert document.pages == 2
    assert read_text(f"{PROSE}\f\n").pages is None


def test_headers_and_footers_of_pages_are_left_out() -> None:
    pages = [f"Lock rules\n\nText {word}.\n\n[Page {n}]" for n, word in enumerate("abcd", 1)]
    document = read_text("\f".join(pages))
    assert outline(document) == [(n, "", f"Text {word}.") for n, word in enumerate("abcd", 1)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus der Höhe, schön wär’s.", "utf-8"),
        ("Grüße aus der Höhe, schön wär’s.", "utf-8-sig"),
        ("Grüße aus der Höhe, schön wär’s.", "utf-16"),
        ("Grüße aus der Höhe, schön wär’s.", "utf-16-be"),
        ("Grüße aus der Höhe, schön wär’s.", "utf-32"),
        ("Grüße aus der Höhe, schön wär’s.", "utf-32-le"),
        ("Grüße aus der Höhe, schön wär’s.", "cp1252"),
        ("El niño comió una piñata mañana por la mañana.", "cp1252"),
        ("Året var godt; blåbær og rødgrød.", "latin-1"),
        ("It costs £5 or €6 – “cheap”, they say.", "cp1252"),
        (
            "Tegnap este a fiú elment a boltba, hogy vegyen egy üveg tejet és két kiló almát, de a"
            " bolt már zárva volt. Az őszi eső egész éjjel verte az ablakot, a szél süvített.",
            "cp1250",
        ),
        ("Сегодня утром в городе было очень тихо, и снег лежал на крышах домов.", "cp1251"),
        ("Сегодня утром в городе было очень тихо, и снег лежал на крышах домов.", "koi8-r"),
        ("Η θάλασσα ήταν ήσυχη και τα καράβια έμπαιναν στο λιμάνι το πρωί.", "cp1253"),
        ("今日は朝から雨が降っていたので、傘を持って駅まで歩きました。", "shift_jis"),
        (
            "今日は朝から雨が降っていたので、傘を持って駅まで歩きました。電車はとても混んでいて、"
            "座ることができませんでした。",
            "euc_jp",
        ),
        ("今日は朝から雨が降っていたので、傘を持って駅まで歩きました。", "iso2022_jp"),
        ("今天早上下雨，所以我带着伞走到车站，路上的人很少。", "gb18030"),
        ("1. 今天早上下雨。2. 我带着伞走到车站，路上的人很少。", "utf-16-le"),
        ("오늘 아침에 비가 와서 우산을 들고 역까지 걸어갔습니다.", "euc_kr"),
    ],
)
def test_encodings(text: str, encoding: str) -> None:
    assert read(text.encode(encoding), "a.txt").text == text


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    data = ("Grüße, " * 40).encode() + b"\xff end"
    assert read(data, "a.txt").text == "Grüße, " * 40 + "\ufffd end"
