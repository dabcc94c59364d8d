"""Does anything in the collection answer a question, or is the best found no more than the best?

A score says little by itself: it depends on the encoder, and the more passages there are, the
nearer one of them comes to any question at all. So a collection is asked a dozen questions that
have nothing to do with it, nor with one another (`search.calibration`). What the best passage
reaches on average is one end of a scale; the other is what a good answer scores with this encoder.
A hit below the middle between the two is weak, unless its words or its meaning alone speak for it:
a question in quite other words than its answer scores low, too. If the first hits are all weak,
nothing answers.

The form is our own. Its constants were chosen on twelve collections at once; see
benchmarks/RANKING.md, and ``make bench-unanswered`` for what leaving one of them out gives.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
import numpy.typing as npt

from search.calibration import UNRELATED
from search.collection import Collection, Snapshot
from search.encoders.base import Encoder
from search.hits import Pool
from search.models import Mode, Query
from search.ranking import asked_of, retrieve

#: What words and likeness to the best passages add to the cosine of a good hybrid hit.
WORDS_ADD = 0.4
#: What is left of the bar where the encoder understands nothing, so that words alone count.
LEFT_TO_WORDS = 0.15
#: A hit with this part of the greatest possible BM25 score is never weak, …
ENOUGH_WORDS = 0.3
#: … nor one whose cosine lies this part of the way from near to 1.
ENOUGH_MEANING = 0.2
#: How many of the first hits must be weak for the verdict.
FIRST = 3
#: From how many passages on only so many, evenly taken, are asked.
_SAMPLE = 50_000
#: By what part the number of passages may change before the questions are asked anew.
_DRIFT = 0.1
#: Raised whenever hybrid scores change, so that what was found before no longer holds.
_SCORING = 4


class Reached(msgspec.Struct, frozen=True):
    """How far questions get that have nothing to do with a collection.

    Attributes:
        encoder: Digest of the encoder.
        passages: How many passages there were.
        hybrid: The median of the best hybrid scores, and …
        cosine: … of the greatest cosines.
        scoring: Which version of the hybrid scores that is.
    """

    encoder: str
    passages: int
    hybrid: float
    cosine: float
    scoring: int = 1


@dataclass(frozen=True, slots=True)
class Bars:
    """What a hit must reach not to be weak: either is enough.

    Attributes:
        score: In hybrid search, for a query that the encoder understands.
        cosine: By meaning alone.
    """

    score: float
    cosine: float


def bars(reached: Reached, near: float) -> Bars:
    """What a hit must reach in a collection.

    The score: the middle between what unrelated questions reach and what a good hit does, whose
    cosine is taken to lie in the middle between ``near`` and 1, with `WORDS_ADD`. The cosine:
    `ENOUGH_MEANING` of the way from ``near`` to 1, but no less than unrelated questions reach.

    Args:
        reached: What unrelated questions reach in the collection.
        near: The least cosine that counts as near, see `search.calibration`.
    """
    good = (1.0 + near) / 2.0 + WORDS_ADD
    enough = near + ENOUGH_MEANING * (1.0 - near)
    return Bars((reached.hybrid + good) / 2.0, max(enough, reached.cosine))


def weak(pool: Pool, mode: Mode, bar: Bars, trust: float, greatest: float) -> npt.NDArray[np.bool_]:
    """Which passages of a pool are weak matches.

    Args:
        pool: What matches.
        mode: How it was searched; in keyword search only the words are looked at.
        bar: As `bars` gives it.
        trust: How much the cosines counted, see `search.understanding`.
        greatest: The query's `search.fusion.greatest_bm25`.

    Returns:
        bool, one for each passage.
    """
    if pool.bm25 is None:
        return pool.scores < bar.cosine
    wordless: npt.NDArray[np.bool_] = pool.bm25 < ENOUGH_WORDS * greatest
    if mode is Mode.KEYWORD or pool.cosines is None:
        return wordless
    needed = bar.score * (LEFT_TO_WORDS + (1.0 - LEFT_TO_WORDS) * trust)
    return wordless & (pool.scores < needed) & (trust * pool.cosines < bar.cosine)


def unanswered(pool: Pool) -> bool:
    """Whether the first hits of a pool, of which it is known which are weak, are all weak."""
    return pool.weak is not None and bool(pool.weak[:FIRST].all())


class Calibration:
    """Finds the bars of a collection, and remembers them; safe to use from several threads.

    What was found is kept in the cache folder, so that a program which asks one question and ends
    need not find it out each time.

    Args:
        cache: The cache folder.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: tuple[Path, Reached] | None = None
        self._guard = threading.Lock()

    def bars(self, collection: Collection, snapshot: Snapshot, encoder: Encoder) -> Bars:
        """The bars of a collection.

        Args:
            collection: The collection.
            snapshot: What is searched of it.
            encoder: Its encoder.

        Raises:
            EncoderError: The model failed.
        """
        near, passages = collection.manifest.near, len(snapshot.vectors)
        with self._guard:
            if self._known is None or self._known[0] != collection.build:
                kept = _read(self._file(collection.build))
                self._known = (collection.build, kept) if kept else None
            if self._known is None or not _holds(self._known[1], encoder, passages):
                reached = reached_in(snapshot, encoder, near)
                self._known = collection.build, reached
                self._keep(reached, collection.build)
            return bars(self._known[1], near)

    def _file(self, build: Path) -> Path:
        name = hashlib.sha256(os.fsencode(build.absolute())).hexdigest()[:32]
        return self._cache / "unrelated" / f"{name}.json"

    def _keep(self, reached: Reached, build: Path) -> None:
        path = self._file(build)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # it is found out anew the next time
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(reached))
            draft.replace(path)


def reached_in(snapshot: Snapshot, encoder: Encoder, near: float) -> Reached:
    """How far unrelated questions get in a collection, or in `_SAMPLE` passages of a larger one.

    Args:
        snapshot: What is searched.
        encoder: The collection's encoder.
        near: The least cosine that counts as near.

    Raises:
        EncoderError: The model failed.
    """
    allowed = None
    ids = np.sort(snapshot.vectors.ids())
    if len(ids) > _SAMPLE:
        allowed = ids[np.linspace(0, len(ids) - 1, _SAMPLE).astype(np.int64)]
    scores, cosines = [0.0], [0.0]
    for question, _ in UNRELATED if len(ids) else ():
        asked = asked_of(snapshot, Query(question, words=question))
        vector = encoder.encode_query(question)
        pool = retrieve(snapshot, Mode.HYBRID, vector, asked, near, 1.0, allowed, however_far=True)
        if pool is not None and pool.cosines is not None:
            scores.append(float(pool.scores[0]))
            cosines.append(float(pool.cosines.max()))
    hybrid, cosine = median(scores[1:] or scores), median(cosines[1:] or cosines)
    return Reached(encoder.spec.digest, len(ids), hybrid, cosine, _SCORING)


def _holds(reached: Reached, encoder: Encoder, passages: int) -> bool:
    """Whether what was found out before is still good enough."""
    drift = abs(passages - reached.passages)
    same = (reached.encoder, reached.scoring) == (encoder.spec.digest, _SCORING)
    return same and drift <= _DRIFT * passages


def _read(path: Path) -> Reached | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Reached)
    except (OSError, msgspec.DecodeError):
        return None
