"""Ranking formulas, one small pure function each.

Arrays are float32 or float64 of equal shape; every function returns float64.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings

Floats = npt.NDArray[np.floating]
Scores = npt.NDArray[np.float64]

#: BM25's saturation of term frequency and its normalisation by length, see Robertson & Zaragoza,
#: "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. Length counts for less than the
#: usual 0.75, as passages are cut to be of much the same length.
K1 = 1.2
B = 0.6

#: The BM25 score whose arc tangent is half of the most there is.
BM25_SCALE = 12.0
#: The most that words can add to a cosine.
WORDS_WEIGHT = 1.25
#: How strongly a passage that matches little of the query is held down.
COVERAGE_EXPONENT = 0.75

#: What part of the way from near to 1 the nearest passage lies on if the encoder is not sure at all
#: of what it found, and if it is quite sure, …
SURE_FROM, SURE = 0.375, 0.625
#: … and how far the legs must agree for words to count in full even then.
CREDIBLE = 0.6

#: How many of the best passages say what the others are to be like, …
FEEDBACK_PASSAGES = 10
#: … how far behind the best one in score a passage has an e-th of its say, …
FEEDBACK_SPREAD = 0.05
#: … and the most that being like them in meaning, …
FEEDBACK_WEIGHT = 0.25
#: … or, where the legs agree, in words can add to a score; …
COMMON_WEIGHT = 0.6
#: … for which so many words of theirs are taken.
COMMON_WORDS = 20
#: How many of the first passages of each leg tell whether they agree.
_AGREEING = 10


def inverse_document_frequency(
    document_frequency: npt.NDArray[np.integer] | Floats, documents: int
) -> Scores:
    """ln(1 + (N - n + 0.5) / (n + 0.5)), never negative.

    Robertson & Spärck Jones's weight ("Relevance weighting of search terms", 1976) with one added
    inside the logarithm, as Lucene has it (BM25Similarity).

    Args:
        document_frequency: How many passages hold each term (n).
        documents: How many passages there are (N).
    """
    n = np.minimum(np.asarray(document_frequency, dtype=np.float64), documents)
    result: Scores = np.log1p((documents - n + 0.5) / (n + 0.5))
    return result


def bm25(idf: Floats, term_frequency: Floats, length: Floats, average_length: float) -> Scores:
    """The BM25 share of a term in a passage.

    idf · tf · (k1 + 1) / (tf + k1 · (1 - b + b · length / average length)), after Robertson &
    Zaragoza 2009, with k1 = `K1` and b = `B`. A passage's score is the sum over the query's terms.

    Args:
        idf: The term's weight, see `inverse_document_frequency`.
        term_frequency: How often the passage holds the term.
        length: How many terms the passage has.
        average_length: How many terms a passage has on average; greater than zero.
    """
    tf = np.asarray(term_frequency, dtype=np.float64)
    norm = K1 * (1.0 - B + B * np.asarray(length, dtype=np.float64) / average_length)
    result: Scores = np.asarray(idf, dtype=np.float64) * tf * (K1 + 1.0) / (tf + norm)
    return result


def greatest_bm25(idf: Floats) -> float:
    """The BM25 score that no passage can exceed: Σ idf · (k1 + 1), the limit of `bm25` in tf.

    Args:
        idf: The weights of all terms of the query, those included that no passage holds.
    """
    return float(np.sum(idf)) * (K1 + 1.0)


def covered_scale(
    cosine: Floats,
    bm25_score: Floats,
    greatest: float,
    understood: float = 1.0,
    believed: float = 1.0,
) -> Scores:
    """Understood · cosine + believed · 1.25 · c^0.75 · (2/π) · atan(BM25 / 12).

    c is BM25 / greatest.

    Meaning and words on one absolute scale: unlike min-max or rank fusion, the score of a hit does
    not depend on the other hits, so that a threshold on it means the same for every query.

    The arc tangent is taken from Vespa's hybrid search tutorial (cosine + atan(BM25 / 8)). By
    itself it gives a passage that shares one chance word with a long question nearly as much as one
    that holds all of a short one. The factor c, how much of what the query could score the passage
    does score, tells the two apart: it is near 0 for the former and near 1 for the latter. Weight,
    exponent and scale were chosen on seven collections at once, see benchmarks/RANKING.md.

    Args:
        cosine: Cosine similarities, -1 to 1.
        bm25_score: BM25 scores, 0 or more.
        greatest: The query's `greatest_bm25`; 0 if the query has no terms.
        understood: How much the cosines are to count, see `search.understanding`.
        believed: How much the words are to count, see `belief`.

    Returns:
        Scores from -1 to 2.25.
    """
    words = np.asarray(bm25_score, dtype=np.float64)
    covered = np.clip(words / greatest, 0.0, 1.0) if greatest > 0.0 else np.zeros_like(words)
    result: Scores = understood * np.asarray(cosine, dtype=np.float64) + (
        believed
        * WORDS_WEIGHT
        * covered**COVERAGE_EXPONENT
        * (2.0 / np.pi)
        * np.arctan(words / BM25_SCALE)
    )
    return result


def agreement(cosine: Floats, bm25_score: Floats) -> float:
    """How far what is nearest in meaning has the words, too.

    The mean BM25 score of the ten passages nearest in meaning over that of the ten best by words.
    Where it is low, one of the legs is on a wrong track, and what the best passages have in common
    may come of that; which of the two it is does not show by itself, see `belief`. The form is our
    own.

    Args:
        cosine: Cosine similarities of all candidates of both legs.
        bm25_score: Their BM25 scores, 0 or more.

    Returns:
        0 to 1; 0 if no passage has a word of the query.
    """
    words = np.asarray(bm25_score, dtype=np.float64)
    nearest = np.argsort(-np.asarray(cosine, dtype=np.float64), kind="stable")[:_AGREEING]
    most = np.sort(words)[::-1][:_AGREEING].sum()
    return float(words[nearest].sum() / most) if most > 0.0 else 0.0


def belief(cosine: Floats, agreed: float, near: float, understood: float = 1.0) -> float:
    """How much words are to count beside meaning.

    1 - understood · sure · (1 - min(1, agreed / 0.6)), where sure grows from 0 to 1 as the nearest
    passage comes from 3/8 to 5/8 of the way from ``near`` to 1.

    If the legs disagree although the encoder understands the query and has found passages that are
    near to it indeed, the question is put in other words than its answer, and those that share
    its words do so by chance. An encoder that finds nothing so near, or does not understand,
    proves nothing against words. The form is our own; its constants were chosen on questions whose
    words were replaced, see benchmarks/RANKING.md.

    Args:
        cosine: Cosine similarities of all candidates of both legs.
        agreed: How far the legs agree, see `agreement`.
        near: From where on two texts count as near one another, see `search.calibration`.
        understood: How much the encoder understands of the query, see `search.understanding`.

    Returns:
        0 to 1.
    """
    nearest = float(np.max(cosine, initial=-1.0))
    way = (nearest - near) / (1.0 - near) if near < 1.0 else 0.0
    sure = min(1.0, max(0.0, (way - SURE_FROM) / (SURE - SURE_FROM)))
    return 1.0 - understood * sure * (1.0 - min(1.0, agreed / CREDIBLE))


def say_of_best(scores: Floats) -> tuple[npt.NDArray[np.int64], Scores]:
    """Which passages are the best, and how much say each has in what others are to be like.

    The best `FEEDBACK_PASSAGES` are weighted by exp((score - best score) / `FEEDBACK_SPREAD`), so
    that a clear winner is left alone.

    Args:
        scores: Scores so far, such as `covered_scale` gives them; equal ones go by order.

    Returns:
        Their places, best first, and their say, which adds up to 1.
    """
    values = np.asarray(scores, dtype=np.float64)
    best = np.argsort(-values, kind="stable")[:FEEDBACK_PASSAGES]
    say = np.exp((values[best] - values[best].max(initial=-np.inf)) / FEEDBACK_SPREAD)
    return best, say / max(float(say.sum()), 1e-12)


def likeness_to_best(scores: Floats, embeddings: Embeddings) -> Scores:
    """The cosine of each passage with the middle of the best ones.

    Feedback without anybody's judgement: what the first passages found have in common says more of
    what is asked for than the query alone (Rocchio, "Relevance feedback in information retrieval",
    1971). Here it only reorders the candidates.

    Args:
        scores: Scores so far, which `say_of_best` takes.
        embeddings: The passages' embeddings, unit rows.

    Returns:
        Cosines, -1 to 1; `FEEDBACK_WEIGHT` times these is to be added to the scores.
    """
    best, say = say_of_best(scores)
    middle = say @ embeddings[best].astype(np.float64)
    result: Scores = embeddings @ (middle / max(float(np.linalg.norm(middle)), 1e-12))
    return result
