"""XML: the common vocabularies, feeds, data, and files that are broken or hostile."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_readers import assert_sound

from indexer.readers import read
from search.models import Document

DOCBOOK = """\
<?xml version="1.0"?><!DOCTYPE book [<!ENTITY prod "Frobnicator">]>
<book xmlns="http://docbook.org/ns/docbook" xml:lang="de-AT">
<info><title>The &prod; Book</title><author><personname><firstname>Ann</firstname>
<surname>Lee</surname></personname><affiliation><orgname>X</orgname></affiliation></author>
<pubdate>2020-03-04</pubdate><releaseinfo>not this</releaseinfo>
<abstract><para>In short.</para></abstract></info>
<chapter><title>Start</title>
<para>Use <emphasis>the</emphasis> &prod; now.
<itemizedlist><listitem><para>one</para></listitem><listitem><para>two</para></listitem>
</itemizedlist> After.</para>
<section><title>Deep</title><programlisting>a
  b</programlisting>
<table><title>Codes</title><tgroup><tbody><row><entry>1</entry><entry>x</entry></row></tbody>
</tgroup></table></section></chapter>
<chapter><title>Last</title><para>The end.</para></chapter></book>
"""


def read_as(text: str) -> Document:
    document = read(text.encode(), "a.xml")
    assert_sound(document)
    return document


def outline(document: Document) -> list[tuple[str, list[str]]]:
    return [
        (" > ".join(part.headings), document.text[part.body : part.end].strip().split("\n\n"))
        for part in document.sections
    ]


def test_docbook() -> None:
    document = read_as(DOCBOOK)
    assert outline(document) == [
        ("The Frobnicator Book", ["In short."]),
        (
            "The Frobnicator Book > Start",
            ["Use the Frobnicator now.", "• one", "• two", "After."],
        ),
        ("The Frobnicator Book > Start > Deep", ["a\n  b", "Codes", "1 | x"]),
        ("The Frobnicator Book > Last", ["The end."]),
    ]
    assert (document.title, document.author) == ("The Frobnicator Book", "Ann Lee")
    assert (document.date, document.language) == ("2020-03-04", "de")


def test_prefixes_that_are_declared_nowhere_do_no_harm() -> None:
    document = read_as(
        '<list><a:item b="1">upper mill</a:item><a:row c="2"><d>x</d></a:row></list>'
    )
    assert "upper mill" in document.text


def test_outlines_say_what_their_attributes_say() -> None:
    document = read_as(
        """<opml version="2.0"><head><title>My feeds</title><ownerName>Ann Lee</ownerName>
        <dateModified>Sun, 30 Jun 2024 10:00:00 GMT</dateModified><windowTop>61</windowTop></head>
        <body><outline text="News"><outline text="Mills" title="Mills" type="rss"
        xmlUrl="http://x.org/rss"/></outline><outline text="Dam" _note="leaks"/></body></opml>"""
    )
    assert outline(document) == [("My feeds", ["• News", "• Mills", "• Dam leaks"])]
    assert (document.author, document.date) == ("Ann Lee", "2024-06-30")


def test_maps_of_dita_say_what_they_lead_to() -> None:
    document = read(
        b"""<map><title>Manual</title><topicref href="a.dita" navtitle="Mills">
        <topicref href="b.dita"><topicmeta><navtitle>Wheels</navtitle></topicmeta></topicref>
        </topicref></map>""",
        "a.ditamap",
    )
    assert outline(document) == [("Manual", ["• Mills", "• Wheels"])]


def test_tei_without_its_header() -> None:
    document = read_as(
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Letters'
        '</title><author>Bo Ray</author></titleStmt><publicationStmt><date when="1890-05">May'
        "</date><p>Licence</p></publicationStmt></fileDesc></teiHeader><text><body><div>"
        "<head>First</head><p>Dear <hi>friend</hi>,</p></div><div><head>Second</head><p>Yours</p>"
        "</div></body></text></TEI>"
    )
    assert outline(document) == [("First", ["Dear friend,"]), ("Second", ["Yours"])]
    assert (document.title, document.author, document.date) == ("Letters", "Bo Ray", "1890-05")


def test_a_feed_has_its_entries_as_headings_and_their_markup_read() -> None:
    document = read_as(
        "<rss><channel><title>News</title><link>http://n.example</link><language>fr</language>"
        "<item><pubDate>Mon, 2 May 2022 10:00:00 GMT</pubDate><guid>77</guid><title>Heron seen"
        "</title><description>&lt;p&gt;By the &lt;b&gt;pond&lt;/b&gt;.&lt;/p&gt;</description>"
        "</item></channel></rss>"
    )
    assert document.sections[-1].headings == ("News", "Heron seen")
    assert "By the pond." in document.text
    assert "<" not in document.text
    assert "77" not in document.text
    assert (document.title, document.language) == ("News", "fr")


def test_an_entry_in_xhtml_keeps_its_text() -> None:
    document = read_as(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Log</title><entry><author><name>Ann'
        '</name></author><title>One</title><content type="xhtml"><div xmlns='
        '"http://www.w3.org/1999/xhtml"><p>By <i>the</i> pond.</p></div></content></entry></feed>'
    )
    assert outline(document)[-1] == ("Log > One", ["name: Ann", "By the pond."])


def test_data_keeps_the_names_of_its_elements_and_attributes() -> None:
    document = read_as(
        '<birds><bird id="7"><name>Heron</name><legs>2</legs></bird>'
        '<bird id="8"><name>Egret</name></bird><seen place="pond"/></birds>'
    )
    assert document.text.split("\n\n") == [
        "bird: id 7\nname: Heron\nlegs: 2",
        "bird: id 8\nname: Egret",
        "seen: place pond",
    ]


def test_words_in_attributes_of_prose_are_kept() -> None:
    text = '<article><para>See <img alt="a heron"/> there.</para></article>'
    assert read_as(text).text == "See a heron there."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a><b>one & two</b><c>three</d><e>four</a> five", "one two three four five"),
        ("<article><para>caf&eacute; &nbsp;x</para></article>", "café x"),
        ("no markup at all", "no markup at all"),
        ("<a><b>cut o", "cut o"),
        ("<a><![CDATA[1 < 2]]><b></a>", "1 < 2"),
    ],
)
def test_broken_xml_gives_its_words(text: str, words: str) -> None:
    found = read_as(text).text
    assert all(word in found for word in words.split())


def test_what_is_usually_left_out_is_read_if_there_is_nothing_else() -> None:
    document = read_as("<TEI><teiHeader><title>Only a header</title></teiHeader></TEI>")
    assert document.text == "Only a header"


def test_entities_are_neither_fetched_nor_blown_up(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    fetched = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>one &x; two</a>'
    assert "hidden" not in read_as(fetched).text
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "lol">{entities}]><a>one &e12; two</a>'
    assert len(read_as(bomb).text) < 100


@pytest.mark.timeout(30)
def test_many_entities_and_deep_nesting_take_no_time() -> None:
    assert read_as("<a>x" + "&nbsp;" * 100_000 + "y</a>").text == "x y"
    assert "words" in read_as("<a>" * 100_000 + "words" + "</a>" * 100_000).text
