"""E-books: chapters, titles from the table of contents, and books that are not to be read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from test_readers import assert_sound

from indexer.readers import read
from indexer.readers.epub_package import Book
from search.errors import ReadError
from search.models import Document

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
PROSE = "The heron stands in the shallow water for an hour without moving. " * 5


def page(body: str) -> str:
    """A chapter as programs write it, with elements that HTML would not let be closed at once."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f'<head><title/><script src="a.js"/></head><body><a id="top"/>{body}</body></html>'
    )


def book(
    chapters: dict[str, str],
    toc: str = "",
    metadata: str = "",
    members: dict[str, str | bytes] | None = None,
) -> bytes:
    """An e-book with these chapters, by file name."""
    items = "".join(
        f'<item id="{name}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>{metadata}</metadata>'
        f'<manifest>{items}<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        f"</manifest><spine>{spine}</spine></package>"
    )
    ncx = f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{toc}</navMap></ncx>'
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": package,
        "OPS/toc.ncx": ncx,
        **{f"OPS/text/{name}": text for name, text in chapters.items()},
        **(members or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def point(title: str, target: str, inner: str = "") -> str:
    return (
        f"<navPoint><navLabel><text>{title}</text></navLabel>"
        f'<content src="text/{target}"/>{inner}</navPoint>'
    )


def trails(document: Document) -> list[str]:
    return [" > ".join(section.headings) for section in document.sections]


def test_chapters_in_the_order_of_the_spine_with_the_metadata() -> None:
    document = read(
        book(
            {"b.xhtml": page("<h1>One</h1><p>First.</p>"), "a.xhtml": page("<h1>Two</h1><p>x</p>")},
            metadata="<dc:title>The Heron</dc:title><dc:creator>Ann Lee</dc:creator>"
            "<dc:creator>Bo Ray</dc:creator><dc:date>2019-03-02T00:00:00Z</dc:date>"
            "<dc:language>en-GB</dc:language>",
        ),
        "book.epub",
    )
    assert_sound(document)
    assert document.text.split("\n\n") == ["One", "First.", "Two", "x"]
    assert (document.kind, document.title) == ("epub", "The Heron")
    assert (document.author, document.date, document.language) == (
        "Ann Lee, Bo Ray",
        "2019-03-02",
        "en",
    )


def test_a_chapter_without_a_heading_has_its_title_from_the_table_of_contents() -> None:
    toc = point("Chapter the First", "a.xhtml#top") + point("Second", "b.xhtml")
    chapters = {"a.xhtml": page(f"<p>{PROSE}</p>"), "b.xhtml": page("<h2>Its own</h2><p>x</p>")}
    document = read(book(chapters, toc), "a.epub")
    assert trails(document) == ["Chapter the First", "Its own"]


def test_headings_stand_as_deep_as_the_table_of_contents_says() -> None:
    inner = point("Waiting", "b.xhtml") + point("Fishing", "d.xhtml")
    toc = point("Part I", "a.xhtml", inner) + point("Part II", "e.xhtml")
    chapters = {
        "a.xhtml": page("<h1>Part I</h1>"),
        "b.xhtml": page("<h1>Waiting</h1><p>b</p><h2>Long</h2><p>l</p>"),
        "c.xhtml": page("<p>Goes on.</p>"),
        "d.xhtml": page("<h3>Fishing</h3><p>d</p>"),
        "e.xhtml": page("<h1>Part II</h1><p>e</p>"),
    }
    document = read(book(chapters, toc), "a.epub")
    assert trails(document) == [
        "Part I",
        "Part I > Waiting",
        "Part I > Waiting > Long",
        "Part I > Fishing",
        "Part II",
    ]
    assert "l\n\nGoes on." in document.text


def test_the_navigation_of_epub_3_names_chapters_and_is_no_text() -> None:
    nav = page(
        '<nav epub:type="toc" xmlns:epub="http://www.idpf.org/2007/ops"><ol><li>'
        '<a href="a.xhtml">From the nav</a></li></ol></nav>'
    )
    data = book({"nav.xhtml": nav, "a.xhtml": page(f"<p>{PROSE}</p>")})
    edited = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(edited, "w") as new:
        for name in old.namelist():
            mark = b'id="nav.xhtml"'
            new.writestr(name, old.read(name).replace(mark, mark + b' properties="nav"'))
    document = read(edited.getvalue(), "a.epub")
    assert trails(document) == ["From the nav"]
    assert document.text.count("From the nav") == 1


def test_page_numbers_of_the_printed_book_are_left_out() -> None:
    body = '<p>Before <span epub:type="pagebreak" id="p7">7</span>after.</p>'
    assert read(book({"a.xhtml": page(body)}), "a.epub").text == "Before after."


def test_a_book_without_its_package_is_read_in_the_order_of_its_files() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("2.html", page("<p>second</p>"))
        archive.writestr("1.html", page("<p>first</p>"))
    assert read(buffer.getvalue(), "a.epub").text == "first\n\nsecond"


def encryption(algorithm: str, target: str) -> dict[str, str | bytes]:
    return {
        "META-INF/encryption.xml": '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
        f'<enc:CipherReference URI="{target}"/></enc:CipherData></enc:EncryptedData></encryption>'
    }


def test_a_protected_book_is_refused_by_name() -> None:
    members = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OPS/text/a.xhtml")
    with pytest.raises(ReadError, match=r"protected against copying \(DRM\)"):
        read(book({"a.xhtml": page("<p>x</p>")}, members=members), "a.epub")


def test_hidden_fonts_do_not_matter() -> None:
    members = encryption("http://www.idpf.org/2008/embedding", "OPS/fonts/a.otf")
    assert read(book({"a.xhtml": page("<p>x</p>")}, members=members), "a.epub").text == "x"


def test_a_book_that_is_cut_off_or_lacks_chapters_is_refused() -> None:
    whole = book({"a.xhtml": page("<p>x</p>")})
    with pytest.raises(ReadError, match="cut off or damaged"):
        read(whole[:-30], "a.epub")
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if not name.endswith("a.xhtml"):
                new.writestr(name, old.read(name))
    with pytest.raises(ReadError, match="lacks all of its chapters"):
        read(buffer.getvalue(), "a.epub")


def test_a_chapter_that_unpacks_to_more_than_a_book_is_refused() -> None:
    with pytest.raises(ReadError, match="unpacks to more than any book"):
        read(book({"a.xhtml": " " * 51_000_000}), "a.epub")


def test_links_out_of_the_book_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xhtml"
    secret.write_text("<p>secret</p>")
    chapters = {"../../../../.." + str(secret): "", "a.xhtml": page("<p>x</p>")}
    assert read(book(chapters), "a.epub").text == "x"
    assert Book(book({})).file("../mimetype") is None


def test_entities_of_a_chapter_are_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    doctype = f'<!DOCTYPE package [<!ENTITY x SYSTEM "file://{secret}">]>'
    document = read(
        book(
            {"a.xhtml": doctype + page("<p>a &x; b</p>")},
            metadata="<dc:title>A &x; title</dc:title>",
        ),
        "a.epub",
    )
    assert "hidden" not in document.text + document.title
