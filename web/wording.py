"""How numbers, kinds, dates, places and paths are put into words on the pages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from web.languages import language_name

_KINDS = {
    "asciidoc": "AsciiDoc",
    "code": "Code",
    "csv": "Table",
    "docx": "Word",
    "epub": "E-book",
    "html": "HTML",
    "ipynb": "Notebook",
    "json": "JSON",
    "jsonl": "JSON Lines",
    "latex": "LaTeX",
    "mail": "Message",
    "markdown": "Markdown",
    "mbox": "Mailbox",
    "odp": "Presentation",
    "ods": "Spreadsheet",
    "odt": "OpenDocument",
    "org": "Org",
    "packed": "Compressed",
    "pdf": "PDF",
    "pptx": "PowerPoint",
    "rst": "reStructuredText",
    "rtf": "RTF",
    "subtitles": "Subtitles",
    "tar": "Archive",
    "text": "Text",
    "xlsx": "Excel",
    "xml": "XML",
    "yaml": "YAML",
    "zip": "Archive",
}
#: Formats whose pages are slides.
_SLIDES = ("odp", "pptx")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 passage" or "1,204 passages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def kind_label(kind: str) -> str:
    """What people call a format."""
    return _KINDS.get(kind, kind)


def page_noun(kind: str) -> str:
    """What the pages of a format are called: "page" or "slide"."""
    return "slide" if kind in _SLIDES else "page"


def whereabouts(kind: str, page: int | None, place: str) -> str:
    """Where in a file something stands, such as "page 3" or "rows 2–41"; "" if unknown.

    Args:
        kind: The document's format, which says what its pages are called.
        page: Page number counted from 1, or None.
        place: As `search.models.Section.place`.
    """
    numbered = "" if page is None else f"{page_noun(kind)} {page:,}"
    return ", ".join(filter(None, (numbered, place)))


def date_label(date: str) -> str:
    """A date such as "2024-06-30" as "30 June 2024"; the day or month may be missing."""
    year, _, rest = date.partition("-")
    month, _, day = rest.partition("-")
    if not (month.isdecimal() and 1 <= int(month) <= 12 and (day.isdecimal() or not day)):
        return date
    return " ".join(filter(None, (day.lstrip("0"), _MONTHS[int(month) - 1], year)))


def origin(author: str, date: str, language: str, usual: str) -> tuple[str, ...]:
    """Who wrote a document, when, and in which language, as far as that is worth telling.

    Args:
        author: As `search.models.Document.author`.
        date: As `search.models.Document.date`.
        language: As `search.models.Document.language`.
        usual: The language that need not be told.
    """
    unusual = "" if language == usual else language_name(language)
    return tuple(filter(None, (author, date_label(date), unusual)))


def duration(milliseconds: float) -> str:
    """A time such as "12 ms" or "1.4 s"."""
    if milliseconds < 999.5:
        return f"{max(1, round(milliseconds))} ms"
    return f"{milliseconds / 1000:.1f} s"


def breadcrumbs(path: str, roots: Iterable[str]) -> tuple[str, ...]:
    """The steps of a shown path from the indexed folder it lies in.

    Args:
        path: A path as it is shown.
        roots: The indexed folders, as they are shown.

    Returns:
        The indexed folder's name and the steps below it; the file's name alone if it lies in none.
    """
    shown = PurePath(path)
    holding = [PurePath(root) for root in roots if shown.is_relative_to(root)]
    if not holding:
        return (shown.name,)
    root = max(holding, key=lambda holder: len(holder.parts))
    steps = shown.relative_to(root).parts
    return (root.name, *steps) if root.name else steps


def trail(headings: Iterable[str], title: str) -> tuple[str, ...]:
    """The heading trail without a heading that only repeats the title."""
    return tuple(heading for heading in headings if heading != title)
