"""What in a passage carried its nearness to a query: the sentence, and the words within it.

An embedding that is the mean of its pieces' vectors, brought to length 1, has a cosine that is a
sum over the pieces, exactly (`shares`). The words to mark are those whose share exceeds by most
what the passage's own embedding would make it. The sentence is chosen piece by piece of the query:
each counts by the piece that comes nearest to it in the sentence. That is the late interaction of
Khattab and Zaharia, "ColBERT", SIGIR 2020; of all that was tried it found the most answers (see
benchmarks/HIGHLIGHTS.md).

Encoders that pool otherwise tell nothing of pieces. There each sentence is embedded by itself and
compared with the query, and no words are marked.

Words that match the query's are another matter, see `search.snippets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from search.analysis import located_terms
from search.context import embedded_text
from search.encoders.base import Encoder, PieceVectors
from search.models import Hit, Meaning, Span
from search.sentences import Sentence, sentences

#: A sentence stands out if it comes nearer to the query than the next does by this part of the
#: distance that the next leaves.
STANDS_OUT = 0.1
#: Most words marked in a sentence.
_WORDS = 3
#: A word is marked if it carries at least this part of what the first does.
_LEAST = 1 / 3

Floats = npt.NDArray[np.float32]


def meaning_marks(encoder: Encoder, query: str, hits: Sequence[Hit]) -> list[Meaning]:
    """What to mark in ``hits``, one for each.

    The encoder runs once over the query and once over all passages, so this takes longer than
    finding them did; show the hits first.

    Args:
        encoder: The encoder that the passages were embedded with.
        query: The query's text.
        hits: Hits as `search.engine.Engine.search` gives them.

    Raises:
        EncoderError: The model failed.
    """
    if not hits:
        return []
    split = [sentences(hit.text) for hit in hits]
    asked = encoder.query_pieces(query)
    if asked is None:
        return _by_sentences(encoder, query, hits, split)
    texts = [_embedded(hit, hit.text) for hit in hits]
    pieces = encoder.passage_pieces(texts)
    if pieces is None:
        return _by_sentences(encoder, query, hits, split)
    return [
        _by_pieces(asked, of_hit, hit, len(text) - len(hit.text), found)
        for hit, found, text, of_hit in zip(hits, split, texts, pieces, strict=True)
    ]


def shares(pieces: PieceVectors, query: Floats) -> Floats:
    """What each piece of a text adds to the cosine of its embedding and ``query``.

    With pieces h₁…hₙ the embedding is h̄/|h̄|, so that cos = q·h̄/|h̄| = Σ q·hᵢ/(n|h̄|).

    Args:
        pieces: The text's pieces.
        query: float32, shape ``(dimension,)``, of length 1.

    Returns:
        float32, one for each piece; they add up to the cosine.
    """
    length = np.linalg.norm(pieces.vectors.mean(axis=0))
    share: Floats = pieces.vectors @ query / (len(pieces.vectors) * max(float(length), 1e-12))
    return share


def above_baseline(pieces: PieceVectors, query: Floats) -> Floats:
    """The `shares` of the pieces, less what each would have of the passage's own embedding.

    A piece that lies where the whole passage lies carries nothing in particular. What is left is
    how the cosine changes as the piece counts for more (its derivative); it adds up to nought.

    Args:
        pieces: The text's pieces.
        query: float32, shape ``(dimension,)``, of length 1.

    Returns:
        float32, one for each piece.
    """
    mean = pieces.vectors.mean(axis=0)
    share = shares(pieces, query)
    own = shares(pieces, mean / max(float(np.linalg.norm(mean)), 1e-12))
    above: Floats = share - share.sum() * own
    return above


def nearest_pieces(asked: PieceVectors, pieces: PieceVectors) -> Floats:
    """The cosine of each piece of a query with each of a passage, shape (query, passage).

    Pieces of the query that stand nowhere in it, special ones and a prompt's, are left out.
    """
    said = asked.vectors[asked.spans[:, 1] > asked.spans[:, 0]]
    return _units(said) @ _units(pieces.vectors).T


def owners(pieces: PieceVectors, found: Sequence[Sentence], at: int = 0) -> npt.NDArray[np.int64]:
    """The number of the sentence that each piece begins in, -1 for pieces outside of all.

    Args:
        pieces: The pieces of a text.
        found: Sentences of what stands in that text from character ``at`` on.
        at: Where the sentences' offsets count from.

    Returns:
        int64, one for each piece.
    """
    starts = np.array([sentence.start for sentence in found], dtype=np.int64)
    ends = np.array([sentence.end for sentence in found], dtype=np.int64)
    first = pieces.spans[:, 0] - at
    owner = np.searchsorted(starts, first, side="right") - 1
    within = (owner >= 0) & (first < ends[owner]) & (pieces.spans[:, 1] - at > first)
    return np.where(within, owner, -1)


def outstanding(scores: Floats) -> int | None:
    """Which of several sentences stands out by its score, a cosine or a mean of such; or None.

    Args:
        scores: float32, one for each sentence.
    """
    if len(scores) < 2:
        return None
    best = int(np.argmax(scores))
    following = float(np.delete(scores, best).max())
    lead = float(scores[best]) - following
    return best if lead > 0.0 and lead >= STANDS_OUT * (1.0 - following) else None


def _by_pieces(
    asked: PieceVectors, pieces: PieceVectors, hit: Hit, at: int, found: Sequence[Sentence]
) -> Meaning:
    """What to mark in a hit whose text stands from character ``at`` on in what was embedded."""
    near = nearest_pieces(asked, pieces)
    if len(found) < 2 or not len(near):
        return Meaning()
    owner = owners(pieces, found, at)
    # A passage longer than the encoder reads has sentences without pieces.
    read = [number for number in range(len(found)) if (owner == number).any()]
    scores = [near[:, owner == number].max(axis=1).mean() for number in read]
    chosen = outstanding(np.array(scores, dtype=np.float32))
    if chosen is None:
        return Meaning()
    number = read[chosen]
    mean = asked.vectors.mean(axis=0)
    carried = above_baseline(pieces, mean / max(float(np.linalg.norm(mean)), 1e-12))
    inside = owner == number
    words = _words(hit, found[number], pieces.spans[inside, 0] - at, carried[inside])
    return Meaning(Span(found[number].start, found[number].end), words)


def _words(
    hit: Hit, sentence: Sentence, starts: npt.NDArray[np.int64], carried: Floats
) -> tuple[Span, ...]:
    """The words of a sentence that carried most; ``starts`` is where its pieces begin."""
    carrying: dict[Span, float] = {}
    for term in located_terms(hit.text[sentence.start : sentence.end], hit.language):
        word = Span(sentence.start + term.start, sentence.start + term.end)
        carrying[word] = float(carried[(starts >= word.start) & (starts < word.end)].sum())
    chosen: list[Span] = []
    for word in sorted(carrying, key=lambda word: (-carrying[word], word.start)):
        least = _LEAST * carrying[chosen[0]] if chosen else 0.0
        if len(chosen) == _WORDS or carrying[word] <= least:
            break
        if not _overlaps(word, chosen):
            chosen.append(word)
    return tuple(sorted(chosen, key=lambda word: word.start))


def _overlaps(word: Span, others: Iterable[Span]) -> bool:
    return any(word.start < other.end and other.start < word.end for other in others)


def _by_sentences(
    encoder: Encoder, query: str, hits: Sequence[Hit], split: Sequence[Sequence[Sentence]]
) -> list[Meaning]:
    """What to mark if the encoder tells nothing of pieces: sentences embedded by themselves."""
    texts = [
        _embedded(hit, hit.text[sentence.start : sentence.end])
        for hit, found in zip(hits, split, strict=True)
        for sentence in found
        if len(found) > 1
    ]
    cosines = iter((encoder.encode_passages(texts) @ encoder.encode_query(query)).tolist())
    marks = []
    for found in split:
        scores = list(islice(cosines, len(found))) if len(found) > 1 else []
        chosen = outstanding(np.array(scores, dtype=np.float32))
        sentence = None if chosen is None else found[chosen]
        marks.append(Meaning(sentence and Span(sentence.start, sentence.end)))
    return marks


def _embedded(hit: Hit, text: str) -> str:
    """What the encoder was given for ``text``; a hit without a title shows its file's name."""
    title = "" if hit.title == PurePosixPath(hit.path).name else hit.title
    return embedded_text(title, hit.headings, text)


def _units(vectors: Floats) -> Floats:
    """The rows brought to length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = vectors / np.maximum(lengths, 1e-12)
    return units
