"""One small file of every format that is read, each with two chapters about the same things."""

from __future__ import annotations

import bz2
import datetime
import email.message
import email.policy
import io
import json
import tarfile
import zipfile
from pathlib import Path

import docx
import pptx
import xlsxwriter
from docx.document import Document as WordDocument
from ole_files import Values, container, message
from pptx.presentation import Presentation
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

#: Files that only old programs write; its README says how they were made.
LEGACY = Path(__file__).resolve().parent / "legacy"
TIME = datetime.datetime(2024, 5, 17, 12, 0, tzinfo=datetime.UTC)
TITLE = "The harbour book"
TIDES = "High water comes fifty minutes later each day. The café on the quay keeps a table of it."
ROPES = "A bowline does not slip, and can be untied after any load. Æther cord is stronger."
KNOTS = "A sheet bend joins two ropes of unequal thickness."
TABLE = (("Knot", "Use", "Strength"), ("bowline", "a loop", "65 %"), ("bend", "a join", "55 %"))

TEXT = f"""{TITLE.upper()}

1. Tides

{TIDES}

2. Ropes

{ROPES}
"""
MARKDOWN = f"""---
title: {TITLE}
author: Ann Keeper
date: 2024-05-17
---

# Tides

{TIDES}

# Ropes

{ROPES}

## Knots

- {KNOTS}
- Two half hitches hold a boat.

| Knot | Use |
|------|-----|
| bowline | a loop |
"""
RST = f"""{"=" * 16}
{TITLE}
{"=" * 16}

:Author: Ann Keeper

Tides
=====

{TIDES}

Ropes
=====

{ROPES}

Knots
-----

* {KNOTS}
"""
ASCIIDOC = f"""= {TITLE}
Ann Keeper
2024-05-17

== Tides

{TIDES}

== Ropes

{ROPES}

=== Knots

* {KNOTS}
"""
ORG = f"""#+TITLE: {TITLE}
#+AUTHOR: Ann Keeper

* Tides
{TIDES}

* Ropes
{ROPES}
** TODO Knots :work:
- {KNOTS}
"""
LATEX = rf"""\documentclass{{article}}
\title{{{TITLE}}}
\author{{Ann Keeper}}
\begin{{document}}
\maketitle
\section{{Tides}}
{TIDES.replace("é", chr(92) + "'e")} % and nobody reads it
\section{{Ropes}}
{ROPES}
\subsection{{Knots}}
\begin{{itemize}}
\item {KNOTS}
\end{{itemize}}
\end{{document}}
"""
HTML = f"""<!DOCTYPE html>
<html lang="en"><head><title>{TITLE}</title><meta name="author" content="Ann Keeper"></head>
<body><nav><a href="/">Home</a></nav><main><h1>Tides</h1><p>{TIDES}</p>
<h1>Ropes</h1><p>{ROPES}</p><h2>Knots</h2><ul><li>{KNOTS}</li></ul></main></body></html>
"""
CODE = f'''"""{TITLE}."""


def tides(days: int) -> int:
    """Minutes by which high water is late after so many days."""
    return 50 * days


class Rope:
    """{ROPES}"""

    def knot(self) -> str:
        # {KNOTS}
        return "bowline"
'''
SUBTITLES = f"""WEBVTT

00:00:01.000 --> 00:00:04.000
<v Keeper>{TIDES}

00:00:05.000 --> 00:00:09.500
{ROPES}
"""
YAML = f"""title: {TITLE}
chapters:
  - name: Tides
    text: {TIDES}
  - name: Ropes
    text: >
      {ROPES}
"""
XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<book xmlns="http://docbook.org/ns/docbook"><info><title>{TITLE}</title></info>
<chapter><title>Tides</title><para>{TIDES}</para></chapter>
<chapter><title>Ropes</title><para>{ROPES}</para></chapter></book>
"""
RTF = (
    r"{\rtf1\ansi\ansicpg1252{\info{\title " + TITLE + r"}{\author Ann Keeper}}"
    r"{\stylesheet{\s1 heading 1;}{\s2 heading 2;}}"
    r"{\pard\s1 Tides\par}{\pard " + TIDES.replace("é", r"\'e9") + r"\par}"
    r"{\pard\s1 Ropes\par}{\pard " + ROPES.replace("Æ", r"\u198 ?") + r"\par}}"
)
DATA = {"title": TITLE, "chapters": [{"name": "Tides", "text": TIDES}, {"name": "Ropes", "n": 2}]}


def all_formats() -> dict[str, tuple[str, bytes]]:
    """By format: a name and what the file holds; the same bytes each time."""
    csv = "\n".join(",".join(row) for row in TABLE).encode()
    notebook = {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Tides\n", "\n", TIDES]},
            {
                "cell_type": "code",
                "metadata": {},
                "execution_count": 1,
                "source": ["late = 50 * days\n", "late"],
                "outputs": [
                    {
                        "output_type": "execute_result",
                        "data": {"text/plain": ["350"]},
                        "execution_count": 1,
                        "metadata": {},
                    }
                ],
            },
            {"cell_type": "markdown", "metadata": {}, "source": f"# Ropes\n\n{ROPES}"},
        ],
        "metadata": {"kernelspec": {"language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    lines = [{"name": "Tides", "text": TIDES}, {"name": "Ropes", "text": ROPES}]
    return {
        "asciidoc": ("a.adoc", ASCIIDOC.encode()),
        "code": ("a.py", CODE.encode()),
        "csv": ("a.csv", csv),
        "doc": ("a.doc", (LEGACY / "harbour.doc").read_bytes()),
        "docx": ("a.docx", _docx()),
        "epub": ("a.epub", _epub()),
        "html": ("a.html", HTML.encode()),
        "ipynb": ("a.ipynb", json.dumps(notebook).encode()),
        "json": ("a.json", json.dumps(DATA).encode()),
        "jsonl": ("a.jsonl", "\n".join(map(json.dumps, lines)).encode()),
        "latex": ("a.tex", LATEX.encode()),
        "mail": ("a.eml", _mail("Tides", TIDES).as_bytes()),
        "markdown": ("a.md", MARKDOWN.encode()),
        "mbox": ("a.mbox", _mbox()),
        "msg": ("a.msg", _msg()),
        "odp": ("a.odp", _opendocument("odp")),
        "ods": ("a.ods", _opendocument("ods")),
        "odt": ("a.odt", _opendocument("odt")),
        "org": ("a.org", ORG.encode()),
        "packed": ("a.md.bz2", bz2.compress(MARKDOWN.encode())),
        "pdf": ("a.pdf", _pdf()),
        "ppt": ("a.ppt", (LEGACY / "harbour.ppt").read_bytes()),
        "pptx": ("a.pptx", _pptx()),
        "rst": ("a.rst", RST.encode()),
        "rtf": ("a.rtf", RTF.encode("ascii")),
        "subtitles": ("a.vtt", SUBTITLES.encode()),
        "tar": ("a.tar", _tar()),
        "text": ("a.txt", TEXT.encode("cp1252")),
        "xls": ("a.xls", (LEGACY / "harbour.xls").read_bytes()),
        "xlsx": ("a.xlsx", _xlsx()),
        "xml": ("a.xml", XML.encode()),
        "yaml": ("a.yaml", YAML.encode()),
        "zip": ("a.zip", _zip({"tides.md": MARKDOWN, "ropes/list.csv": csv.decode()})),
    }


def _zip(members: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, TIME.timetuple()[:6]), text)
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in (("tides.txt", TEXT), ("ropes/knots.rst", RST)):
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def _settle(book: WordDocument | Presentation) -> None:
    """Fix what would otherwise be of this moment."""
    properties = book.core_properties
    properties.title, properties.author = TITLE, "Ann Keeper"
    properties.created = properties.modified = TIME.replace(tzinfo=None)


def _docx() -> bytes:
    book = docx.Document()
    _settle(book)
    book.add_heading("Tides", 1)
    book.add_paragraph(TIDES)
    book.add_heading("Ropes", 1)
    book.add_paragraph(ROPES)
    book.add_heading("Knots", 2)
    book.add_paragraph(KNOTS, style="List Bullet")
    table = book.add_table(len(TABLE), len(TABLE[0]))
    for row, cells in zip(table.rows, TABLE, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _pptx() -> bytes:
    deck = pptx.Presentation()
    _settle(deck)
    for title, text in (("Tides", TIDES), ("Ropes", ROPES)):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = title
        box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(6), Inches(2))
        box.text_frame.text = text
        slide.notes_slide.notes_text_frame.text = f"Say more of {title.lower()}."
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def _xlsx() -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"title": TITLE, "author": "Ann Keeper", "created": TIME})
    for name in ("Knots", "Spare knots"):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(TABLE):
            sheet.write_row(number, 0, row)
    book.close()
    return stream.getvalue()


def _pdf() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    canvas.setTitle(TITLE)
    canvas.setAuthor("Ann Keeper")
    for title, text in (("Tides", TIDES), ("Ropes", ROPES.replace("Æ", "A"))):
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 760, title)
        canvas.setFont("Helvetica", 11)
        for line, sentence in enumerate(text.split(". ")):
            canvas.drawString(72, 720 - 14 * line, sentence)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _mail(subject: str, text: str) -> email.message.EmailMessage:
    message = email.message.EmailMessage(email.policy.default.clone(cte_type="8bit"))
    message["From"] = "Ann Keeper <keeper@example.org>"
    message["To"] = "harbour@example.org"
    message["Subject"] = subject
    message["Date"] = TIME
    message.set_content(text)
    message.add_attachment(MARKDOWN.encode(), "text", "markdown", filename="book.md")
    message.set_boundary("tide")
    return message


def _msg() -> bytes:
    keeper: Values = {0x3001: "Harbour", 0x39FE: "harbour@example.org", 0x0C15: 1}
    book: Values = {0x3707: "book.md", 0x3701: MARKDOWN.encode(), 0x3705: 1}
    values: Values = {
        0x001A: "IPM.Note",
        0x0037: "Tides",
        0x0039: TIME,
        0x0042: "Ann Keeper",
        0x5D02: "keeper@example.org",
        0x1000: TIDES,
    }
    return container(message(values, [keeper], [book]))


def _mbox() -> bytes:
    first = b"From keeper@example.org Fri May 17 12:00:00 2024\n"
    return b"\n".join(
        first + _mail(subject, text).as_bytes() + b"\n"
        for subject, text in (("Tides", TIDES), ("Ropes", ROPES))
    )


def _epub() -> bytes:
    chapters = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in ("one", "two")
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        f' version="3.0"><metadata><dc:title>{TITLE}</dc:title><dc:creator>Ann Keeper</dc:creator>'
        f"<dc:language>en</dc:language></metadata><manifest>{chapters}</manifest>"
        '<spine><itemref idref="one"/><itemref idref="two"/></spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
        '<rootfiles><rootfile full-path="book.opf"/></rootfiles></container>'
    )
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>{}</h1><p>{}</p></body></html>'
    return _zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": package,
            "one.xhtml": page.format("Tides", TIDES),
            "two.xhtml": page.format("Ropes", ROPES),
        }
    )


def _opendocument(suffix: str) -> bytes:
    name = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}[suffix]
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in TABLE
    )
    bodies = {
        "odt": "".join(
            f'<text:h text:outline-level="1">{title}</text:h><text:p>{text}</text:p>'
            for title, text in (("Tides", TIDES), ("Ropes", ROPES))
        ),
        "ods": f'<table:table table:name="Knots">{rows}</table:table>',
        "odp": "".join(
            f'<draw:page draw:name="{title}"><draw:frame presentation:class="title"><draw:text-box>'
            f"<text:p>{title}</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box>"
            f"<text:p>{text}</text:p></draw:text-box></draw:frame></draw:page>"
            for title, text in (("Tides", TIDES), ("Ropes", ROPES))
        ),
    }
    of = "urn:oasis:names:tc:opendocument:xmlns:"
    declared = " ".join(
        f'xmlns:{prefix}="{of}{prefix}:1.0"'
        for prefix in ("office", "text", "table", "presentation")
    )
    declared += f' xmlns:draw="{of}drawing:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    content = (
        f"<office:document-content {declared}><office:body><office:{name}>{bodies[suffix]}"
        f"</office:{name}></office:body></office:document-content>"
    )
    meta = (
        f"<office:document-meta {declared}><office:meta><dc:title>{TITLE}</dc:title>"
        "<dc:creator>Ann Keeper</dc:creator><dc:date>2024-05-17T12:00:00</dc:date></office:meta>"
        "</office:document-meta>"
    )
    return _zip(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{name}",
            "content.xml": content,
            "meta.xml": meta,
        }
    )
