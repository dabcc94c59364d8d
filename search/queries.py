"""From what somebody typed to a `Query`; any text is a valid query."""

from __future__ import annotations

import unicodedata

from search.analysis import words
from search.errors import QueryError
from search.models import Mode, Query

#: Longest query in characters. A pasted page of text fits; a pasted book does not.
QUERY_LIMIT = 10_000
#: Most hits one query may ask for.
HITS_LIMIT = 200


def parse(
    text: str, mode: str | Mode = Mode.HYBRID, limit: int = 10, per_document: int = 2
) -> Query:
    """Check and tidy a question.

    Args:
        text: What was typed; control characters become spaces.
        mode: "hybrid", "semantic" or "keyword".
        limit: How many hits at the most, 1 to `HITS_LIMIT`.
        per_document: How many passages of one document at the most, 1 or more.

    Raises:
        QueryError: The text is empty, holds nothing to search for or is too long; there is no such
            mode; or the numbers are out of range.
    """
    if len(text) > QUERY_LIMIT:
        raise QueryError(
            f"The query has {len(text):,} characters; at most {QUERY_LIMIT:,} are searched for.",
            "Ask with a sentence or a paragraph of it.",
            "text",
        )
    tidy = " ".join(
        "".join(" " if _is_control(character) else character for character in text).split()
    )
    if not tidy:
        raise QueryError("The query is empty.", "Type what you are looking for.", "text")
    if not words(tidy):
        raise QueryError(
            "The query holds no letter or digit to search for.", "Type at least one word.", "text"
        )
    try:
        chosen = Mode(mode)
    except ValueError:
        known = ", ".join(Mode)
        raise QueryError(
            f"There is no mode {str(mode)[:40]!r}.", f"Use one of: {known}.", "mode"
        ) from None
    if not 1 <= limit <= HITS_LIMIT:
        raise QueryError(
            f"{limit} hits cannot be asked for.", f"Ask for 1 to {HITS_LIMIT} with k.", "limit"
        )
    if per_document < 1:
        raise QueryError(
            "At least one passage of each document must be allowed.",
            "Use 1 or more.",
            "per_document",
        )
    return Query(tidy, chosen, limit, per_document)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
