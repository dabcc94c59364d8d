"""From what somebody typed to a `Query`; any text is a valid query.

`search.grammar` cuts the text into items; here they become words to ask for and requirements to
meet. What makes no sense as anything else is words, and the query's remarks say so.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from search.errors import QueryError
from search.fields import NoValue, condition_of
from search.grammar import Form, Item, items_of
from search.models import Mode, Query
from search.phrases import exact_words
from search.requirements import Condition, Phrase, Prefix, Requirements

#: Longest query in characters. A pasted page of text fits; a pasted book does not.
QUERY_LIMIT = 10_000
#: Most hits one query may ask for, and how many may be passed over.
HITS_LIMIT = 200
OFFSET_LIMIT = 10_000
#: Most conditions in one query; further ones are taken as words.
CONDITIONS_LIMIT = 50

_TOO_MANY = f"Only the first {CONDITIONS_LIMIT} phrases and filters count as such."

#: Soft hyphens and marks of writing direction and byte order, which would hide what is typed.
_HIDDEN = dict.fromkeys(
    map(ord, "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad")
)


def parse(
    text: str,
    mode: str | Mode = Mode.HYBRID,
    limit: int = 10,
    per_document: int = 2,
    *,
    offset: int = 0,
    min_score: float | None = None,
    explain: bool = False,
    literal: bool = False,
) -> Query:
    """Check and tidy a question.

    Args:
        text: What was typed; control characters become spaces.
        mode: "hybrid", "semantic" or "keyword".
        limit: How many hits at the most, 1 to `HITS_LIMIT`.
        per_document: How many passages of one document at the most, 1 or more.
        offset: How many of the best hits to pass over, 0 to `OFFSET_LIMIT`.
        min_score: Least score of a hit, or None.
        explain: Whether each hit is to say how it came about.
        literal: Whether the text is all words, whatever it looks like in the query language.

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
    tidy = _tidy(text)
    if not tidy:
        raise QueryError("The query is empty.", "Type what you are looking for.", "text")
    understood = _Understood(words=[tidy]) if literal else _understand(tidy)
    asked = " ".join(filter(None, understood.words))
    if not exact_words(asked):
        asked = ""
    if not asked and not understood.prefixes and not understood.requirements:
        raise QueryError(
            "The query holds no letter or digit to search for.", "Type at least one word.", "text"
        )
    chosen = _mode(mode)
    _check_numbers(limit, per_document, offset, min_score)
    return Query(
        tidy,
        chosen,
        limit,
        per_document,
        asked,
        tuple(understood.prefixes),
        understood.requirements,
        offset,
        min_score,
        explain,
        tuple(dict.fromkeys(understood.remarks)),
    )


@dataclass(slots=True)
class _Understood:
    """What the items of a query come to."""

    words: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    clauses: list[tuple[Condition, ...]] = field(default_factory=list)
    excluded: list[Condition] = field(default_factory=list)
    #: Which clause the filters of a field are gathered in.
    fields: dict[str, int] = field(default_factory=dict)

    @property
    def requirements(self) -> Requirements:
        return Requirements(tuple(self.clauses), tuple(dict.fromkeys(self.excluded)))


def _understand(text: str) -> _Understood:
    typed = items_of(text)
    found = _Understood(remarks=list(typed.remarks))
    if all(item.form in (Form.WORD, Form.OR) and not item.excludes for item in typed.items):
        found.words.append(text)  # as it is, punctuation included
        return found
    room = CONDITIONS_LIMIT
    for chain in _chains(typed.items):
        conditions = [] if _is_soft(chain) else list(_conditions(chain, found.remarks))
        if len(conditions) > room:
            found.remarks.append(_TOO_MANY)
            conditions = []
        room -= len(conditions)
        _ask(chain, conditions, found)
        _require(chain, conditions, found)
    return found


def _chains(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Items that "OR" joins, together; every other one alone."""
    chain: list[Item] = []
    joined = False
    for item in items:
        if item.form is Form.OR:
            joined = True
            continue
        if chain and (not joined or item.excludes or chain[-1].excludes):
            yield chain
            chain = []
        chain.append(item)
        joined = False
    if chain:
        yield chain


def _is_soft(chain: Sequence[Item]) -> bool:
    """Whether a chain only asks for words, which ranking joins by itself."""
    return not chain[0].excludes and all(i.form in (Form.WORD, Form.PREFIX) for i in chain)


def _conditions(chain: Sequence[Item], remarks: list[str]) -> Iterator[Condition]:
    """What the items of a chain require; nothing for those that make no sense."""
    for item in chain:
        if item.form is Form.FIELD:
            try:
                yield condition_of(item)
            except NoValue as error:
                remarks.append(error.message)
        elif words := exact_words(item.text):
            is_prefix = item.form is Form.PREFIX and len(words) == 1
            yield Prefix(words[0]) if is_prefix else Phrase(words)


def _ask(chain: Sequence[Item], conditions: Sequence[Condition], found: _Understood) -> None:
    """Take up the words that a chain asks for: all of it that is no filter and not excluded."""
    if chain[0].excludes and conditions:
        return
    filters = bool(conditions)
    words: list[str] = []
    for item in chain:
        if item.form is Form.PREFIX and len(exact_words(item.text)) == 1:
            found.prefixes += exact_words(item.text)
        elif item.form is not Form.FIELD or not filters:
            words.append(item.text if item.form is not Form.FIELD else item.typed)
    found.words.append((" " if filters else " OR ").join(words))


def _require(chain: Sequence[Item], conditions: Sequence[Condition], found: _Understood) -> None:
    """Take up what a chain requires; filters of one field are gathered in one clause."""
    if not conditions:
        return
    if chain[0].excludes:
        found.excluded += conditions
        return
    names = {item.name for item in chain}
    name = names.pop() if len(names) == 1 else ""
    if name in found.fields:
        found.clauses[found.fields[name]] += tuple(conditions)
        return
    if name:
        found.fields[name] = len(found.clauses)
    found.clauses.append(tuple(conditions))


def _tidy(text: str) -> str:
    if not text.isprintable():  # which nearly all that is typed is
        text = "".join(" " if _is_control(character) else character for character in text)
    return " ".join(text.translate(_HIDDEN).split())


def _is_control(character: str) -> bool:
    """Whether a character is none to be shown; the zero-width space parts words."""
    return character == "\u200b" or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def _mode(mode: str | Mode) -> Mode:
    try:
        return Mode(mode)
    except ValueError:
        known = ", ".join(Mode)
        raise QueryError(
            f"There is no mode {str(mode)[:40]!r}.", f"Use one of: {known}.", "mode"
        ) from None


def _check_numbers(limit: int, per_document: int, offset: int, min_score: float | None) -> None:
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
    if not 0 <= offset <= OFFSET_LIMIT:
        raise QueryError(
            f"{offset} hits cannot be passed over.", f"Use 0 to {OFFSET_LIMIT}.", "offset"
        )
    if min_score is not None and not math.isfinite(min_score):
        raise QueryError("The least score is no number.", "Use one such as 0.3.", "min_score")
