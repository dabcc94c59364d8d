"""The pieces that pages are put together from."""

from web_site import parsed

from search.models import Document, Section, Span
from search.rows import DocumentRow
from web import layout
from web.catalogue import texts_in
from web.markup import marked, paragraphs
from web.titles import title_of
from web.wording import breadcrumbs, duration, plural


def test_paragraphs_keep_the_text_to_the_character():
    text = "\n\nA & b\n  <i>\n\n\n\n    code\n\nend\n"
    html = paragraphs(text, "text", [Span(text.index("code"), text.index("code") + 4)])
    assert parsed(f"<div>{html}</div>").text == text
    assert "<mark>code</mark>" in html
    assert "&lt;i&gt;" in html


def test_marks_are_put_around_spans_and_all_is_escaped():
    assert marked("<a> & b", [Span(1, 2), Span(6, 7)]) == (
        "&lt;<mark>a</mark>&gt; &amp; <mark>b</mark>"
    )


def test_contents_drop_the_deepest_headings_first():
    sections = [
        Section(at, at + 1, at + 2, ("top",) if at % 20 == 0 else ("top", f"deep {at}"))
        for at in range(0, 2000, 2)
    ]
    document = Document("", "text", "x" * 2000, tuple(sections))
    entries = layout.contents(document, "other", [Span(0, 2000)])
    assert {entry.depth for entry in entries} == {0}
    assert len(entries) == 100


def test_a_document_without_title_is_called_after_its_file(tmp_path):
    document = Document("", "text", "x", ())
    assert title_of(DocumentRow(1, (tmp_path / "a b.txt",), b"", document, ())) == "a b.txt"
    assert title_of(DocumentRow(1, (), b"", document, ())) == "Untitled"


def test_words_for_numbers_and_paths():
    assert [plural(n, "page") for n in (0, 1, 1234)] == ["0 pages", "1 page", "1,234 pages"]
    assert [duration(ms, texts_in("en")) for ms in (0.2, 12.4, 999.4, 999.6, 12_345)] == [
        "1 ms", "12 ms", "999 ms", "1 s", "12.3 s",
    ]  # fmt: skip
    assert breadcrumbs("/a/b/c/d.txt", ["/a", "/a/b", "/x"]) == ("b", "c", "d.txt")
    assert breadcrumbs("/a/b.txt", ["/a/b.txt"]) == ("b.txt",)
    assert breadcrumbs("/ab/c.txt", ["/a"]) == ("c.txt",)
    assert breadcrumbs("/c.txt", ["/"]) == ("c.txt",)
