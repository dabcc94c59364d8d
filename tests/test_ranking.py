"""What a candidate's score is made of, over a small collection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from search import ranking
from search.encoders import HashingEncoder
from search.engine import Engine
from search.fusion import (
    COMMON_WEIGHT,
    FEEDBACK_WEIGHT,
    covered_scale,
    likeness_to_best,
    say_of_best,
)
from search.models import Mode
from search.queries import parse
from search.ranking import asked_of, retrieve

Build = Callable[..., Engine]
ORCHARD = {
    "apples__txt": "Red apples grow on old trees in the orchard.",
    "pears__txt": "Yellow pears grow on young trees in the garden.",
    "cherries__txt": "Birds eat the cherries from old trees in the orchard.",
    "ships__txt": "Steel ships sail slowly over the northern ocean.",
}
ASKED = "red apples of old trees"


@pytest.mark.parametrize("trust", [1.0, 0.5, 0.0])
def test_trust_weighs_all_that_rests_on_meaning_and_doubt_the_words(
    indexed: Build, trust: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Legs that agree by half of what is wanted, and an encoder that is sure.
    monkeypatch.setattr(ranking, "agreement", lambda *_: 0.3)
    near, believed = -1.0, 1.0 - trust * 0.5
    engine = indexed(**ORCHARD)
    vector = HashingEncoder().encode_query(ASKED)
    with engine.collection.snapshot() as snapshot:
        asked = asked_of(snapshot, parse(ASKED))
        pool = retrieve(snapshot, Mode.HYBRID, vector, asked, near, trust, None, however_far=True)
        assert pool is not None
        assert pool.cosines is not None
        assert pool.bm25 is not None
        assert len(pool.ids) == len(ORCHARD)
        greatest = snapshot.keywords.greatest_score(asked.words)
        # Over the candidates by number, as ties among the best go by it.
        by_id = np.argsort(pool.ids)
        ids, cosines, bm25 = pool.ids[by_id], pool.cosines[by_id], pool.bm25[by_id]
        both = covered_scale(cosines, bm25, greatest, trust, believed)
        best, say = say_of_best(both)
        like = likeness_to_best(both, snapshot.vectors.vectors(ids))
        common = snapshot.keywords.likeness(ids, ids[best], say)
    meaning = FEEDBACK_WEIGHT * like + COMMON_WEIGHT * 0.3 * common
    assert pool.scores[by_id] == pytest.approx(both + trust * meaning, abs=1e-6)
    if not trust:
        words = 1.25 * (bm25 / greatest) ** 0.75 * (2 / np.pi) * np.arctan(bm25 / 12)
        assert pool.scores[by_id] == pytest.approx(words, abs=1e-9)
