"""Build the PDF and DOCX files of the sample corpus from the texts beside this script.

Run ``python sample_corpus/.sources/build.py``.  Each ``*.md`` file here opens with a few
``key: value`` lines between ``---`` marks; ``output`` names the file to make, relative to
the folder ``sample_corpus``, and its extension decides the format.  The text below is a
small dialect of Markdown.  Two runs give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import docx
from docx.text.paragraph import Paragraph as DocxParagraph
from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, Rect, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Preformatted,
    Spacer,
    Table,
)

SOURCES = Path(__file__).resolve().parent
CORPUS = SOURCES.parent
FIXED_DATE = dt.datetime(2024, 1, 15, 9, 0, 0)
ZIP_DATE = (2024, 1, 15, 9, 0, 0)
INK = HexColor("#1f3a4d")
PALE = HexColor("#e4ecf1")
MARGIN, WIDTH = 29 * mm, 152 * mm
FONTS = {  # family: regular, bold, italic
    "Helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
    "Times": ("Times-Roman", "Times-Bold", "Times-Italic"),
    "Vera": ("Vera", "VeraBd", "VeraIt"),
}
INLINE = re.compile(r"(\*\*.+?\*\*|\*[^*\s][^*]*\*|`[^`]+`)")
LIST_ITEM = re.compile(r"(-|\d+\.) +(.*)")


@dataclass
class Block:
    """One piece of a text: a heading, paragraph, list item, table, figure or mark."""

    kind: str
    text: str = ""
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Source:
    """A parsed source file: its settings and its blocks in order."""

    meta: dict[str, str]
    blocks: list[Block]


def parse(path: Path) -> Source:
    """Read one source file."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = dict(line.split(": ", 1) for line in head.splitlines())
    blocks: list[Block] = []
    for chunk in re.split(r"\n{2,}", body.strip()):
        lines = chunk.splitlines()
        first = lines[0]
        if heading := re.match(r"(#+) (.*)", first):
            blocks.append(Block("heading", heading[2], level=len(heading[1])))
        elif mark := re.match(r"<!-- columns: (\d) -->", first):
            blocks.append(Block("columns", level=int(mark[1])))
        elif figure := re.match(r"!\[(\w+)\]\((.*)\)", first):
            blocks.append(Block(figure[1], figure[2]))
        elif first.startswith("```"):
            blocks.append(Block("code", chunk.strip("`").strip("\n")))
        elif first.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            blocks.append(Block("table", rows=rows))
        elif LIST_ITEM.match(first):
            for number, line in enumerate(lines, start=1):
                item = LIST_ITEM.match(line)
                if item is None:
                    raise ValueError(f"{path.name}: not a list item: {line}")
                kind = "bullet" if item[1] == "-" else "number"
                blocks.append(Block(kind, item[2], level=number))
        else:
            blocks.append(Block("text", " ".join(lines)))
    return Source(meta, blocks)


def pieces(text: str) -> list[tuple[str, str]]:
    """Split a text into (style, words) pieces; style is plain, bold, italic or code."""
    found: list[tuple[str, str]] = []
    for part in filter(None, INLINE.split(text)):
        if part.startswith("**"):
            found.append(("bold", part[2:-2]))
        elif part.startswith("`"):
            found.append(("code", part[1:-1]))
        elif INLINE.fullmatch(part):
            found.append(("italic", part[1:-1]))
        else:
            found.append(("plain", part))
    return found


def markup(text: str, family: str) -> str:
    """Turn a text into the markup that reportlab paragraphs understand."""
    names = dict(zip(("plain", "bold", "italic"), FONTS[family], strict=True)) | {"code": "Courier"}
    return "".join(
        escape(words) if style == "plain" else f'<font name="{names[style]}">{escape(words)}</font>'
        for style, words in pieces(text)
    )


def levels_figure() -> Drawing:
    """Draw the three storeys of cloud with one cloud in each."""
    drawing = Drawing(430, 205)
    storeys = [(8, "low, 0 to 2 km"), (74, "middle, 2 to 7 km"), (140, "high, 5 to 13 km")]
    for shade, (bottom, label) in enumerate(storeys):
        fill = Color(0.80 - 0.09 * shade, 0.90 - 0.06 * shade, 0.97)
        drawing.add(Rect(0, bottom, 425, 66, fillColor=fill, strokeColor=white))
        drawing.add(String(6, bottom + 52, label, fontName="Helvetica-Bold", fontSize=9))
    for x, y, radius in [(130, 26, 9), (143, 32, 13), (158, 27, 10)]:  # cumulus
        drawing.add(Circle(x, y, radius, fillColor=white, strokeColor=None))
    for step in range(6):  # altocumulus
        drawing.add(Circle(175 + 16 * step, 103, 8, fillColor=white, strokeColor=None))
    for step in range(4):  # cirrus
        x = 120 + 38 * step
        drawing.add(Line(x, 160, x + 26, 172, strokeColor=white, strokeWidth=2))
        drawing.add(Line(x + 26, 172, x + 30, 165, strokeColor=white, strokeWidth=2))
    anvil = [330, 24, 405, 24, 398, 120, 392, 160, 424, 192, 296, 192, 340, 160, 336, 120]
    drawing.add(Polygon(anvil, fillColor=white, strokeColor=None))
    for x, y, radius in [(334, 60, 16), (338, 100, 15), (398, 70, 17), (394, 115, 15)]:
        drawing.add(Circle(x, y, radius, fillColor=white, strokeColor=None))
    names = [(175, 20, "Cumulus"), (185, 80, "Altocumulus"), (170, 148, "Cirrus")]
    for x, y, words in [*names, (332, 176, "Cumulonimbus")]:
        drawing.add(String(x, y, words, fontName="Helvetica", fontSize=9))
    return drawing


def bars_figure() -> Drawing:
    """Draw the bar chart of daily counts."""
    places = ["Station Bridge", "Mill Lane", "Corn Street", "Lime Avenue", "Ring road"]
    drawing = Drawing(430, 120)
    for row, (place, count) in enumerate(zip(places, [1310, 870, 455, 290, 64], strict=True)):
        y = 98 - 23 * row
        drawing.add(String(0, y + 4, place, fontName="Helvetica", fontSize=9))
        drawing.add(Rect(90, y, count / 4.5, 15, fillColor=INK, strokeColor=None))
        drawing.add(String(95 + count / 4.5, y + 4, f"{count:,}", fontName="Helvetica", fontSize=9))
    return drawing


FIGURES: dict[str, Callable[[], Drawing]] = {"levels": levels_figure, "bars": bars_figure}


class Report(BaseDocTemplate):  # type: ignore[misc]
    """An A4 document with one- and two-column pages and an optional outline."""

    def __init__(self, target: Path, source: Source) -> None:
        """Set up the page frames, and the metadata when the source gives any."""
        meta = source.meta
        super().__init__(
            str(target),
            pagesize=A4,
            invariant=1,
            title=meta.get("title", ""),
            author=meta.get("author", ""),
            subject="",
            creator="",
        )
        self.source = source
        self.marks = 0
        left, bottom, width, height = MARGIN, 26 * mm, WIDTH, 239 * mm
        half = (width - 7 * mm) / 2
        one = [Frame(left, bottom, width, height, 0, 0, 0, 0)]
        two = [Frame(x, bottom, half, height, 0, 0, 0, 0) for x in (left, left + half + 7 * mm)]
        self.addPageTemplates(
            [
                PageTemplate("columns1", one, onPage=self.margins),
                PageTemplate("columns2", two, onPage=self.margins),
            ]
        )

    def margins(self, canvas: Canvas, _doc: BaseDocTemplate) -> None:
        """Write the running header, and the footer with the page number."""
        meta = self.source.meta
        canvas.saveState()
        canvas.setFillColor(INK)
        canvas.setFont(FONTS[meta["font"]][0], 8.5)
        if "header" in meta:
            canvas.drawString(MARGIN, 281 * mm, meta["header"])
            canvas.line(MARGIN, 278 * mm, MARGIN + WIDTH, 278 * mm)
        if "footer" in meta:
            canvas.drawString(MARGIN, 14 * mm, meta["footer"])
        if "header" in meta or "footer" in meta:
            canvas.drawRightString(MARGIN + WIDTH, 14 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Add each heading that was just set to the outline."""
        level = getattr(flowable, "outline_level", None)
        if level is None or self.source.meta.get("outline") != "yes":
            return
        self.marks += 1
        self.canv.bookmarkPage(f"h{self.marks}")
        self.canv.addOutlineEntry(flowable.getPlainText(), f"h{self.marks}", level - 1, closed=0)


def pdf_styles(family: str) -> dict[str, ParagraphStyle]:
    """Return the paragraph styles of a document set in one family."""
    regular, bold, italic = FONTS[family]
    size = {"Times": 12, "Helvetica": 11, "Vera": 10}[family]
    lead, small = size * 1.5, size - 1
    text = ParagraphStyle("text", fontName=regular, fontSize=size, leading=lead, spaceAfter=8)
    cell = ParagraphStyle("cell", fontName=regular, fontSize=small, leading=small * 1.35)
    styles = {
        "text": text,
        "list": ParagraphStyle("list", text, leftIndent=16, bulletIndent=3, spaceAfter=4),
        "cell": cell,
        "cell-head": ParagraphStyle("cell-head", cell, fontName=bold),
        "caption": ParagraphStyle("caption", cell, fontName=italic, spaceBefore=4),
        "code": ParagraphStyle("code", fontName="Courier", fontSize=9, leading=12, spaceAfter=9),
    }
    for level, scale, before in [(1, 2.0, 0), (2, 1.45, 12), (3, 1.15, 7)]:
        style = ParagraphStyle(f"h{level}", fontName=bold, textColor=INK, keepWithNext=1)
        style.fontSize, style.leading = size * scale, size * scale * 1.2
        style.spaceBefore, style.spaceAfter = before, size * 0.55
        styles[style.name] = style
    return styles


def pdf_table(rows: list[list[str]], family: str, styles: dict[str, ParagraphStyle]) -> Table:
    """Set a table with a shaded head row; the widths follow the longest cells."""
    longest = [
        max(min(max(len(row[col]), 9), 60) + 4 for row in rows) for col in range(len(rows[0]))
    ]
    widths = [WIDTH * length / sum(longest) for length in longest]
    head = [Paragraph(markup(cell, family), styles["cell-head"]) for cell in rows[0]]
    body = [[Paragraph(markup(cell, family), styles["cell"]) for cell in row] for row in rows[1:]]
    rules = [
        ("BACKGROUND", (0, 0), (-1, 0), PALE),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    return Table([head, *body], widths, style=rules, repeatRows=1, spaceBefore=4, spaceAfter=10)


def build_pdf(source: Source, target: Path) -> None:
    """Write one PDF file."""
    family = source.meta["font"]
    styles = pdf_styles(family)
    story: list[Flowable] = []
    for block in source.blocks:
        if block.kind == "heading":
            heading = Paragraph(markup(block.text, family), styles[f"h{block.level}"])
            heading.outline_level = block.level
            story.append(heading)
        elif block.kind == "columns":
            story += [NextPageTemplate(f"columns{block.level}"), PageBreak()]
        elif block.kind == "table":
            story.append(pdf_table(block.rows, family, styles))
        elif block.kind == "code":
            story.append(Preformatted(block.text, styles["code"]))
        elif block.kind in FIGURES:
            caption = Paragraph(markup(block.text, family), styles["caption"])
            story.append(KeepTogether([FIGURES[block.kind](), caption, Spacer(1, 6)]))
        elif block.kind in ("bullet", "number"):
            sign = "\u2013" if block.kind == "bullet" else f"{block.level}."
            story.append(Paragraph(markup(block.text, family), styles["list"], bulletText=sign))
        else:
            story.append(Paragraph(markup(block.text, family), styles["text"]))
    Report(target, source).build(story)


def add_runs(paragraph: DocxParagraph, text: str) -> None:
    """Add a text with its bold and italic words to a paragraph."""
    for style, words in pieces(text):
        run = paragraph.add_run(words)
        run.bold = True if style == "bold" else None
        run.italic = True if style == "italic" else None


def build_docx(source: Source, target: Path) -> None:
    """Write one DOCX file, with fixed dates inside and in the archive."""
    document = docx.Document()
    lift = 1 if source.meta.get("title_style") == "yes" else 0
    list_styles = {"bullet": "List Bullet", "number": "List Paragraph"}
    for block in source.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=block.level - lift)
        elif block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Light Grid Accent 1")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    add_runs(cell.paragraphs[0], text)
            document.add_paragraph()
        else:
            paragraph = document.add_paragraph(style=list_styles.get(block.kind))
            number = f"{block.level}. " if block.kind == "number" else ""
            add_runs(paragraph, number + block.text)
    core = document.core_properties
    core.title = source.meta.get("title", "")
    core.author = core.last_modified_by = source.meta.get("author", "")
    core.comments = core.keywords = core.subject = ""
    core.created = core.modified = FIXED_DATE
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, old.read(name))


def main() -> None:
    """Build every file named by a source."""
    for name in FONTS["Vera"]:
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    for path in sorted(SOURCES.glob("*.md")):
        source = parse(path)
        target = CORPUS / source.meta["output"]
        target.parent.mkdir(parents=True, exist_ok=True)
        (build_pdf if target.suffix == ".pdf" else build_docx)(source, target)
        print(target.relative_to(CORPUS).as_posix())


if __name__ == "__main__":
    main()
