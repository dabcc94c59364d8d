"""The addresses of pages and of the API."""

from __future__ import annotations

from urllib.parse import urlencode

from search.models import Mode, Query

#: Longest query that is carried along in links to documents.
CARRIED = 1000

API = "/api/v1"


def search_page(
    query: Query | None = None,
    limit: int | None = None,
    *,
    text: str | None = None,
    offset: int = 0,
    sort: str = "",
    view: str = "",
) -> str:
    """The search page, with a query's answers.

    Args:
        query: What is asked; None for the empty page.
        limit: How many hits to ask for, if not as many as the query says.
        text: What to ask in place of the query's text.
        offset: How many hits to pass over.
        sort: The order, if not the usual one.
        view: The layout, if not the usual one.
    """
    if query is None or text == "":
        return "/"
    more = [("offset", str(offset))] if offset else []
    more += [(name, value) for name, value in (("sort", sort), ("view", view)) if value]
    words = query.text if text is None else text
    return "/?" + urlencode([("q", words), *_mode(query), *_limit(limit or query.limit), *more])


def explained(query: Query, rank: int, passage: int) -> str:
    """Why a passage is among a query's answers, at the rank it had when it was shown."""
    pairs = [("q", query.text), *_mode(query), ("offset", str(rank - 1)), ("passage", str(passage))]
    return "/why?" + urlencode(pairs)


def similar(passage: int) -> str:
    """The passages most like one."""
    return f"/passages/{passage}/similar"


def document_page(
    number: int,
    query: Query | None = None,
    start: int | None = None,
    end: int | None = None,
    part: int | None = None,
    view: str = "",
) -> str:
    """A document's page, at a passage if there is one.

    The query goes along, so that the page can mark its words and lead back to its answers; a very
    long one is left out.

    Args:
        number: The document's number.
        query: What found it, or None.
        start: First character of the passage.
        end: One past its last character.
        part: Which part of a very long document, counted from 1.
        view: How it is shown, if not as it is.
    """
    pairs: list[tuple[str, str]] = []
    if start is not None and end is not None:
        pairs += [("start", str(start)), ("end", str(end))]
    if part is not None:
        pairs.append(("part", str(part)))
    if query is not None and len(query.text) <= CARRIED:
        pairs += [("q", query.text), *_mode(query)]
    if view:
        pairs.append(("view", view))
    anchor = "#passage" if start is not None and part is None else ""
    return f"/documents/{number}{'?' + urlencode(pairs) if pairs else ''}{anchor}"


def carried(query: Query | None, view: str = "") -> str:
    """A query, and the ``view`` of documents, as they are carried along in addresses."""
    if query is None:
        return ""
    return urlencode([("q", query.text), *_mode(query), *([("view", view)] if view else [])])


def document_file(number: int, page: int | None = None) -> str:
    """The original file of the document ``number``; for PDFs, opened at a page."""
    return f"/documents/{number}/file" + (f"#page={page}" if page is not None else "")


def document_api(number: int) -> str:
    """The document ``number`` in the API."""
    return f"{API}/documents/{number}"


def _mode(query: Query) -> list[tuple[str, str]]:
    return [] if query.mode is Mode.HYBRID else [("mode", str(query.mode))]


def _limit(limit: int) -> list[tuple[str, str]]:
    return [] if limit == Query("").limit else [("k", str(limit))]
