"""Whoosh as the engine: pure Python, nothing to install.

A Whoosh segment has the very passages of a segment of the forward index, in the same order, so a
passage's number in Whoosh is its row. The postings are those of the forward index turned round;
Whoosh keeps terms, postings and segments, and its table of contents is the one thing that a commit
replaces.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from whoosh import fields, formats
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.writing import SegmentWriter

from search.analysis import Alternative
from search.asking import Wanted
from search.keywords.forward import Change, Forward, Scores, most
from search.keywords.postings import Postings, affordable
from search.keywords.segments import Segment, encoded
from search.keywords.whoosh_codec import POSTING_BYTES, ArrayCodec, arrays
from search.reading import Ids

_FIELD = "text"


class WhooshPostings(Postings):
    """Whoosh's index in ``folder``.

    Args:
        index: The index, opened.
    """

    budget = 200_000  # about 20 ns each

    def __init__(self, index: Any) -> None:
        self._index = index
        # Whoosh's files keep a reading position, so only one thread may read at a time.
        self._lock = threading.Lock()
        self._writer: Any = None
        self._kept: list[int] = []
        self._read()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """An empty index; Whoosh's first table of contents has the number 0."""
        return cls(FileStorage(str(folder)).create_index(_schema()))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The index in ``folder``."""
        return cls(FileStorage(str(folder)).open_index())

    @classmethod
    def mark_in(cls, folder: Path) -> int:
        """The number of Whoosh's newest table of contents."""
        return int(TOC._latest_generation(FileStorage(str(folder)), "MAIN"))

    def close(self) -> None:
        """Close Whoosh's files."""
        with self._lock:
            self._close_leaves()
            self._index.close()

    def fits(self, forward: Forward) -> bool:
        """Whether there are as many passages and postings in each segment."""
        sizes = [(leaf.doc_count_all(), len(leaf._terms._postfile)) for leaf, _ in self._leaves]
        return sizes == [(len(s), len(s.terms) * POSTING_BYTES) for s in forward.segments]

    def best(
        self,
        forward: Forward,
        wanted: Sequence[Wanted],
        limit: int,
        budget: int,
        allowed: Ids | None,
    ) -> tuple[Ids, Scores | None]:
        """Those that are best by the words whose postings the budget allows to be read."""
        sums = np.zeros(forward.rows)
        read = affordable(wanted, budget)
        for word in read:
            forms = [form for form in word.alternatives if forward.frequency(form.text)]
            at_most = max(budget, limit) if word.frequency > budget else None
            rows, counts = self._counted(forms, at_most)
            sums[rows] += forward.bm25(word.weight, counts, rows)
        complete = len(read) == len(wanted) and (not read or read[0].frequency <= budget)
        found = np.flatnonzero(sums > 0.0)  # of truth values, which NumPy goes through far faster
        if not forward.all_live:
            found = found[forward.live[found]]
        if allowed is not None:
            found = found[forward.among(found, allowed)]
        if len(found) > limit:
            worst = np.partition(sums[found], len(found) - limit)[len(found) - limit]
            found = found[sums[found] >= worst]
            order = np.lexsort((forward.numbers[found], -sums[found]))
            found = found[order[:limit]]
        return found, sums[found] if complete else None

    def holders(self, forward: Forward, terms: Sequence[str]) -> Ids:  # noqa: ARG002
        """Rows of the passages that hold one of the terms."""
        found = [rows for term in terms for rows, _ in self._postings(term)]
        return np.unique(np.concatenate([np.empty(0, np.int64), *found]))

    def first(self, forward: Forward, term: str) -> int | None:
        """The lowest number of those that hold the term."""
        rows = self.holders(forward, [term])
        numbers = forward.numbers[rows[forward.live[rows]]]
        return int(numbers.min()) if len(numbers) else None

    def write(self, change: Change, generation: int) -> int:  # noqa: ARG002
        """Write the segments that are new; all but the last are committed at once.

        A state that is not the last has no stamp, so nobody takes it for the whole.
        """
        self._kept = list(change.kept)
        for segment in change.written[:-1]:
            self._begin(segment)
            self._finish()
        self._begin(change.written[-1] if change.written else None)
        return int(self._writer.generation)

    def commit(self) -> None:
        """Replace Whoosh's table of contents."""
        self._finish()
        with self._lock:
            self._close_leaves()
            self._read()

    def cancel(self) -> None:
        """Give Whoosh's writer up."""
        if self._writer is not None and not self._writer.is_closed:
            self._writer.cancel()
        self._writer = None

    def _begin(self, segment: Segment | None) -> None:
        self._writer = self._index.writer(codec=ArrayCodec(), compound=False)
        if segment is not None:
            _fill(self._writer, segment)

    def _finish(self) -> None:
        """Commit the segment that was written, with those before it that are kept."""
        kept = self._kept

        def keep(_: Any, segments: list[Any]) -> list[Any]:
            return [segments[at] for at in kept]

        added = self._writer._added
        self._writer.commit(mergetype=keep)
        self._kept = list(range(len(kept) + added))
        self._writer = None

    def _read(self) -> None:
        contents = self._index._read_toc()
        self.mark = int(contents.generation)
        self._leaves: list[tuple[SegmentReader, int]] = []
        base = 0
        for segment in contents.segments:
            leaf = SegmentReader(self._index.storage, contents.schema, segment, self.mark)
            self._leaves.append((leaf, base))
            base += leaf.doc_count_all()

    def _close_leaves(self) -> None:
        for leaf, _ in self._leaves:
            leaf.close()

    def _counted(
        self, alternatives: Sequence[Alternative], limit: int | None
    ) -> tuple[Ids, Scores]:
        """Rows that hold one of the terms, each once, and how often, by whichever counts most."""
        rows: list[Ids] = []
        counts: list[Scores] = []
        for alternative in alternatives:
            for found, of_each in self._postings(alternative.text):
                rows.append(found[:limit])
                counts.append(of_each[:limit] * alternative.weight)
        if not rows:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        found, times = np.concatenate(rows), np.concatenate(counts)
        if len(rows) <= len(self._leaves) and len(alternatives) == 1:
            return found, times
        found, _, times = most(found, np.zeros_like(found), times, 1)
        return found, times

    def _postings(self, term: str) -> Iterator[tuple[Ids, Scores]]:
        """Rows that hold ``term``, segment by segment, and how often."""
        wanted = encoded(term)
        for leaf, base in self._leaves:
            with self._lock:
                try:
                    info = leaf._terms.term_info(_FIELD, wanted)
                except TermNotFound:
                    continue
                places, counts = arrays(leaf._terms._postfile, info)
            yield np.add(places, base, dtype=np.int64), counts.astype(np.float64)


def _schema() -> Any:
    field = fields.FieldType(formats.Existence(), None)
    return fields.Schema(**{_FIELD: field})


def _fill(writer: SegmentWriter, segment: Segment) -> None:
    """Write passages and their postings into a Whoosh segment."""
    for place in range(len(segment)):
        writer.perdocwriter.start_doc(place)
        writer.perdocwriter.finish_doc()
    begins, places, counts = segment.postings()
    ends = begins.tolist()
    writer.fieldwriter.start_field(_FIELD, writer.schema[_FIELD])
    for at, word in enumerate(segment.words):
        of_term = slice(ends[at], ends[at + 1])
        writer.fieldwriter.add_term(word, places[of_term], counts[of_term])
    writer.fieldwriter.finish_field()
    writer.docnum = len(segment)
    writer._added = True
