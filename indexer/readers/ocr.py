"""Text recognition for pages without text: pdfium draws them, tesseract reads them.

It takes seconds a page and the program tesseract, so it is done only in a process that has called
`enable`. Pages go to tesseract through a pipe, one at a time; no file is written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from statistics import median

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from indexer.readers.pdf_bombs import MOST_PIXELS
from indexer.readers.pdf_fallback import Fallback
from indexer.readers.pdf_lines import Line
from search.errors import UsageError

# What tesseract is trained for; the program's manual recommends at least this.
_DPI = 300
_POINTS = 72
# An A2 sheet at 300 dpi; larger pages are drawn smaller.
_MOST_PIXELS = 40_000_000
_SECONDS_A_PAGE = 120
_SECONDS_TO_START = 20
_LANGUAGES = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\+[A-Za-z][A-Za-z0-9_]*)*")
# Words tesseract is less sure of than this, in per cent, are mostly specks and rules.
_LEAST_SURE = 30.0
# Lines so much higher than the usual one are headings; less may be for want of a "p" or a "d".
_LARGER = 1.5
_LEAST_LETTERS = 4
_SIZE = 10.0
_WORD_ROW = "5"

# Tesseract's names of languages (ISO 639-2/T mostly) by their ISO 639-1 codes.
_CODES = (
    "af:afr ar:ara be:bel bg:bul bn:ben ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng es:spa"
    " et:est eu:eus fa:fas fi:fin fr:fra ga:gle gl:glg he:heb hi:hin hr:hrv hu:hun hy:hye id:ind"
    " is:isl it:ita ja:jpn ka:kat kk:kaz ko:kor la:lat lt:lit lv:lav mk:mkd ms:msa nb:nor nl:nld"
    " nn:nor no:nor pl:pol pt:por ro:ron ru:rus sk:slk sl:slv sq:sqi sr:srp sv:swe ta:tam te:tel"
    " th:tha tr:tur uk:ukr ur:urd vi:vie yi:yid zh:chi_sim"
)
_NAMES = dict(pair.split(":") for pair in _CODES.split())


@dataclass(frozen=True, slots=True)
class _Tesseract:
    """How tesseract is to be called.

    Attributes:
        program: Path of the program.
        installed: The languages it can read.
        languages: Those to be read, joined by "+"; "" leaves it to the document.
    """

    program: str
    installed: frozenset[str]
    languages: str


_tesseract: _Tesseract | None = None


def enable(languages: str = "") -> None:
    """Have the pages without text recognised from now on, in this process.

    Args:
        languages: Tesseract's names of the languages to expect, joined by "+", such as "deu+eng";
            "" takes the one each document says it is in, if it is installed, and English otherwise.

    Raises:
        UsageError: Tesseract or one of the languages is not installed.
    """
    global _tesseract
    program = shutil.which("tesseract")
    if program is None:
        raise UsageError(
            "Text recognition needs the program tesseract, which is not installed.",
            "Install it, on Debian or Ubuntu with: apt install tesseract-ocr.",
        )
    if languages and not _LANGUAGES.fullmatch(languages):
        raise UsageError(
            f"{languages!r} is no list of languages for text recognition.",
            'Give the names tesseract has for them, joined by "+", such as deu+eng.',
        )
    installed = _installed(program)
    missing = [name for name in (languages or "eng").split("+") if name not in installed]
    if missing and (languages or not installed - {"osd"}):
        raise UsageError(
            f"Tesseract cannot read {', '.join(missing)}: the language is not installed.",
            f"Install it, on Debian or Ubuntu with: apt install tesseract-ocr-{missing[0]}.",
        )
    _tesseract = _Tesseract(program, installed, languages)


def disable() -> None:
    """Recognise no text any more, in this process."""
    global _tesseract
    _tesseract = None


def is_enabled() -> bool:
    """Whether pages without text are recognised in this process."""
    return _tesseract is not None


def recognise(pdf: Fallback, numbers: Iterable[int], language: str) -> dict[int, list[Line]]:
    """The text on the pages of a PDF.

    Args:
        pdf: The PDF.
        numbers: Numbers of the pages to read, counted from 1.
        language: What the document says it is in, as an ISO 639-1 code, or "".

    Returns:
        The lines of each page, none where nothing was recognised: the page is too large or too
        small, takes too long or shows no letters. Their places tell paragraphs apart, and no more.
    """
    if _tesseract is None or not pdf.can_be_drawn:
        return {number: [] for number in numbers}
    command = _command(_tesseract, language)
    return {number: list(_lines(list(_words(_table(command, pdf, number))))) for number in numbers}


def _installed(program: str) -> frozenset[str]:
    """The languages that tesseract can read."""
    try:
        done = subprocess.run(  # noqa: S603 - the program was looked up, nothing comes from a file
            [program, "--list-langs"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS_TO_START,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(
            "The program tesseract, which recognises text, does not run.", "Install it again."
        ) from error
    return frozenset(line.strip() for line in done.stdout.splitlines()[1:] if line.strip())


def _command(tesseract: _Tesseract, language: str) -> list[str]:
    """The command that reads a picture from its input and writes a table of words."""
    own = _NAMES.get(language, "")
    spoken = sorted(tesseract.installed - {"osd"})
    languages = tesseract.languages or next(
        (name for name in (own, "eng", *spoken) if name in tesseract.installed), "eng"
    )
    # Mode 1 turns pages that lie on their side; it needs the data named osd.
    mode = "1" if "osd" in tesseract.installed else "3"
    return [
        *(tesseract.program, "stdin", "stdout", "-l", languages),
        *("--psm", mode, "--dpi", str(_DPI), "tsv"),
    ]


def _table(command: list[str], pdf: Fallback, number: int) -> str:
    """Tesseract's table for one page, "" if there is none."""
    with pdf.page(number) as page:
        picture = _picture(page) if page is not None else b""
    if not picture:
        return ""
    try:
        # One thread: its own make it slower, and other workers want the other cores.
        done = subprocess.run(  # noqa: S603 - as above; of the file only a known language
            command,
            input=picture,
            capture_output=True,
            timeout=_SECONDS_A_PAGE,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _picture(page: PdfPage) -> bytes:
    """The page in shades of grey as a PGM picture; empty if it is too small or too large."""
    width, height = page.get_size()
    if min(width, height) < 1 or _image_pixels(page) > MOST_PIXELS:
        return b""
    scale = min(_DPI / _POINTS, sqrt(_MOST_PIXELS / (width * height)))
    bitmap = page.render(scale=scale, grayscale=True, limit_image_cache=True)
    try:
        rows = bytes(bitmap.buffer)
        if bitmap.stride != bitmap.width:
            rows = b"".join(
                rows[start : start + bitmap.width]
                for start in range(0, bitmap.stride * bitmap.height, bitmap.stride)
            )
        return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + rows
    finally:
        bitmap.close()


def _image_pixels(page: PdfPage) -> int:
    """How many pixels the pictures on a page say they have."""
    images = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
    return sum(width * height for width, height in (image.get_px_size() for image in images))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a page: its paragraph and line, where it begins and how high it is in pixels."""

    paragraph: tuple[int, int]
    line: int
    left: int
    height: int
    text: str


def _words(table: str) -> Iterator[_Word]:
    """The words of a table as tesseract writes it, one a row, with tabs between the cells."""
    for row in table.splitlines()[1:]:
        cells = row.split("\t", 11)
        if len(cells) != 12 or cells[0] != _WORD_ROW or float(cells[10]) < _LEAST_SURE:
            continue
        block, paragraph, line, _, left, _, width, height = map(int, cells[2:10])
        if text := cells[11].strip():
            # On a page that lay on its side, words are higher than wide.
            yield _Word((block, paragraph), line, left, min(width, height), text)


def _lines(words: Sequence[_Word]) -> Iterator[Line]:
    """The words put together to lines, spaced so that those of one paragraph stay together."""
    usual = _height(words)
    before = ""
    y = 0.0
    for _, group in groupby(words, key=lambda word: word.paragraph):
        paragraph = list(group)
        larger = _height(paragraph) / usual
        size = _SIZE * larger if larger > _LARGER and _is_worded(paragraph) else _SIZE
        if not (paragraph[0].text[0].islower() and before[-1:].isalpha()):
            y -= 2 * size
        for _, line in groupby(paragraph, key=lambda word: word.line):
            y -= 1.2 * size
            row = list(line)
            text = " ".join(word.text for word in row)
            before = text
            yield Line(text, x=row[0].left * _POINTS / _DPI, y=y, size=size)


def _height(words: Sequence[_Word]) -> float:
    return median(word.height for word in words) if words else 1.0


def _is_worded(words: Iterable[_Word]) -> bool:
    """Whether words are more than the specks that are left of a picture."""
    return sum(char.isalpha() for word in words for char in word.text) >= _LEAST_LETTERS
