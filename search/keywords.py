"""Whoosh: the words of one generation's passages, scored by BM25. A view of the store.

"Cheap candidates, exact scores": a search reads the posting lists of the query's rarest terms, up
to a budget of postings, to *find* passages; every passage found, or brought in by the other leg,
is then scored over *all* terms from its own bag of terms (`search.bags`), which lies in a column
beside the postings. A long question full of common words so costs no more than a short one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh import columns, fields
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.filedb.filestore import FileStorage
from whoosh.matching import wrappers
from whoosh.reading import TermNotFound

from search.analysis import ANALYSER_VERSION, Alternative, AskedWord, ask, terms
from search.analysis.stopwords import stop_words
from search.asking import Asked, Wanted, distinct_present, wanted_words, with_meant
from search.bags import most, occurrences, packed
from search.context import context_line
from search.fusion import bm25, greatest_bm25
from search.reading import Ids, Reading
from search.rows import PassageRow
from search.spelling import Vocabulary
from search.stamps import Stamp, clean_stamps, read_stamp
from search.stamps import write_stamp as _write_stamp
from search.storage import flush, flush_folder, storage_errors

_log = logging.getLogger("wherein")

#: How many postings one search may read. Reading takes about 0.4 µs each.
POSTING_BUDGET = 40_000
#: How many of the passages found are scored exactly, as a multiple of those asked for.
_MARGIN = 2
#: Up to so many passages that a filter leaves are scored without reading any posting.
_SCORED_AT_ONCE = 5_000
#: How many words are taken for one of which only the beginning is known.
_BEGUN = 24
#: How many terms' frequencies are remembered.
_REMEMBERED = 100_000
#: Memory that Whoosh may take to sort postings while writing, in megabytes.
_WRITER_MB = 128

#: How often the words of title and headings count: twice what they would in the text.
_CONTEXT_WEIGHT = 2
Scores = npt.NDArray[np.float64]


def _schema() -> Any:
    return fields.Schema(
        number=fields.COLUMN(columns.NumericColumn("I")),
        length=fields.COLUMN(columns.NumericColumn("I")),
        bag=fields.COLUMN(columns.VarBytesColumn()),
        text=fields.TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=False),
    )


class KeywordIndex:
    """The keyword index in ``folder``; safe to search from several threads.

    Args:
        folder: Where the index lies.
        opened: The Whoosh index.
        shows: What it shows.
    """

    def __init__(self, folder: Path, opened: Any, shows: Stamp) -> None:
        self.generation = shows.generation
        self._languages = shows.languages
        self._folder = folder
        self._index = opened
        # Whoosh's files keep a reading position, so only one thread may read at a time.
        self._lock = threading.Lock()
        self._lines = ""  # all terms, a line each, once they are asked for
        self._read()

    def __len__(self) -> int:
        return len(self._by_id)

    def ids(self) -> Ids:
        """The numbers of the passages that are indexed, int64, ascending."""
        return self._sorted_ids

    def close(self) -> None:
        """Close the index's files."""
        with self._lock:
            self._reader.close()
            self._index.close()

    @classmethod
    def create(cls, folder: Path) -> KeywordIndex:
        """Make a new, empty index in ``folder``, in place of anything there.

        Raises:
            StorageError: The disk is full or read-only.
        """
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if path.is_file():
                    path.unlink()
            _write_stamp(folder, 0, Stamp(0, ANALYSER_VERSION))
            opened = FileStorage(str(folder)).create_index(_schema())
        return cls(folder, opened, Stamp(0, ANALYSER_VERSION))

    @classmethod
    def open(cls, folder: Path) -> KeywordIndex | None:
        """The index in ``folder``, or None if there is none that this program can read."""
        found = read_stamp(folder)
        if found is None or found.analyser != ANALYSER_VERSION:
            return None
        opened = None
        try:
            opened = FileStorage(str(folder)).open_index()
            return cls(folder, opened, found)
        except Exception as error:
            _log.debug("The keyword index in %s cannot be opened: %r", folder, error)
        if opened is not None:
            opened.close()
        return None

    def ask(self, text: str) -> Asked:
        """What of a query is to be searched for here, in all languages there are."""
        with self._lock:
            return with_meant(ask(text, self._languages), self._frequency, self._all_terms)

    def example(self, term: str) -> int | None:
        """The lowest number of a passage that holds ``term``, or None if none does."""
        with self._lock:
            found = [base + _postings(leaf, term, 1)[0] for leaf, base in self._leaves]
            slots = np.concatenate(found) if found else np.empty(0, np.int64)
            numbers = self._numbers[slots[self._live[slots]]]
        return int(numbers.min()) if len(numbers) else None

    def beginning(self, start: str) -> AskedWord:
        """A word of which only the beginning is known: the most frequent words that begin so."""
        with self._lock:
            (asked, *_) = ask(start, self._languages) or [AskedWord(start, (Alternative(start),))]
            terms = {text.decode() for text in self._reader.expand_prefix("text", start)}
            ranked = sorted(terms, key=lambda term: (-self._frequency(term), term))[:_BEGUN]
        forms = dict.fromkeys((*asked.alternatives, *map(Alternative, ranked)))
        return AskedWord(f"{start}*", tuple(forms))

    def may_hold(self, word: str, most: int) -> Ids | None:
        """The passages in whose text ``word`` can stand as it is, and others.

        These are all that hold a term which has the word in it, or what is left of it by stemming
        in one of the languages: as a term of its own, or within that of an identifier.

        Args:
            word: A word of letters, case-folded, as `search.phrases` knows it.
            most: How many postings may be read.

        Returns:
            Their numbers, int64, ascending; None if the postings do not tell, or are too many.
        """
        if any(word in stop_words(language) for language in (*self._languages, "")):
            return None
        with self._lock:
            parts = {word}
            for form in (word, word.removesuffix("s")):  # of capitals, plurals are no others
                for asked in ask(form, self._languages):
                    parts.update(other.text.removeprefix("~") for other in asked.alternatives)
            terms = self._terms_with(parts)
            if sum(map(self._frequency, terms)) > most:
                return None
            found = [
                base + _postings(leaf, term, most)[0]
                for term in terms
                for leaf, base in self._leaves
            ]
            slots = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
            return np.sort(self._numbers[slots[self._live[slots]]])

    def _terms_with(self, parts: set[str]) -> set[str]:
        """The terms of the index that have one of ``parts`` in them."""
        if not self._lines:
            self._lines = "\n".join(("", *self._reader.field_terms("text"), ""))
        found = set()
        for part in parts:
            at = self._lines.find(part)
            while at >= 0:
                end = self._lines.index("\n", at)
                found.add(self._lines[self._lines.rindex("\n", 0, at) + 1 : end])
                at = self._lines.find(part, end)
        return found

    def search(
        self,
        asked: Sequence[AskedWord | str],
        limit: int,
        budget: int = POSTING_BUDGET,
        allowed: Ids | None = None,
    ) -> tuple[Ids, Scores]:
        """The passages that fit the words best.

        Args:
            asked: Words as `ask` gives them, or index terms; one given twice weighs twice.
            limit: How many passages at the most.
            budget: How many postings may be read. The rarest words are read first, the first of
                them always; words beyond the budget still count in the scores.
            allowed: The only passages that may be found, int64, ascending; or None for all.

        Returns:
            Passage numbers (int64) and BM25 scores above 0 (float64), best first; equal scores by
            number.
        """
        with self._lock:
            wanted = self._weigh(asked)
            if allowed is not None and len(allowed) <= _SCORED_AT_ONCE:
                found, _ = self._locate(allowed)
            else:
                found = self._find(wanted, limit * _MARGIN, budget, allowed)
            scores = self._score(wanted, found)
            ids = self._numbers[found]
        order = np.lexsort((ids, -scores))[:limit]
        order = order[scores[order] > 0.0]
        return ids[order], scores[order]

    def finds_all(
        self,
        asked: Sequence[AskedWord | str],
        budget: int = POSTING_BUDGET,
        allowed: Ids | None = None,
    ) -> bool:
        """Whether `search` looks at every passage that holds one of the words.

        Args:
            asked: As `search` takes it, and so the others.
            budget: How many postings may be read.
            allowed: The only passages that may be found, int64, ascending; or None for all.
        """
        if allowed is not None and len(allowed) <= _SCORED_AT_ONCE:
            return True
        with self._lock:
            return sum(word.frequency for word in self._weigh(asked)) <= budget

    def scores(self, asked: Sequence[AskedWord | str], ids: Ids) -> Scores:
        """BM25 of the words in each of the passages ``ids``, float64; 0 for one not indexed.

        Args:
            asked: As `search` takes it.
            ids: Passage numbers, int64.
        """
        result = np.zeros(len(ids), dtype=np.float64)
        with self._lock:
            slots, known = self._locate(ids)
            result[known] = self._score(self._weigh(asked), slots)
        return result

    def shares(self, asked: Sequence[AskedWord | str], ids: Ids) -> list[dict[str, float]]:
        """What each word gives to the `scores` of the passages ``ids``.

        Args:
            asked: As `search` takes it.
            ids: Numbers of passages, int64.

        Returns:
            For each passage the words it holds, by one of their terms, and their BM25 shares.
        """
        with self._lock:
            wanted = self._weigh(asked)
            slots, known = self._locate(ids)
            rows, words, values = self._shares(wanted, slots)
        found: list[dict[str, float]] = [{} for _ in ids]
        places = np.flatnonzero(known)[rows] if len(rows) else rows
        for place, word, value in zip(
            places.tolist(), words.tolist(), values.tolist(), strict=True
        ):
            found[place][wanted[word].alternatives[0].text] = value
        return found

    def greatest_score(self, asked: Sequence[AskedWord | str]) -> float:
        """The BM25 score of the words that no passage can exceed, see `fusion.greatest_bm25`."""
        with self._lock:
            wanted = wanted_words(asked, self._frequency, len(self._numbers))
        return greatest_bm25(np.array([word.weight for word in wanted]))

    def update(self, reading: Reading, generation: int) -> None:
        """Bring the index on disk from its generation to ``generation``, as the store has it.

        Args:
            reading: The store, which has reached ``generation``.
            generation: The one to show.

        Raises:
            StorageError: The disk is full or read-only; the index shows what it showed before.
        """
        with self._lock, storage_errors(self._folder):
            writer = self._index.writer(limitmb=_WRITER_MB)
            languages = set(self._languages)
            try:
                gone, _ = self._locate(reading.removed_between(self.generation, generation))
                for slot in gone.tolist():
                    writer.delete_document(slot)
                for row in reading.passages_between(self.generation, generation):
                    writer.add_document(**_indexed(row))
                    languages.add(row.language)
                shows = Stamp(generation, ANALYSER_VERSION, tuple(sorted(languages)))
                _write_stamp(self._folder, writer.generation, shows)
                writer.commit()
            except BaseException:
                if not writer.is_closed:
                    writer.cancel()
                raise
            self._flush()
            clean_stamps(self._folder, self._index.latest_generation())
            self._reader.close()
            self.generation = generation
            self._languages = shows.languages
            self._read()

    def _read(self) -> None:
        """Open a reader on the newest state and load what every search needs."""
        self._reader = self._index.reader()
        self._frequencies: dict[str, int] = {}
        self._vocabulary: Vocabulary | None = None
        self._lines = ""
        leaves = [
            (leaf, base) for leaf, base in self._reader.leaf_readers() if leaf.doc_count_all()
        ]
        self._leaves = leaves
        self._bases = np.array([base for _, base in leaves], dtype=np.int64)
        self._bags = [leaf.column_reader("bag", translate=False) for leaf, _ in leaves]
        self._numbers = self._column("number")
        self._lengths = self._column("length").astype(np.float64)
        live = np.ones(len(self._numbers), dtype=bool)
        for leaf, base in leaves:
            live[[base + slot for slot in leaf.deleted_docs_set]] = False
        self._live = live
        slots = np.flatnonzero(live)
        self._by_id = slots[np.argsort(self._numbers[slots], kind="stable")]
        self._sorted_ids = self._numbers[self._by_id]
        total = float(self._lengths[slots].sum())
        self._average_length = max(1.0, total / max(1, len(slots)))

    def _column(self, name: str) -> Ids:
        parts = [
            np.asarray(leaf.column_reader(name, translate=False).load(), dtype=np.int64)
            for leaf, _ in self._leaves
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def _weigh(self, asked: Sequence[AskedWord | str]) -> list[Wanted]:
        """The distinct words that occur, rarest first.

        Removed passages count in both figures until Whoosh merges them away: in one alone, they
        would make words look more common than they are.
        """
        return distinct_present(wanted_words(asked, self._frequency, len(self._numbers)))

    def _frequency(self, term: str) -> int:
        """How many passages hold ``term``, those included that were removed not long ago."""
        known = self._frequencies.get(term)
        if known is None:
            known = sum(leaf.doc_frequency("text", term) for leaf, _ in self._leaves)
            if len(self._frequencies) < _REMEMBERED:
                self._frequencies[term] = known
        return known

    def _all_terms(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(set(self._reader.field_terms("text")))
        return self._vocabulary

    def _find(
        self, wanted: list[Wanted], limit: int, budget: int, allowed: Ids | None = None
    ) -> Ids:
        """Slots of the passages that are best by the words the budget allows to be read."""
        slots: list[Ids] = []
        shares: list[Scores] = []
        for word in wanted:
            if slots and word.frequency > budget:
                break
            found, counts = self._holders(word.alternatives, budget)
            slots.append(found)
            shares.append(
                bm25(
                    np.full(len(found), word.weight),
                    counts,
                    self._lengths[found],
                    self._average_length,
                )
            )
            budget -= word.frequency
        if not slots:
            return np.empty(0, dtype=np.int64)
        candidates, rows = np.unique(np.concatenate(slots), return_inverse=True)
        sums = np.bincount(rows, weights=np.concatenate(shares), minlength=len(candidates))
        keep = self._live[candidates]
        if allowed is not None:
            keep &= np.isin(self._numbers[candidates], allowed)
        candidates, sums = candidates[keep], sums[keep]
        if len(candidates) > limit:
            order = np.lexsort((self._numbers[candidates], -sums))[:limit]
            candidates = candidates[order]
        return candidates

    def _holders(self, alternatives: tuple[Alternative, ...], budget: int) -> tuple[Ids, Scores]:
        """Slots that hold one of the terms, and how often, by whichever counts most."""
        slots: list[Ids] = []
        counts: list[Scores] = []
        for alternative in alternatives:
            if not self._frequency(alternative.text):
                continue
            for leaf, base in self._leaves:
                found, of_each = _postings(leaf, alternative.text, budget)
                slots.append(found + base)
                counts.append(of_each * alternative.weight)
        found, of_each = np.concatenate(slots), np.concatenate(counts)
        if len(slots) <= len(self._leaves):  # of one term: each slot stands there once
            return found, of_each
        rows, _, greatest = most(found, np.zeros_like(found), of_each, 1)
        return rows, greatest

    def _score(self, wanted: list[Wanted], slots: Ids) -> Scores:
        """Exact BM25 over all words of the passages at ``slots``, from their bags."""
        rows, _, shares = self._shares(wanted, slots)
        scores: Scores = np.bincount(rows, weights=shares, minlength=len(slots)).astype(np.float64)
        return scores

    def _shares(self, wanted: list[Wanted], slots: Ids) -> tuple[Ids, Ids, Scores]:
        """What words give to passages: row of the passage, place of the word, BM25 share."""
        if not wanted or not len(slots):
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
        leaf_of = np.searchsorted(self._bases, slots, side="right") - 1
        local = slots - self._bases[leaf_of]
        bags = [
            bytes(self._bags[leaf][slot])
            for leaf, slot in zip(leaf_of.tolist(), local.tolist(), strict=True)
        ]
        rows, words, counts = occurrences(
            bags, [[(a.text, a.weight) for a in word.alternatives] for word in wanted]
        )
        idf = np.array([word.weight for word in wanted])[words]
        return rows, words, bm25(idf, counts, self._lengths[slots][rows], self._average_length)

    def _locate(self, ids: Ids) -> tuple[Ids, npt.NDArray[np.bool_]]:
        """Slots of those of ``ids`` that are indexed, and which they are."""
        if not len(self._sorted_ids):
            return np.empty(0, dtype=np.int64), np.zeros(len(ids), dtype=bool)
        at = np.minimum(np.searchsorted(self._sorted_ids, ids), len(self._sorted_ids) - 1)
        known = self._sorted_ids[at] == ids
        return self._by_id[at[known]], known

    def _flush(self) -> None:
        for path in self._folder.iterdir():
            if path.suffix in (".seg", ".toc", ".stamp"):
                flush(path)
        flush_folder(self._folder)


def stamp(folder: Path) -> int:
    """The generation that the index in ``folder`` shows, or -1 if there is none to be used."""
    found = read_stamp(folder)
    return found.generation if found and found.analyser == ANALYSER_VERSION else -1


def _indexed(row: PassageRow) -> dict[str, Any]:
    """What Whoosh is given for a passage: its terms, their bag, their count, its number."""
    context = terms(context_line(row.title, row.headings), row.language)
    found = context * _CONTEXT_WEIGHT + terms(row.text, row.language)
    return {
        "number": row.id,
        "length": len(found),
        "bag": packed(found),
        "text": " ".join(found),
    }


def _postings(leaf: Any, term: str, limit: int) -> tuple[Ids, Scores]:
    """Passages of one segment that hold ``term``, deleted ones too, and how often they hold it.

    Whoosh gives postings one at a time, which costs more than all else in a search; its blocks of
    128 are decoded at once, so whole blocks are taken here from the matcher that has loaded them.
    At least the first block is read, then further ones until ``limit`` postings are.
    """
    try:
        matcher = leaf.postings("text", term)
    except TermNotFound:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    if isinstance(matcher, wrappers.FilterMatcher):
        matcher = matcher.child
    slots: list[Ids] = []
    counts: list[Scores] = []
    read = 0
    while matcher.is_active() and read < max(1, limit):
        matcher.id()
        matcher.weight()
        slots.append(np.asarray(matcher._ids, dtype=np.int64))
        counts.append(np.asarray(matcher._weights, dtype=np.float64))
        read += len(matcher._ids)
        matcher._next_block()
    if not slots:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    return np.concatenate(slots), np.concatenate(counts)
