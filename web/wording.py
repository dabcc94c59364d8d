"""How counts, kinds, dates, places and paths are put into words on the pages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from web.catalogue import Texts

#: Formats whose pages are slides.
_SLIDES = ("odp", "ppt", "pptx")


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 passage" or "1,204 passages", for the command line."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def kind_label(kind: str, say: Texts) -> str:
    """What people call the format ``kind``, in the language of ``say``."""
    return say.known(f"kinds.{kind}", kind)


def page_noun(kind: str) -> str:
    """What the pages of a format are called: "page" or "slide"."""
    return "slide" if kind in _SLIDES else "page"


def whereabouts(kind: str, page: int | None, place: str, say: Texts) -> str:
    """Where in a file something stands, such as "page 3" or "rows 2–41"; "" if unknown.

    Args:
        kind: The document's format, which says what its pages are called.
        page: Page number counted from 1, or None.
        place: As `search.models.Section.place`.
        say: The language to say it in.
    """
    numbered = "" if page is None else say(f"where.{page_noun(kind)}", n=page)
    return ", ".join(filter(None, (numbered, place)))


def origin(author: str, date: str, language: str, usual: str, say: Texts) -> tuple[str, ...]:
    """Who wrote a document, when, and in which language, as far as that is worth telling.

    Args:
        author: As `search.models.Document.author`.
        date: As `search.models.Document.date`.
        language: As `search.models.Document.language`.
        usual: The language that need not be told.
        say: The language to say it in.
    """
    unusual = "" if language == usual else say.language_name(language)
    return tuple(filter(None, (author, say.date(date) if date else "", unusual)))


def duration(milliseconds: float, say: Texts) -> str:
    """So many ``milliseconds`` as ``say`` has it, such as "12 ms" or "1.4 s"."""
    if milliseconds < 999.5:
        return say("took.ms", n=max(1, round(milliseconds)))
    return say("took.s", n=say.number(round(milliseconds / 1000, 1)))


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
