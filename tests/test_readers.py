"""The two doors of the readers: which kind a file is, and what every reader keeps to."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.readers import kind_of, read, worth_opening
from indexer.readers.formats import by_suffix
from search.errors import ReadError
from search.models import Document

ROOT = Path(__file__).resolve().parents[1]
NOISE = bytes(range(256)) * 8


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            # Always of the same day: the bytes name test cases, which must not change.
            place = zipfile.ZipInfo(name.replace("__", "/").replace("_xml", ".xml"))
            archive.writestr(place, text)
    return buffer.getvalue()


def assert_sound(document: Document) -> None:
    """Sections lie in order within the text, without overlap, and each holds its heading."""
    assert document.text.strip()
    document.text.encode("utf-8")
    end = 0
    for section in document.sections:
        assert end <= section.start <= section.body <= section.end <= len(document.text)
        assert not document.text[end : section.start].strip()
        end = section.end
        if section.body > section.start:
            assert section.headings
            heading = document.text[section.start : section.body].strip()
            assert heading[:100] == section.headings[-1][:100].removesuffix("…")[: len(heading)]
    assert not document.text[end:].strip()


def assert_says(path: Path, said: str) -> None:
    """A file that may not be there is read soundly, as what it is, and its text holds a line."""
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    data = path.read_bytes()
    document = read(data, path.name)
    assert_sound(document)
    assert document.kind == kind_of(data, path.name)
    assert said in document.text


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        pytest.param(b"%PDF-1.7\n", "report", "pdf", id="pdf by content"),
        pytest.param(b"%PDF-1.7\n", "report.txt", "pdf", id="pdf named txt"),
        pytest.param(b"\n" * 900 + b"%PDF-1.7\n", "a.bin", "pdf", id="pdf after blank lines"),
        pytest.param(b"junk %PDF-1.7 1 0 obj endobj", "a.pdf", "pdf", id="pdf after junk"),
        pytest.param(b"A header is %PDF-1.7, say.", "a.txt", "text", id="text about pdf"),
        pytest.param(zipped(word__document_xml="<x/>"), "a.zip", "docx", id="docx by content"),
        pytest.param(
            zipped(a_xml="%PDF-1.7 1 0 obj endobj"), "a.zip", "zip", id="pdf stored in a zip"
        ),
        pytest.param(zipped(word__document2_xml="<x/>"), "a", "docx", id="docx, odd main part"),
        pytest.param(zipped(xl__workbook_xml="<x/>"), "a.zip", "xlsx", id="xlsx by content"),
        pytest.param(zipped(a_xml="x")[:40], "a.docx", "docx", id="cut off docx"),
        pytest.param(zipped(a_xml="x")[:40], "a.zip", "zip", id="cut off zip"),
        pytest.param(zipped(a_xml="x")[:40], "a", None, id="cut off zip without name"),
        pytest.param(zipped(a_xml="x"), "a", "zip", id="zip by content"),
        pytest.param(zipped(mimetype="application/epub+zip"), "a.zip", "epub", id="epub"),
        pytest.param(gzip.compress(b"x"), "a.txt", "packed", id="gzip by content"),
        pytest.param(gzip.compress(b"x"), "a.tar.gz", "tar", id="packed tar by name"),
        pytest.param(bytes(257) + b"ustar\x0000", "a", "tar", id="tar by content"),
        pytest.param(b"From: a\nTo: b\nSubject: c\n\nwords", "a.txt", "mail", id="mail"),
        pytest.param(b"From a 1 Jun 2009\nTo: b\n\nwords", "a", "mbox", id="mailbox"),
        pytest.param(b"<!DOCTYPE html><p>x", "a.txt", "html", id="html named txt"),
        pytest.param(
            b"\xef\xbb\xbf \n<!-- c --><HTML lang=en>", "a", "html", id="html after comment"
        ),
        pytest.param(b'<?xml version="1.0"?><html>', "a.xml", "html", id="xhtml named xml"),
        pytest.param("<html>é".encode("utf-16"), "a", "html", id="html in utf-16"),
        pytest.param(b"<p>one<p>two", "a.htm", "html", id="html by suffix"),
        pytest.param(b"<p align=center>x</p>\n\n# T", "README.md", "markdown", id="md with tags"),
        pytest.param(b"<?xml version='1.0'?><svg/>", "a.svg", None, id="svg"),
        pytest.param(b"# T", "a.MD", "markdown", id="md, capital suffix"),
        pytest.param(b"T\n=", "a.rst", "rst", id="rst"),
        pytest.param(b"words", "a.log", "text", id="log"),
        pytest.param(b"words", "LICENSE", "text", id="no suffix"),
        pytest.param(b"words", "notes v1.2", "text", id="number instead of suffix"),
        pytest.param(b"words", ".profile", "text", id="dot file"),
        pytest.param(b"print()", "a.py", "code", id="code"),
        pytest.param(b'{"a": 1}', "a.json", "json", id="json"),
        pytest.param(b"{\\rtf1 x}", "a.txt", "rtf", id="rtf named txt"),
        pytest.param(b"words", "a.xyz", None, id="unknown suffix"),
        pytest.param(NOISE, "a.txt", None, id="noise named txt"),
        pytest.param(NOISE, "a", None, id="noise without suffix"),
        pytest.param(b"a\0b", "a.txt", None, id="NUL"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.md", None, id="picture"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "a.docx", None, id="old office"),
        pytest.param("wörds".encode("utf-16"), "a.txt", "text", id="utf-16"),
        pytest.param(
            "words without mark".encode("utf-32-le"), "a.txt", "text", id="utf-32, no mark"
        ),
        pytest.param(b"", "a.txt", "text", id="empty"),
    ],
)
def test_kind_is_told_by_content_first_and_suffix_second(
    data: bytes, name: str, kind: str | None
) -> None:
    assert kind_of(data, name) == kind
    assert kind_of(io.BytesIO(data), name) == kind


@pytest.mark.parametrize(
    ("name", "worth"),
    [("a.pdf", True), ("A.HTML", True), ("README", True), ("x.12", True), ("a.mp4", False)],
)
def test_names_say_what_is_worth_opening(name: str, worth: bool) -> None:
    assert worth_opening(name) is worth


def test_suffixes_are_lower_case_with_dot() -> None:
    assert {".pdf", ".docx", ".html", ".md", ".rst", ".txt"} <= set(by_suffix())
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in by_suffix())


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.pdf", "The file is empty."),
        (b" \n\t\n", "a.txt", "The file holds no text."),
        (b"<html><body><script>x</script></body></html>", "a.html", "The file holds no text."),
        (b"<!-- nothing -->\n", "a.md", "The file holds no text."),
        (b".. nothing\n", "a.rst", "The file holds no text."),
        (NOISE, "a.txt", "The file holds something else than text."),
        (b"a\0b", "a.md", "The file holds something else than text."),
        (b"x = 1\n", "a.xyz", "This kind of file is not read."),
        (zipped(a_xml="x"), "a.zip", "The archive holds other files."),
        (NOISE, "a.pdf", "The PDF is damaged or was cut off."),
        (NOISE, "a.docx", "The Word document is damaged or was cut off."),
        (b"%PDF-1.4\n1 0 obj\n", "a", "The PDF is damaged or was cut off."),
        (zipped(a_xml="x")[:40], "a.docx", "The Word document is damaged or was cut off."),
        (zipped(word__document_xml="<x"), "a", "The Word document is damaged or was cut off."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE,
            "a.docx",
            "The file is of an old kind that is not read, or damaged.",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(data: bytes, name: str, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read(data, name)
    assert caught.value.message == message


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError, AssertionError])
def test_any_exception_of_a_library_becomes_a_read_error(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(data: bytes, name: str) -> Document:
        raise error

    monkeypatch.setattr("indexer.readers.text.read", fail)
    with pytest.raises(ReadError, match="text file") as caught:
        read(b"words", "a.txt")
    assert isinstance(caught.value.__cause__, error)
    assert caught.value.remedy


def test_an_interrupt_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(data: bytes, name: str) -> Document:
        raise KeyboardInterrupt

    monkeypatch.setattr("indexer.readers.text.read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        read(b"words", "a.txt")


def test_importing_the_readers_imports_no_library() -> None:
    heavy = ["lxml", "docx", "docutils", "pypdf", "selectolax", "markdown_it", "charset_normalizer"]
    code = f"import sys, indexer.readers; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def read_or_refuse(data: bytes, name: str) -> Document | ReadError:
    try:
        return read(data, name)
    except ReadError as error:
        return error


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.4\n" + NOISE, "a.pdf"),
        (b".. nonsense::\n\n   *x\n\nTitle\n==\n\n:foo:`x`\n", "a.rst"),
        (b"<html><p>\xff\xfe\xfa<b>", "a.html"),
    ],
)
def test_readers_print_nothing(data: bytes, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert read_or_refuse(data, name)
    assert capfd.readouterr() == ("", "")


def test_a_page_of_ten_megabytes() -> None:
    paragraph = "<p>" + "Reed warblers weave <b>deep cups</b> among the stems. " * 40 + "</p>\n"
    page = "<html><title>Reeds</title><h1>Reeds</h1>" + paragraph * (10_000_000 // len(paragraph))
    document = read(page.encode(), "reeds.html")
    assert_sound(document)
    assert document.title == "Reeds"
    assert len(document.text) > 8_000_000


@pytest.mark.parametrize(
    ("markup", "name", "said"),
    [
        ("<div>" * 100_000 + "deep" + "</div>" * 100_000, "a.html", "deep"),
        ("<html>" + "<ul><li>" * 50_000 + "deep", "a.html", "• deep"),
        ("<html>" + "<b>" * 100_000 + "deep", "a.html", "deep"),
        ("<html>" + "<table><tr><td>" * 10_000 + "deep", "a.html", "deep"),
        ("<html>" + "<dl><dt>term<dd>" * 10_000 + "deep", "a.html", "deep"),
        ("<html><p>shown</p>" + "<select><option>" * 20_000, "a.html", "shown"),
        ("above\n\n" + "> " * 5_000 + "deep", "a.md", "above"),
        ("above\n\n" + "[" * 5_000 + "deep", "a.md", "above"),
        ("".join(" " * 2 * n + f"- item {n}\n\n" for n in range(300)), "a.rst", "item 299"),
    ],
)
def test_deep_nesting_is_survived(markup: str, name: str, said: str) -> None:
    document = read(markup.encode(), name)
    assert_sound(document)
    assert said in document.text


def test_a_long_run_of_spaces_takes_no_quadratic_time() -> None:
    assert read(b"<pre>" + b" " * 2_000_000 + b"x</pre>", "a.html").text.strip() == "x"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "a.html"])
def test_lone_surrogates_and_controls_are_dropped(name: str) -> None:
    data = "one \ud800two\x07 th\xadree".encode("utf-8", "surrogatepass")
    document = read(data, name)
    assert document.text == "one two three"


_NAMES = st.sampled_from(
    ["a", "a.txt", "a.md", "a.rst", "a.html", "a.pdf", "a.docx", "a.xyz", "\ud800.txt", ""]
)
_STARTS = st.sampled_from(
    [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"\xff\xfe", b"\xef\xbb\xbf", b"---\ntitle: x\n"]
)
_PIECES = (
    "<p>|</p>|<table>|<tr>|<td>|<ul>|<li>|<dl>|<dt class=sig>|<dd>|<h1>|</h1>|<pre>|</pre>"
    "|<div hidden>|</div>|<nav>|</nav>|<br>|<main>|<a href=x>|</a>|&amp;|\n|\n\n|# |- |1. |> |    "
    "|====\n|----\n|```\n|.. note:: |::\n\n|\f|.. function:: f(x)\n\n|:role:`x`|*|`|word |WORD\n\n"
    "|Term\n  text\n|+---+\n|\xa0|\u2028|é|語|\x07|\xad"
)
_MARKUP = st.lists(
    st.sampled_from([*_PIECES.split("|"), "| a | b |\n", "|---|---|\n"]), max_size=40
).map(lambda pieces: "".join(pieces).encode())


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=_STARTS, rest=st.binary(max_size=400) | _MARKUP, name=_NAMES)
def test_anything_gives_a_sound_document_or_a_read_error(
    start: bytes, rest: bytes, name: str
) -> None:
    kind = kind_of(start + rest, name)
    result = read_or_refuse(start + rest, name)
    if isinstance(result, Document):
        assert_sound(result)
        assert result.kind == kind
    else:
        assert result.message.endswith(".")
        # These readers have no library that may fail; an exception would be our own mistake.
        assert kind in (None, "docx", "pdf") or result.__cause__ is None
