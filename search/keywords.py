"""Whoosh: the words of one generation's passages, scored by BM25. A view of the store.

"Cheap candidates, exact scores": a search reads the posting lists of the query's rarest terms, up
to a budget of postings, to *find* passages; every passage found, or brought in by the other leg,
is then scored over *all* terms from its own bag of terms, which lies in a column beside the
postings. A long question full of common words so costs no more than a short one.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash
from whoosh import columns, fields, index
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.filedb.filestore import FileStorage
from whoosh.matching import wrappers
from whoosh.reading import TermNotFound

from search.analysis import ANALYSER_VERSION, terms
from search.context import context_line
from search.fusion import bm25, greatest_bm25, inverse_document_frequency
from search.reading import Ids, Reading
from search.rows import PassageRow
from search.storage import flush, flush_folder, storage_errors

_log = logging.getLogger("wherein")

#: How many postings one search may read. Reading takes about 0.4 µs each.
POSTING_BUDGET = 40_000
#: How many of the passages found are scored exactly, as a multiple of those asked for.
_MARGIN = 2
#: Memory that Whoosh may take to sort postings while writing, in megabytes.
_WRITER_MB = 128

#: A passage's bag of terms: for each distinct term a hash of it and how often it occurs. With 32
#: bits, a query term is taken for one of a passage's hundred others once in forty million times.
_BAG = np.dtype([("term", "<u4"), ("count", "u1")])

Scores = npt.NDArray[np.float64]


class _Stamp(msgspec.Struct, frozen=True):
    """Lies beside each of Whoosh's own generations and says what it shows."""

    generation: int
    analyser: int


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
        generation: The generation it shows.
    """

    def __init__(self, folder: Path, opened: Any, generation: int) -> None:
        self.generation = generation
        self._folder = folder
        self._index = opened
        # Whoosh's files keep a reading position, so only one thread may read at a time.
        self._lock = threading.Lock()
        self._read()

    def __len__(self) -> int:
        return len(self._by_id)

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
            _write_stamp(folder, 0, _Stamp(0, ANALYSER_VERSION))
            opened = FileStorage(str(folder)).create_index(_schema())
        return cls(folder, opened, 0)

    @classmethod
    def open(cls, folder: Path) -> KeywordIndex | None:
        """The index in ``folder``, or None if there is none that this program can read."""
        generation = stamp(folder)
        if generation < 0:
            return None
        opened = None
        try:
            opened = FileStorage(str(folder)).open_index()
            return cls(folder, opened, generation)
        except Exception as error:
            _log.debug("The keyword index in %s cannot be opened: %r", folder, error)
        if opened is not None:
            opened.close()
        return None

    def search(
        self, query_terms: Sequence[str], limit: int, budget: int = POSTING_BUDGET
    ) -> tuple[Ids, Scores]:
        """The passages that fit the terms best.

        Args:
            query_terms: Index terms; a term given twice weighs twice.
            limit: How many passages at the most.
            budget: How many postings may be read. The rarest terms are read first, the first of
                them always; terms beyond the budget still count in the scores.

        Returns:
            Passage numbers and BM25 scores above 0, best first; equal scores by number.
        """
        with self._lock:
            weights = self._weigh(query_terms)
            found = self._find(weights, limit * _MARGIN, budget)
            scores = self._score(weights, found)
            ids = self._numbers[found]
        order = np.lexsort((ids, -scores))[:limit]
        order = order[scores[order] > 0.0]
        return ids[order], scores[order]

    def scores(self, query_terms: Sequence[str], ids: Ids) -> Scores:
        """BM25 of the terms in each of the passages ``ids``; 0 for one that is not indexed."""
        result = np.zeros(len(ids), dtype=np.float64)
        with self._lock:
            slots, known = self._locate(ids)
            result[known] = self._score(self._weigh(query_terms), slots)
        return result

    def greatest_score(self, query_terms: Sequence[str]) -> float:
        """The BM25 score of the terms that no passage can exceed, see `fusion.greatest_bm25`."""
        with self._lock:
            frequencies = [self._frequency(term) for term in query_terms]
        idf = inverse_document_frequency(np.array(frequencies, dtype=np.int64), max(1, len(self)))
        return greatest_bm25(idf)

    def update(self, reading: Reading, generation: int) -> None:
        """Bring the index on disk from its generation to ``generation``, as the store has it.

        Raises:
            StorageError: The disk is full or read-only; the index shows what it showed before.
        """
        with self._lock, storage_errors(self._folder):
            writer = self._index.writer(limitmb=_WRITER_MB)
            try:
                gone, _ = self._locate(reading.removed_between(self.generation, generation))
                for slot in gone.tolist():
                    writer.delete_document(slot)
                for row in reading.passages_between(self.generation, generation):
                    writer.add_document(**_indexed(row))
                stamp = _Stamp(generation, ANALYSER_VERSION)
                _write_stamp(self._folder, writer.generation, stamp)
                writer.commit()
            except BaseException:
                if not writer.is_closed:
                    writer.cancel()
                raise
            self._flush()
            _clean_stamps(self._folder, self._index.latest_generation())
            self._reader.close()
            self.generation = generation
            self._read()

    def _read(self) -> None:
        """Open a reader on the newest state and load what every search needs."""
        self._reader = self._index.reader()
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

    def _weigh(self, query_terms: Sequence[str]) -> list[tuple[str, int, float]]:
        """The distinct terms that occur, with document frequency and weight, rarest first."""
        counts = Counter(query_terms)
        frequencies = {term: self._frequency(term) for term in counts}
        present = sorted((n, term) for term, n in frequencies.items() if n)
        idf = inverse_document_frequency(
            np.array([n for n, _ in present], dtype=np.int64), max(1, len(self))
        )
        return [
            (term, n, float(weight) * counts[term])
            for (n, term), weight in zip(present, idf, strict=True)
        ]

    def _frequency(self, term: str) -> int:
        """How many passages hold ``term``, those included that were removed not long ago."""
        return sum(leaf.doc_frequency("text", term) for leaf, _ in self._leaves)

    def _find(self, weights: list[tuple[str, int, float]], limit: int, budget: int) -> Ids:
        """Slots of the passages that are best by the terms the budget allows to be read."""
        slots: list[Ids] = []
        shares: list[Scores] = []
        for term, frequency, weight in weights:
            if slots and frequency > budget:
                break
            for leaf, base in self._leaves:
                found, counts = _postings(leaf, term, budget)
                if len(found):
                    found = found + base
                    slots.append(found)
                    shares.append(
                        bm25(
                            np.full(len(found), weight),
                            counts,
                            self._lengths[found],
                            self._average_length,
                        )
                    )
            budget -= frequency
        if not slots:
            return np.empty(0, dtype=np.int64)
        candidates, rows = np.unique(np.concatenate(slots), return_inverse=True)
        sums = np.bincount(rows, weights=np.concatenate(shares))
        keep = self._live[candidates]
        candidates, sums = candidates[keep], sums[keep]
        if len(candidates) > limit:
            order = np.lexsort((self._numbers[candidates], -sums))[:limit]
            candidates = candidates[order]
        return candidates

    def _score(self, weights: list[tuple[str, int, float]], slots: Ids) -> Scores:
        """Exact BM25 over all terms of the passages at ``slots``, from their bags."""
        if not weights or not len(slots):
            return np.zeros(len(slots), dtype=np.float64)
        leaf_of = np.searchsorted(self._bases, slots, side="right") - 1
        local = slots - self._bases[leaf_of]
        bags = [
            bytes(self._bags[leaf][slot])
            for leaf, slot in zip(leaf_of.tolist(), local.tolist(), strict=True)
        ]
        entries = np.frombuffer(b"".join(bags), dtype=_BAG)
        rows = np.repeat(np.arange(len(bags)), [len(bag) // _BAG.itemsize for bag in bags])
        hashes = np.array([_hash(term) for term, _, _ in weights], dtype=np.uint32)
        order = np.argsort(hashes)
        at = np.minimum(np.searchsorted(hashes[order], entries["term"]), len(hashes) - 1)
        matched = np.flatnonzero(hashes[order][at] == entries["term"])
        rows = rows[matched]
        idf = np.array([weight for _, _, weight in weights])[order][at[matched]]
        shares = bm25(
            idf, entries["count"][matched], self._lengths[slots][rows], self._average_length
        )
        scores: Scores = np.bincount(rows, weights=shares, minlength=len(slots)).astype(np.float64)
        return scores

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
    if not folder.is_dir():
        return -1
    latest = index.TOC._latest_generation(FileStorage(str(folder)), "MAIN")
    found = _read_stamp(folder, latest)
    return found.generation if found and found.analyser == ANALYSER_VERSION else -1


def _indexed(row: PassageRow) -> dict[str, Any]:
    """What Whoosh is given for a passage: its terms, their bag, their count, its number."""
    found = terms(f"{context_line(row.title, row.headings)}\n{row.text}")
    counts = Counter(found)
    bag = np.empty(len(counts), dtype=_BAG)
    bag["term"] = [_hash(term) for term in counts]
    bag["count"] = np.minimum(list(counts.values()), 255) if counts else 0
    return {
        "number": row.id,
        "length": len(found),
        "bag": bag.tobytes(),
        "text": " ".join(found),
    }


def _hash(term: str) -> int:
    return xxhash.xxh32_intdigest(term.encode("utf-8", "replace"))


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


def _stamp_path(folder: Path, whoosh_generation: int) -> Path:
    return folder / f"generation-{whoosh_generation}.stamp"


def _write_stamp(folder: Path, whoosh_generation: int, stamp: _Stamp) -> None:
    _stamp_path(folder, whoosh_generation).write_bytes(msgspec.json.encode(stamp))


def _read_stamp(folder: Path, whoosh_generation: int) -> _Stamp | None:
    try:
        data = _stamp_path(folder, whoosh_generation).read_bytes()
        return msgspec.json.decode(data, type=_Stamp)
    except (OSError, msgspec.MsgspecError):
        return None


def _clean_stamps(folder: Path, latest: int) -> None:
    keep = _stamp_path(folder, latest)
    for path in folder.glob("generation-*.stamp"):
        if path != keep:
            with contextlib.suppress(OSError):
                path.unlink()
