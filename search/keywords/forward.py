"""What is known of every passage without asking an engine: its terms, its length, its BM25 score.

"Exact scores": whatever the engine finds is scored here over all words of the query, from the
entries of the passages themselves, and how many passages hold a term is counted here. So scores do
not depend on the engine, nor on how the collection came to hold what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from search.asking import Wanted
from search.fusion import K1, B
from search.keywords.segments import Segment, merged
from search.numbering import Numbering
from search.reading import Ids

#: Segments of up to so many passages are always put together with what is added, …
_SMALL = 250
#: … larger ones only up to so many, which an update of one file has time for, …
_COPIED = 8_000
#: … and none grows beyond so many, which bounds the memory that it takes.
LARGEST = 100_000
#: How many terms are remembered with the places they stand at.
_REMEMBERED = 100_000

Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What an update does to a forward index, for an engine to follow.

    Attributes:
        gone: Numbers of the passages that are gone, int64.
        added: The passages that are new.
        kept: The places of the segments that stay.
        written: The segments that come behind those: the new passages and, put together with
            them, those of the small segments that do not stay.
        after: The forward index with all that done.
    """

    gone: Ids
    added: tuple[Segment, ...]
    kept: tuple[int, ...]
    written: tuple[Segment, ...]
    after: Forward


class Forward:
    """A forward index; never changed, and safe for several threads.

    A passage's *row* is its place in all segments together, dead ones included.

    Args:
        segments: The segments.
        dead: Of each segment the places of the passages that are gone, int64, ascending.
    """

    def __init__(self, segments: Sequence[Segment], dead: Sequence[Ids]) -> None:
        self.segments = tuple(segments)
        self.dead = tuple(dead)
        self.bases = np.cumsum([0, *map(len, segments)])
        self.rows = int(self.bases[-1])
        self.numbers: Ids = _joined([segment.numbers for segment in segments], np.dtype("i8"))
        lengths: Scores = _joined([s.lengths for s in segments], np.dtype("f8"))
        self.live = np.ones(self.rows, dtype=bool)
        for base, gone in zip(self.bases.tolist(), dead, strict=False):
            self.live[base + gone] = False
        self.all_live = bool(self.live.all())
        rows = np.flatnonzero(self.live)
        numbers = self.numbers if self.all_live else self.numbers[rows]
        ascending = bool((numbers[1:] >= numbers[:-1]).all())
        if not ascending:
            order = np.argsort(numbers, kind="stable")
            rows, numbers = rows[order], numbers[order]
        self.ids = numbers
        self._numbering = Numbering(numbers)
        # Mostly a row's place among the numbers is the row itself, and there are many.
        self._by_number = None if ascending and self.all_live else rows
        self.average_length = max(1.0, float(lengths[rows].sum()) / max(1, len(rows)))
        self.norms = K1 * (1.0 - B + B / self.average_length * lengths)
        self._known: dict[str, tuple[tuple[int, ...], int]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def located(self, ids: Ids) -> tuple[Ids, Mask]:
        """Rows of those of the passages ``ids`` that are here, and which these are."""
        at, known = self._numbering.places(ids)
        places = at[known]
        return places if self._by_number is None else self._by_number[places], known

    def frequency(self, term: str) -> int:
        """How many passages hold ``term``."""
        return self._look_up(term)[1]

    def terms(self) -> list[str]:
        """All terms that passages hold, in alphabetical order."""
        found: set[str] = set()
        for segment, counts in zip(self.segments, self.frequencies, strict=True):
            words = segment.words.texts()
            if counts is segment.frequencies:
                found.update(words)
            else:
                found.update(words[at] for at in np.flatnonzero(counts).tolist())
        return sorted(found)

    def beginning(self, start: str) -> set[str]:
        """All terms that begin with ``start``."""
        return {
            segment.words[at].decode()
            for segment, counts in zip(self.segments, self.frequencies, strict=True)
            for at in segment.words.beginning(start)
            if counts[at]
        }

    def spread(self, count: int) -> list[int]:
        """Rows of up to ``count`` living passages, as far apart as may be."""
        ids = self.ids
        first = [int(part[0]) for part in np.array_split(np.arange(len(ids)), count) if len(part)]
        rows, _ = self.located(ids[first])
        found: list[int] = rows.tolist()
        return found

    def some_terms(self, row: int, count: int) -> list[str]:
        """Up to ``count`` terms of the passage at ``row``, from everywhere in it."""
        at = int(np.searchsorted(self.bases, row, "right")) - 1
        segment = self.segments[at]
        places, _ = segment.entries(np.array([row - self.bases[at]]))
        parts = np.array_split(segment.terms[places], count)
        return [segment.words[int(part[0])].decode() for part in parts if len(part)]

    def scores(self, wanted: Sequence[Wanted], rows: Ids) -> Scores:
        """BM25 over all of the words ``wanted``, float64, of the passages at ``rows``, int64."""
        of_row, _, shares = self.shares(wanted, rows)
        return np.bincount(of_row, weights=shares, minlength=len(rows)).astype(np.float64)

    def shares(self, wanted: Sequence[Wanted], rows: Ids) -> tuple[Ids, Ids, Scores]:
        """What words give to passages.

        Args:
            wanted: The words, each of which may stand as one of several terms.
            rows: The passages, int64.

        Returns:
            Line by line: the place of a passage in ``rows`` (int64), the place of a word (int64)
            and the word's BM25 share (float64), by whichever of its terms counts most. Words that
            a passage does not hold are left out.
        """
        flat = sorted(
            (alternative.text, word, alternative.weight)
            for word, of in enumerate(wanted)
            for alternative in of.alternatives
        )
        distinct = list(dict.fromkeys(term for term, _, _ in flat))
        place = {term: at for at, term in enumerate(distinct)}
        of_term = np.array([place[term] for term, _, _ in flat], dtype=np.int64)
        owners = np.array([word for _, word, _ in flat], dtype=np.int64)
        factors = np.array([factor for _, _, factor in flat], dtype=np.float64)
        lines, which, counts = self._occurrences(distinct, rows)
        # A term may belong to several words: its entry is taken once for each.
        first = np.searchsorted(of_term, which, "left")
        times = np.searchsorted(of_term, which, "right") - first
        each = np.repeat(first - np.cumsum(times) + times, times) + np.arange(int(times.sum()))
        found, words, weighed = most(
            np.repeat(lines, times),
            owners[each],
            np.repeat(counts, times) * factors[each],
            len(wanted),
        )
        idf = np.array([word.weight for word in wanted])[words]
        return found, words, self.bm25(idf, weighed, rows[found])

    def bm25(self, weight: Scores | float, counts: Scores, rows: Ids) -> Scores:
        """The BM25 share of terms in passages, see `search.fusion.bm25`.

        Args:
            weight: What the terms weigh, float64, one for each passage or one for all.
            counts: How often the passages hold them, float64.
            rows: The passages, int64.
        """
        share: Scores = counts / (counts + self.norms[rows])
        share *= weight
        share *= K1 + 1.0
        return share

    def among(self, rows: Ids, allowed: Ids) -> Mask:
        """Which of the passages at ``rows`` have their numbers in ``allowed``, ascending."""
        numbers = self.numbers[rows]
        at = np.minimum(np.searchsorted(allowed, numbers), len(allowed) - 1)
        return np.asarray(allowed[at] == numbers)

    def changed(self, gone: Ids, added: Sequence[Segment]) -> Change:
        """What it takes to have some passages gone and others added.

        Args:
            gone: Numbers of passages that are gone; those not here are passed over.
            added: The new ones, in segments of up to `LARGEST`.
        """
        going, _ = self.located(gone)
        live = self.live.copy()
        live[going] = False
        left = [live[a:b] for a, b in zip(self.bases[:-1], self.bases[1:], strict=True)]
        kept, joined = _chosen([len(part) for part in left], left, sum(map(len, added)))
        parts = [(self.segments[at], np.flatnonzero(left[at])) for at in joined]
        parts += [(segment, np.arange(len(segment))) for segment in added]
        parts = [(segment, rows) for segment, rows in parts if len(rows)]
        written = (merged(parts),) if joined and parts else tuple(s for s in added if len(s))
        after = Forward(
            [*(self.segments[at] for at in kept), *written],
            [*(np.flatnonzero(~left[at]) for at in kept), *[np.empty(0, np.int64)] * len(written)],
        )
        return Change(self.numbers[going], tuple(added), tuple(kept), written, after)

    def living(self) -> list[Segment]:
        """The segments without the passages that are dead."""
        return [
            merged([(segment, np.setdiff1d(np.arange(len(segment)), dead))])
            if len(dead)
            else segment
            for segment, dead in zip(self.segments, self.dead, strict=True)
        ]

    def _occurrences(self, terms: Sequence[str], rows: Ids) -> tuple[Ids, Ids, Scores]:
        """Which of ``rows`` hold which of the terms, by places, and how often."""
        lines: list[Ids] = [np.empty(0, np.int64)]
        which: list[Ids] = [np.empty(0, np.int64)]
        counts: list[Scores] = [np.empty(0, np.float64)]
        segment_of = np.searchsorted(self.bases, rows, "right") - 1
        for at, segment in enumerate(self.segments):
            here = np.flatnonzero(segment_of == at)
            stand = [(self._look_up(term)[0][at], place) for place, term in enumerate(terms)]
            mark = np.zeros(len(segment.words), dtype=np.uint16)
            for word, place in stand:
                if word >= 0:
                    mark[word] = place + 1
            if not len(here) or not any(word >= 0 for word, _ in stand):
                continue
            places, sizes = segment.entries(rows[here] - self.bases[at])
            marks = mark[segment.terms[places]]
            hits = np.flatnonzero(marks > 0)
            lines.append(here[np.searchsorted(np.cumsum(sizes), hits, "right")])
            which.append(marks[hits].astype(np.int64) - 1)
            counts.append(segment.counts[places[hits]].astype(np.float64))
        return np.concatenate(lines), np.concatenate(which), np.concatenate(counts)

    def _look_up(self, term: str) -> tuple[tuple[int, ...], int]:
        """Where ``term`` stands in each segment, -1 for nowhere, and how many passages hold it."""
        known = self._known.get(term)
        if known is None:
            places = tuple(segment.words.find(term) for segment in self.segments)
            count = sum(
                int(counts[place])
                for place, counts in zip(places, self.frequencies, strict=True)
                if place >= 0
            )
            known = places, count
            if len(self._known) < _REMEMBERED:
                self._known[term] = known
        return known

    @cached_property
    def frequencies(self) -> list[npt.NDArray[np.uint32]]:
        """How many living passages of each segment hold each of its terms."""
        found = []
        for segment, dead in zip(self.segments, self.dead, strict=True):
            counts = segment.frequencies
            if len(dead):
                places, _ = segment.entries(dead)
                gone = np.bincount(segment.terms[places], minlength=len(counts))
                counts = counts - gone.astype(np.uint32)
            found.append(counts)
        return found


def most(rows: Ids, words: Ids, counts: Scores, word_count: int) -> tuple[Ids, Ids, Scores]:
    """Of entries for the same row and word the greatest.

    Args:
        rows: The row of each entry, int64.
        words: Its word, int64, below ``word_count``.
        counts: Its count, float64.
        word_count: How many words there are.

    Returns:
        The same three of those that are left, ordered by row, then word.
    """
    keys = rows * max(1, word_count) + words
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    if not len(starts):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    rows, words = np.divmod(keys[starts], max(1, word_count))
    return rows, words, np.maximum.reduceat(counts, starts)


def _chosen(sizes: Sequence[int], live: Sequence[Mask], added: int) -> tuple[list[int], list[int]]:
    """Which segments stay, and which are put together with what is added.

    From the last one backwards, those no larger than what has come together so far: that keeps
    their number logarithmic, and each passage is copied only as many times. An update of one file
    copies no more than some thousands; a segment is copied at any rate once half of it is dead.
    """
    left = [int(part.sum()) for part in live]
    joined = {at for at, size in enumerate(sizes) if 2 * left[at] < size}
    together = added + sum(left[at] for at in joined)
    for at in reversed(range(len(sizes))):
        if at in joined:
            continue
        if left[at] > min(max(together, _SMALL), max(_COPIED, 2 * added)):
            break
        joined.add(at)
        together += left[at]
    if together > LARGEST:  # too much to be put together in memory
        joined = {at for at in joined if not left[at]}
    return [at for at in range(len(sizes)) if at not in joined], sorted(joined)


def _joined(parts: Sequence[npt.NDArray[np.generic]], dtype: np.dtype[np.generic]) -> npt.NDArray:  # type: ignore[type-arg]
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False)
