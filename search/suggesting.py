"""What somebody who is typing may mean to type: filters and their values, words, documents.

Suggestions are about the last thing that was typed. What is suggested is always there: a word that
some passage holds, an author whom some document has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from search.analysis.folding import fold
from search.collection import Snapshot
from search.columns import Documents
from search.fields import as_typed, bare_words, typed
from search.grammar import FIELDS
from search.requirements import Kind, Language
from search.snippets import written_as

#: The last thing typed: a filter that was begun, or a word.
_FIELD = re.compile(
    rf"(?:^|(?<=\s))(-?)({'|'.join(FIELDS)}):(?:([^\"\s]*)|\"([^\"]*))$", re.IGNORECASE
)
_WORD = re.compile(r"(?:^|(?<=[\s(]))(-?)([^\s\"():]+)$")
#: Fewest letters that words and titles are looked for with.
_LEAST = 2
#: Longest text that is completed.
_LONGEST = 300
#: How many terms are looked up to find how their words are written.
_TERMS = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may be meant.

    Attributes:
        kind: "field" for a filter's name, "value" for its value, "word", or "document".
        text: The whole query with it typed out; for a document, its title.
        label: What was added, as it is typed.
        detail: The value as it is known otherwise, such as a format or a language's code; of a
            field its name; of a document its path.
        count: How many documents have it, or None if they were not counted.
        document_id: The document's number, or None.
    """

    kind: str
    text: str
    label: str
    detail: str = ""
    count: int | None = None
    document_id: int | None = None


def suggestions(
    snapshot: Snapshot,
    documents: Documents,
    text: str,
    limit: int,
) -> tuple[Suggestion, ...]:
    """What may be meant by a text that ends where somebody is typing.

    Args:
        snapshot: What would be searched.
        documents: All documents of it.
        text: What was typed up to now.
        limit: How many at the most.
    """
    if len(text) > _LONGEST:
        return ()
    if begun := _FIELD.search(text):
        sign, name, value = begun[1], begun[2].lower(), begun[3] or begun[4] or ""
        before = text[: begun.start(1)]
        found = _values(name, value, snapshot, documents)
        return tuple(
            Suggestion("value", f"{before}{sign}{label} ", label, detail, count)
            for label, detail, count in islice(found, limit)
        )
    word = _WORD.search(text)
    if word is None:
        return ()
    before, sign, start = text[: word.start(1)], word[1], word[2]
    names = [
        Suggestion("field", f"{before}{sign}{name}:", f"{name}:", name)
        for name in FIELDS
        if name.startswith(start.lower())
    ]
    if len(start) < _LEAST or sign:
        return tuple(names[:limit])
    titled = list(islice(_documents(text, documents), max(1, limit // 3)))
    room = max(0, limit - len(names) - len(titled))
    words = [
        Suggestion("word", f"{before}{written} ", written)
        for written in islice(_words(start, snapshot), room)
    ]
    return tuple((*names, *words, *titled)[:limit])


_Value = tuple[str, str, int | None]


def _values(name: str, begun: str, snapshot: Snapshot, documents: Documents) -> Iterator[_Value]:
    """Filters of a field whose values begin so, the most frequent first."""
    start = fold(begun.lower())
    if name == "path":
        return _paths(start, snapshot, documents)
    if name in ("before", "after"):
        years = sorted(documents.tally("year"), reverse=True)
        return ((f"{name}:{y}", y, None) for y in years if y.startswith(start))
    if name in ("author", "title"):
        return _names(name, start, documents)
    if name == "type":
        kinds = _ranked(documents.tally("kind"))
        return ((typed(Kind(kind)), kind, n) for kind, n in kinds if kind.startswith(start))
    if name == "lang":
        codes: Counter[str] = Counter()
        for language, count in documents.tally("language").items():
            codes[language[:2].lower()] += count
        return (
            (typed(Language(code)), code, n)
            for code, n in _ranked(codes)
            if code and code.startswith(start)
        )
    return iter(())


def _names(name: str, start: str, documents: Documents) -> Iterator[_Value]:
    """Authors or titles with a word that begins so."""
    of = documents.tally("author") if name == "author" else Counter(documents.names())
    for known, count in _ranked(of):
        words = bare_words(known)
        if words and any(word.startswith(start) for word in words):
            yield as_typed(name, known), known, count


def _paths(start: str, snapshot: Snapshot, documents: Documents) -> Iterator[_Value]:
    """Folders with a step that begins so."""
    roots = [root.as_posix() for root in snapshot.reading.roots()]
    holding: Counter[str] = Counter()
    for lowest, count in documents.tally("folder").items():
        for folder in _folders(lowest, roots):
            holding[folder] += count
    for folder, count in _ranked(holding):
        if any(fold(step.lower()).startswith(start) for step in (folder, *folder.split("/"))):
            yield as_typed("path", folder), folder, count


def _folders(lowest: str, roots: Sequence[str]) -> Iterator[str]:
    """A folder and those it lies in beneath an indexed one, as ``path:`` takes them."""
    path = f"{lowest}/"
    root = max((r for r in roots if path.startswith(r + "/")), key=len, default=None)
    if root is None:
        return
    steps = [root.rpartition("/")[2], *path[len(root) + 1 :].split("/")[:-1]]
    for depth in range(1, min(len(steps), 4) + 1):
        yield "/".join(steps[:depth]) + "/"


def _ranked(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def _words(start: str, snapshot: Snapshot) -> Iterator[str]:
    """Words of the collection that begin so, as they are written there, the most frequent first.

    The index keeps words by their stems, so each is looked up in a passage that holds it.
    """
    wanted = fold(start.lower())
    seen = {wanted}
    begun = snapshot.keywords.beginning(start)
    for alternative in islice(begun.alternatives, _TERMS):
        number = snapshot.keywords.example(alternative.text)
        if number is None:
            continue
        row = snapshot.reading.passages([number], snapshot.generation).get(number)
        written = row and written_as(row.text, alternative.text, row.language)
        if not written:
            continue
        lower = written if written.isupper() and len(written) > 1 else written.lower()
        if fold(lower.lower()).startswith(wanted) and fold(lower.lower()) not in seen:
            seen.add(fold(lower.lower()))
            yield lower


def _documents(text: str, documents: Documents) -> Iterator[Suggestion]:
    """Documents whose title or name has all that was typed, the last word perhaps unfinished."""
    asked = bare_words(text)
    if not asked:
        return
    *whole, last = asked
    for document in documents.named(last):
        words = bare_words(document.name)
        if any(word.startswith(last) for word in words) and set(whole) <= set(words):
            yield Suggestion(
                "document", document.name, document.name, document.paths[0], None, document.key
            )
