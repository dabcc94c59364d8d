"""Word documents."""

from __future__ import annotations

import datetime
import io
import zipfile

import docx
import pytest
from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from indexer.readers import read
from search.errors import ReadError
from search.models import Document


def saved(word: Word) -> bytes:
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def new_word() -> Word:
    word = docx.Document()
    word.core_properties.title = ""
    return word


def outline(document: Document) -> list[tuple[str, list[str]]]:
    """Each section as its heading trail and its blocks."""
    assert document.pages is None
    assert all(section.page is None for section in document.sections)
    return [
        (" > ".join(part.headings), document.text[part.body : part.end].strip("\n").split("\n\n"))
        for part in document.sections
    ]


def add_xml(word: Word, xml: str) -> None:
    """Add a body element, given as XML with the prefix w."""
    wrapped = f"<w:body {nsdecls('w', 'wp', 'a')}>{xml}</w:body>"
    section = word.element.body.find(qn("w:sectPr"))
    for element in list(parse_xml(wrapped)):
        section.addprevious(element)


def blocks_of_xml(xml: str) -> list[str]:
    word = new_word()
    add_xml(word, xml)
    return read(saved(word), "a.docx").text.split("\n\n")


def changed(data: bytes, member: str, old: str, new: str) -> bytes:
    """A zip file with some text of one member replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == member:
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            target.writestr(name, content)
    return buffer.getvalue()


def test_headings_paragraphs_lists_and_tables_in_order() -> None:
    word = new_word()
    word.add_heading("The mill", 0)
    word.add_paragraph("Before.")
    word.add_heading("Wheels", 1)
    word.add_paragraph("one", style="List Bullet")
    word.add_paragraph("two", style="List Number")
    table = word.add_table(2, 2)
    for cell, text in zip(table._cells, ["Code", "Means", "E1", "no\nwater"], strict=True):
        cell.text = text
    word.add_heading("Stones", 2)
    word.add_paragraph("After.").add_run().add_break()
    document = read(saved(word), "a.docx")
    assert document.title == "The mill"
    assert outline(document) == [
        ("The mill", ["Before."]),
        ("The mill > Wheels", ["• one", "• two", "Code | Means", "E1 | no water"]),
        ("The mill > Wheels > Stones", ["After."]),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("The mill by the weir", "The mill by the weir"),
        ("mill.docx", "Heading"),
        ("Microsoft Word - mill", "Heading"),
        ("Untitled 3", "Heading"),
        ("", "Heading"),
    ],
)
def test_titles(given: str, expected: str) -> None:
    word = new_word()
    word.core_properties.title = given
    word.add_heading("Heading", 1)
    word.add_paragraph("Text.")
    assert read(saved(word), "a.docx").title == expected


def test_a_document_without_properties_has_no_made_up_title() -> None:
    word = new_word()
    word.add_paragraph("Text.")
    data = changed(saved(word), "_rels/.rels", "core-properties", "other-properties")
    assert read(data, "a.docx").title == ""


def test_author_date_and_language_come_from_the_properties() -> None:
    word = new_word()
    word.add_paragraph("Text.")
    word.core_properties.author = "Anna Müller"
    word.core_properties.created = datetime.datetime(2022, 1, 2, tzinfo=datetime.UTC)
    word.core_properties.modified = datetime.datetime(2023, 4, 5, tzinfo=datetime.UTC)
    word.core_properties.language = "de-AT"
    document = read(saved(word), "a.docx")
    assert (document.author, document.date, document.language) == (
        "Anna Müller",
        "2023-04-05",
        "de",
    )


def test_a_program_is_no_author() -> None:
    word = new_word()
    word.add_paragraph("Text.")
    assert word.core_properties.author == "python-docx"
    assert read(saved(word), "a.docx").author == ""


def test_damaged_properties_do_not_keep_a_document_from_being_read() -> None:
    word = new_word()
    word.add_paragraph("Text.")
    data = changed(saved(word), "docProps/core.xml", "</cp:coreProperties>", "")
    document = read(data, "a.docx")
    assert (document.text, document.author, document.date) == ("Text.", "", "")


@pytest.mark.parametrize("name", ["Überschrift 2", "Titre 2", "Заголовок 2", "標題 2"])
def test_headings_with_names_in_other_languages(name: str) -> None:
    word = new_word()
    word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    word.add_heading("Above", 1)
    word.add_paragraph("Below", style=name)
    word.add_paragraph("Text.")
    assert outline(read(saved(word), "a.docx")) == [("Above", [""]), ("Above > Below", ["Text."])]


def test_headings_by_outline_level_and_by_the_style_they_are_based_on() -> None:
    word = new_word()
    based = word.styles.add_style("My own", WD_STYLE_TYPE.PARAGRAPH)
    based.base_style = word.styles["Heading 1"]
    word.add_paragraph("First", style=based)
    add_xml(word, "<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr><w:r><w:t>Second</w:t></w:r></w:p>")
    word.add_paragraph("Text.")
    assert outline(read(saved(word), "a.docx")) == [("First", [""]), ("First > Second", ["Text."])]


def test_bold_lines_are_headings_where_no_style_says_which_are() -> None:
    word = new_word()
    for heading in ("Opening", "Closing"):
        word.add_paragraph().add_run(heading).bold = True
        word.add_paragraph("Text ").add_run("with bold.").bold = True
    assert outline(read(saved(word), "a.docx")) == [
        ("Opening", ["Text with bold."]),
        ("Closing", ["Text with bold."]),
    ]


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        pytest.param(
            "<w:p><w:r><w:t>one</w:t></w:r><w:del w:id='1'><w:r><w:delText>gone</w:delText></w:r>"
            "</w:del><w:ins w:id='2'><w:r><w:t xml:space='preserve'> two</w:t></w:r></w:ins></w:p>",
            ["one two"],
            id="tracked changes",
        ),
        pytest.param(
            "<w:p><w:pPr><w:rPr><w:del w:id='1'/></w:rPr></w:pPr><w:del w:id='2'><w:r><w:delText>"
            "gone</w:delText></w:r></w:del></w:p><w:p><w:ins w:id='4'><w:r><w:t>new</w:t></w:r>"
            "<w:del w:id='5'><w:r><w:delText>and gone</w:delText></w:r></w:del></w:ins></w:p>"
            "<w:tbl><w:tr><w:trPr><w:ins w:id='6'/></w:trPr><w:tc><w:p><w:ins w:id='7'><w:r>"
            "<w:t>row</w:t></w:r></w:ins></w:p></w:tc></w:tr></w:tbl>",
            ["new", "row"],
            id="tracked paragraphs and rows",
        ),
        pytest.param(
            "<w:p><w:moveFrom w:id='1'><w:r><w:t>old</w:t></w:r></w:moveFrom>"
            "<w:moveTo w:id='2'><w:r><w:t>new</w:t></w:r></w:moveTo></w:p>",
            ["new"],
            id="moved text",
        ),
        pytest.param(
            "<w:p><w:hyperlink><w:r><w:t>a link</w:t></w:r></w:hyperlink></w:p>", ["a link"],
            id="link",
        ),
        pytest.param(
            "<w:sdt><w:sdtContent><w:p><w:r><w:t>within</w:t></w:r></w:p></w:sdtContent></w:sdt>",
            ["within"],
            id="content control",
        ),
        pytest.param(
            "<w:p><w:r><w:t>box</w:t></w:r><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>inside</w:t>"
            "</w:r></w:p></w:txbxContent></w:pict></w:r></w:p>",
            ["box", "inside"],
            id="text box",
        ),
        pytest.param(
            "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/>"
            "<w:t>d</w:t></w:r></w:p>",
            ["a b\nc-d"],
            id="tabs and breaks",
        ),
        pytest.param(
            "<w:p><w:r><w:fldChar w:fldCharType='begin'/><w:instrText>PAGEREF x</w:instrText>"
            "<w:t>12</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>",
            ["12"],
            id="fields and hidden text",
        ),
        pytest.param(
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>left</w:t></w:r></w:p></w:tc><w:tc><w:tbl><w:tr><w:tc>"
            "<w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc>"
            "</w:tr></w:tbl><w:p/></w:tc></w:tr></w:tbl>",
            ["left", "a | b"],
            id="table in a table",
        ),
        pytest.param(
            "<w:tbl><w:tr><w:trPr><w:del w:id='1'/></w:trPr><w:tc><w:p><w:r><w:t>gone</w:t></w:r>"
            "</w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>alone</w:t></w:r></w:p></w:tc></w:tr>"
            "</w:tbl>",
            ["alone"],
            id="deleted row",
        ),
    ],
)  # fmt: skip
def test_text_wherever_it_stands(xml: str, expected: list[str]) -> None:
    assert blocks_of_xml(xml) == expected


def test_footnotes_follow_their_paragraph() -> None:
    word = new_word()
    add_xml(
        word,
        "<w:p><w:r><w:t>Said</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
        "<w:p><w:r><w:t>Next.</w:t></w:r></w:p>",
    )
    notes = (
        f"<w:footnotes {nsdecls('w')}><w:footnote w:id='2'><w:p><w:r><w:t>By Ann.</w:t></w:r></w:p>"
        "</w:footnote></w:footnotes>"
    )
    base = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    part = docx.opc.part.Part(
        docx.opc.packuri.PackURI("/word/footnotes.xml"), f"{base}.footnotes+xml", notes.encode()
    )
    word.part.relate_to(part, relation)
    assert read(saved(word), "a.docx").text == "Said[2]\n\nBy Ann.\n\nNext."


def test_a_table_of_contents_is_left_out() -> None:
    word = new_word()
    word.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    word.add_paragraph("Wheels\t7", style="toc 1")
    word.add_paragraph("Text.")
    assert read(saved(word), "a.docx").text == "Text."


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
        "application/vnd.ms-word.document.macroEnabled.main+xml",
    ],
)
def test_templates_and_documents_with_macros(content_type: str) -> None:
    word = new_word()
    word.add_paragraph("Text.")
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    data = changed(saved(word), "[Content_Types].xml", main, content_type)
    assert read(data, "a.docm").text == "Text."


def test_entities_are_not_resolved() -> None:
    word = new_word()
    word.add_paragraph("TEXT")
    data = changed(saved(word), "word/document.xml", "TEXT", "&amp;a;&a;b")
    data = changed(
        data,
        "word/document.xml",
        "<w:document",
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><w:document',
    )
    assert read(data, "a.docx").text == "&a;"


@pytest.mark.parametrize(
    ("size", "declared"), [(70 * 2**20, None), (10, 600 * 2**20)], ids=["ratio", "size"]
)
def test_zip_bombs_are_refused(size: int, declared: int | None) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * size)
        if declared:
            archive.getinfo("word/document.xml").file_size = declared
    with pytest.raises(ReadError, match="unpacks to"):
        read(buffer.getvalue(), "a.docx")


def test_the_strict_variant_is_read_as_the_usual_one() -> None:
    word = new_word()
    word.add_heading("Mills", 1)
    word.add_paragraph("The wheel turns.")
    table = word.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Code", "Means"
    usual = saved(word)
    strict = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(usual)) as source, zipfile.ZipFile(strict, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            for part in (b"wordprocessingml", b"officeDocument", b"drawingml"):
                content = content.replace(
                    b"http://schemas.openxmlformats.org/" + part + b"/2006/",
                    b"http://purl.oclc.org/ooxml/" + part + b"/",
                )
            target.writestr(name, content)
    document = read(strict.getvalue(), "a.docx")
    assert document == read(usual, "a.docx")
    assert outline(document) == [("Mills", ["The wheel turns.", "Code | Means"])]
