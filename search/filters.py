"""Which passages a query may find at all: those that meet its requirements.

They are found before anything is ranked, so that both legs rank only what passes: a filter that
three passages pass gives those three. Conditions on documents are held against a few columns of
each; phrases are looked for in the passages' texts, of which the keyword index's postings leave few
to be read. What was found is kept for as long as the collection does not change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search import corpus_map
from search.collection import Snapshot
from search.fields import bare_words
from search.paths import lies
from search.phrases import holds_beginning, holds_phrase, stands_in
from search.reading import Ids, Reading
from search.requirements import (
    Area,
    Clause,
    Condition,
    Dated,
    DocumentFacts,
    Headed,
    Kind,
    Language,
    Lies,
    Named,
    OfDocument,
    OfFacts,
    Pages,
    Phrase,
    Prefix,
    Requirements,
)

#: Most passages whose texts are read for one query; about 5 µs each.
TEXTS_READ = 500_000
#: Up to so many are read without asking the postings first.
_READ_AT_ONCE = 1_000
#: From how many letters on a word's postings are worth asking, and for how many words of a phrase.
_TELLING = 3
_ASKED_OF_A_PHRASE = 3
#: So few passages are read sooner than another word's postings.
_FEW = 50
#: How many answers are kept, and how many passage numbers in all of them.
_KEPT = 32
_KEPT_NUMBERS = 4_000_000

#: What people call formats, besides their names and suffixes.
FAMILIES = {
    "book": ("epub",),
    "email": ("mail", "mbox", "msg"),
    "htm": ("html",),
    "md": ("markdown",),
    "notebook": ("ipynb",),
    "presentation": ("pptx", "ppt", "odp"),
    "spreadsheet": ("xlsx", "xls", "ods", "csv"),
    "tex": ("latex",),
    "txt": ("text",),
    "word": ("docx", "doc", "odt", "rtf"),
    "yml": ("yaml",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """The passages that meet the requirements.

    Attributes:
        ids: Their numbers, int64, ascending.
        complete: Whether these are all; not so if more texts than `TEXTS_READ` were to be read.
    """

    ids: Ids
    complete: bool = True


class Filters:
    """Finds the passages that meet requirements, and remembers them; safe for several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Path, int, Requirements], Allowed] = OrderedDict()
        self._guard = threading.Lock()

    def allowed(self, build: Path, snapshot: Snapshot, requirements: Requirements) -> Allowed:
        """The passages of a snapshot that meet requirements.

        Args:
            build: The build that the snapshot is of.
            snapshot: What is searched.
            requirements: What is required.

        Raises:
            StorageError: The collection cannot be read.
        """
        key = (build, snapshot.generation, requirements)
        with self._guard:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                return found
        found = allowed(snapshot, requirements)
        with self._guard:
            self._known[key] = found
            while len(self._known) > 1 and (
                len(self._known) > _KEPT
                or sum(len(kept.ids) for kept in self._known.values()) > _KEPT_NUMBERS
            ):
                self._known.popitem(last=False)
        return found


def allowed(snapshot: Snapshot, requirements: Requirements) -> Allowed:
    """The passages of a snapshot that meet requirements, found anew.

    Args:
        snapshot: What is searched.
        requirements: What is required.
    """
    reading = snapshot.reading
    ids = snapshot.keywords.ids()
    clauses, excluded = requirements.clauses, requirements.excluded
    documents = _Documents(snapshot)
    simple = [clause for clause in clauses if all(isinstance(c, OfDocument) for c in clause)]
    banned = [condition for condition in excluded if isinstance(condition, OfDocument)]
    if simple or banned:
        ids = _common(ids, documents.passages(simple, banned))
    reads: list[_Read] = []
    for clause in clauses:
        if clause in simple:
            continue
        texts = tuple(c for c in clause if isinstance(c, Phrase | Prefix))
        passing = [documents.passages([(c,)], []) for c in clause if isinstance(c, OfDocument)]
        passing += [_at(reading, ids, c) for c in clause if isinstance(c, Pages | Headed)]
        either = np.unique(np.concatenate(passing)) if passing else np.empty(0, np.int64)
        if texts:
            reads.append(_Read(texts, frozenset(either.tolist())))
        else:
            ids = _common(ids, either)
    for condition in excluded:
        if isinstance(condition, Pages | Headed):
            ids = np.setdiff1d(ids, _at(reading, ids, condition), assume_unique=True)
    unwanted = tuple(c for c in excluded if isinstance(c, Phrase | Prefix))
    if not reads and not unwanted:
        return Allowed(ids)
    return _by_text(snapshot, ids, reads, unwanted)


def meets(document: DocumentFacts, condition: OfFacts, roots: Sequence[str]) -> bool:
    """Whether a document is such as a condition asks.

    Args:
        document: The document.
        condition: What is asked.
        roots: The indexed folders, with slashes.
    """
    match condition:
        case Named(where, words, is_open):
            name = document.name if where == "title" else document.author
            return is_named(bare_words(name), words, is_open)
        case Lies(pattern):
            return any(lies(pattern, path, roots) for path in document.paths)
        case Kind(name):
            of_kind = document.kind == name or document.kind in FAMILIES.get(name, ())
            return of_kind or any(p.lower().endswith(f".{name}") for p in document.paths)
        case Language(code):
            return document.language.lower()[:2] == code
        case Dated("before", day):
            return document.day < day
        case Dated(_, day):
            return document.day >= day


def is_named(name: Sequence[str], words: Sequence[str], is_open: bool = False) -> bool:
    """Whether words follow one another in a name.

    Args:
        name: The name's words, as `search.fields.bare_words` gives them.
        words: The words.
        is_open: Whether the last of them need only begin a word of the name.
    """
    if not is_open:
        return stands_in(words, name)
    *whole, last = words
    return any(
        list(name[at : at + len(whole)]) == whole and name[at + len(whole)].startswith(last)
        for at in range(len(name) - len(whole))
    )


def _at(reading: Reading, ids: Ids, condition: Pages | Headed) -> Ids:
    """Those of the passages ``ids`` that stand on the pages or beneath the headings asked for."""
    if isinstance(condition, Pages):
        return reading.passages_on(ids, condition.first, condition.last)
    known: dict[tuple[str, ...], bool] = {}
    found = []
    for passage, trail in reading.headings(ids):
        if trail not in known:
            names = (bare_words(heading) for heading in trail)
            known[trail] = any(is_named(n, condition.words, condition.open) for n in names)
        if known[trail]:
            found.append(passage)
    return np.array(found, dtype=np.int64)


class _Documents:
    """The documents of a snapshot, read when they are first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._facts: list[DocumentFacts] | None = None
        self._roots: list[str] = []
        self._areas: dict[Area, frozenset[int]] = {}

    def passages(self, clauses: Sequence[Clause], excluded: Sequence[OfDocument]) -> Ids:
        """The passages of the documents that meet all clauses and nothing that is excluded."""
        reading = self._snapshot.reading
        if self._facts is None:
            self._facts = list(reading.facts(self._snapshot.generation))
            self._roots = [root.as_posix() for root in reading.roots()]
        versions = [
            document.version
            for document in self._facts
            if all(self._any(document, clause) for clause in clauses)
            and not self._any(document, excluded)
        ]
        _, passages = reading.passages_of(versions)
        return np.sort(passages)

    def _any(self, document: DocumentFacts, conditions: Iterable[Condition]) -> bool:
        return any(
            document.key in self._within(condition)
            if isinstance(condition, Area)
            else meets(document, condition, self._roots)
            for condition in conditions
            if isinstance(condition, OfDocument)
        )

    def _within(self, area: Area) -> frozenset[int]:
        """The documents in a part of the map; none if it was marked on a map drawn otherwise."""
        if area not in self._areas:
            drawn = corpus_map.kept(self._snapshot.build)
            corners = [(x / 1000.0, y / 1000.0) for x, y in area.corners]
            fits = drawn is not None and drawn.drawn == area.drawn
            inside = drawn.inside(corners).tolist() if drawn is not None and fits else ()
            self._areas[area] = frozenset(inside)
        return self._areas[area]


@dataclass(frozen=True, slots=True)
class _Read:
    """A clause that can only be told by reading: one of its texts, unless a passage passes so."""

    texts: tuple[Phrase | Prefix, ...]
    passing: frozenset[int]


def _by_text(
    snapshot: Snapshot, ids: Ids, reads: Sequence[_Read], unwanted: Sequence[Phrase | Prefix]
) -> Allowed:
    """Those of the passages ``ids`` whose texts are as they should be."""
    for read in reads:
        if not read.passing:
            ids = _narrowed(snapshot, ids, read.texts)
    suspects = ids if reads else _narrowed(snapshot, ids, unwanted)
    complete = len(suspects) <= TEXTS_READ
    rejected = [
        passage
        for passage, text in snapshot.reading.texts(suspects[:TEXTS_READ])
        if any(passage not in read.passing and not _holds(text, read.texts) for read in reads)
        or _holds(text, unwanted)
    ]
    gone = np.concatenate([np.array(rejected, dtype=np.int64), suspects[TEXTS_READ:]])
    return Allowed(np.setdiff1d(ids, gone, assume_unique=True), complete)


def _narrowed(snapshot: Snapshot, ids: Ids, texts: Sequence[Phrase | Prefix]) -> Ids:
    """Those of ``ids`` that can hold one of the texts at all, as far as postings tell."""
    if len(ids) <= _READ_AT_ONCE:
        return ids
    found: list[Ids] = []
    for condition in texts:
        holders = _holders(snapshot, condition, len(ids))
        if holders is None:
            return ids
        found.append(holders)
    return _common(ids, np.unique(np.concatenate(found)))


def _holders(snapshot: Snapshot, condition: Phrase | Prefix, most: int) -> Ids | None:
    """The passages that hold some words of a phrase, and others; None if that is not known."""
    if isinstance(condition, Prefix):
        return None
    telling = [w for w in condition.words if w.isalpha() and len(w) >= _TELLING]
    found: Ids | None = None
    for word in sorted(telling, key=len, reverse=True)[:_ASKED_OF_A_PHRASE]:
        holders = snapshot.keywords.may_hold(word, most)
        if holders is not None:
            found = holders if found is None else _common(found, holders)
            if len(found) <= _FEW:
                break
    return found


def _holds(text: str, conditions: Sequence[Phrase | Prefix]) -> bool:
    """Whether one of the conditions holds of a passage's text."""
    return any(
        holds_phrase(text, condition.words)
        if isinstance(condition, Phrase)
        else holds_beginning(text, condition.start)
        for condition in conditions
    )


def _common(ids: Ids, others: npt.NDArray[np.int64]) -> Ids:
    found: Ids = np.intersect1d(ids, others, assume_unique=True)
    return found
