"""SubRip and WebVTT: what is said and when."""

from __future__ import annotations

import pytest
from test_readers import assert_sound

from indexer.readers import read
from search.models import Document


def read_as(name: str, text: str) -> Document:
    document = read(text.encode(), name)
    assert_sound(document)
    return document


def test_cues_are_put_together_by_the_minute() -> None:
    cues = "\n\n".join(
        f"{n}\n00:0{n // 6}:{n % 6}0,500 --> 00:0{n // 6}:{n % 6}5,000\nSentence {n},\nends."
        for n in range(14)
    )
    document = read_as("a.srt", cues)
    assert [section.place for section in document.sections] == [
        "00:00:00–00:00:55",
        "00:01:00–00:01:55",
        "00:02:00–00:02:15",
    ]
    assert document.text.split("\n\n")[2] == "Sentence 12, ends. Sentence 13, ends."


def test_much_talk_makes_shorter_places() -> None:
    cues = "\n\n".join(
        f"00:00:{n:02d},000 --> 00:00:{n:02d},900\nNumber {n} " + "word " * 60 for n in range(9)
    )
    assert all(len(block) < 1_200 for block in read_as("a.srt", cues).text.split("\n\n"))


def test_webvtt_speakers_stay_and_tags_styles_notes_and_names_go() -> None:
    document = read_as(
        "a.vtt",
        "WEBVTT - A talk\nLanguage: de-CH\n\nSTYLE\n::cue {color: red}\n\nNOTE not\nthis\n\n"
        "intro\n00:01.000 --> 00:04.000 line:1\n<v.loud Fred>Tom &amp; <i>Ann</i> &lt;b&gt;\n\n"
        "00:04.000 --> 00:06.000\n<v Ann>No<00:05.000><c> more</c>\n",
    )
    assert document.text == "Fred: Tom & Ann <b>\nAnn: No more"
    assert (document.title, document.language) == ("A talk", "de")
    assert document.sections[0].place == "00:00:01–00:00:06"


def test_what_only_stays_on_the_screen_is_said_once() -> None:
    document = read_as(
        "a.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nfirst\n\n00:02.000 --> 00:03.000\nfirst\nsecond\n\n"
        "00:03.000 --> 00:04.000\nsecond\n",
    )
    assert document.text == "first second"


def test_numbers_that_are_said_are_kept() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nHow many?\n\n2\n00:00:02,000 --> 00:00:03,000\n42\n"
    assert read_as("a.srt", text).text == "How many? 42"


@pytest.mark.parametrize("text", ["{1}{20}Hello there", "WEBVTT\n\nno times at all"])
def test_without_times_it_is_plain_text(text: str) -> None:
    assert text.split()[-1] in read_as("a.srt", text).text


def test_blank_lines_and_formatting_of_subrip() -> None:
    text = "1\r\n0:0:1,0 --> 0:0:2,5 X1:1\r\n{\\an8}<font color=red>One</font>\r\n\r\n\r\n- Two\r\n"
    assert read_as("a.srt", text).text == "One\n- Two"
