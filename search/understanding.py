"""Does the encoder understand a query at all?

An encoder is trained on some languages. Texts in others, and codes, it takes for heaps of letters:
they still get embeddings, and high cosines, but these say next to nothing. It is found out by
asking the encoder about a garbled twin of the query, in which neighbouring letters have changed
places. To one who can read it, the twin is something else; to one who sees letters only, nearly the
same. Measured with all-MiniLM-L6-v2, the median cosine of query and twin is 0.01 to 0.13 in
English, 0.28 in German, 0.42 in Spanish and 0.7 to 0.85 in Greek, Russian, Arabic and Hindi.

Encoding the twin takes longer than encoding the query. Mostly it can be spared: where the tokenizer
has the words whole, and falls back on letters in the twin, the encoder was made for such words.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import regex

from search.encoders.base import Tokenizer

#: How steeply trust falls as the twin comes nearer; chosen with benchmarks/fusion_study.py.
EXPONENT = 8

#: A query shows by its pieces alone that it is understood if it has so many words, so much of its
#: letters in words that only the twin has in pieces, and so many letters to a piece on average:
#: Vietnamese has short words that are whole. The more words, the less hangs on a name among them.
_EVIDENT = ((20, 0.5, 3.2), (4, 0.6, 3.5))
#: So many words are enough to tell by: the rest changes none of 25,000 verdicts. In a text that is
#: not ASCII another script may follow, so there all are looked at.
_ENOUGH = 32

_WORD = regex.compile(r"[\p{L}\p{M}]+")
#: Scripts without spaces, in which letters that change places may be words that do.
_RUNNING = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_CLUSTER = regex.compile(r"\X")
#: Two letters of ASCII, each of which is a cluster of its own.
_PAIR = regex.compile("([A-Za-z])([A-Za-z])")


def garbled(text: str) -> str:
    """``text`` with the letters of each word in other places; those of running scripts replaced.

    Numbers and single letters stay as they are.
    """
    if text.isascii():
        return _PAIR.sub(r"\2\1", text)
    return _WORD.sub(lambda match: _garbled_word(match.group()), text)


def understood(cosine: float, near: float) -> float:
    """How much an encoder's cosines are to count for a query, from 0 to 1.

    ((1 - cosine) / (1 - near))⁸: 1 as long as the twin is no nearer than unrelated texts are.

    The form is our own; `EXPONENT` was chosen by measuring.

    Args:
        cosine: Of the query and its garbled twin.
        near: From where on two texts count as near one another, see `search.calibration`.
    """
    if near >= 1.0:
        return 1.0
    return min(1.0, max(0.0, (1.0 - cosine) / (1.0 - near))) ** EXPONENT


def evidently_understood(text: str, tokenizer: Tokenizer) -> bool:
    """Whether the pieces of a query alone show that the encoder understands it.

    False says nothing. Of the questions of six English collections 69 to 99 in 100 show it, of
    those in eleven other languages one in 300; see benchmarks/RANKING.md.

    The test is our own; its constants were chosen by measuring.

    Args:
        text: The query.
        tokenizer: That of the encoder.
    """
    is_ascii = text.isascii()
    matches = islice(_WORD.finditer(text), _ENOUGH if is_ascii else None)
    words = np.array([match.span() for match in matches], dtype=np.int64)
    bars = next((bars for bars in _EVIDENT if len(words) >= bars[0]), None)
    if bars is None or (not is_ascii and _RUNNING.search(text)):
        return False
    if is_ascii and len(words) == _ENOUGH:
        text = text[: words[-1, 1]]
    letters = words[:, 1] - words[:, 0]
    # Some tokenizers count the blank before a word to its first piece.
    words[:, 0] -= [text[start - 1 : start].isspace() for start in words[:, 0].tolist()]
    own, twin = (
        starts.searchsorted(words[:, 1]) - starts.searchsorted(words[:, 0])
        for starts in tokenizer.piece_starts([text, garbled(text)])
    )
    whole = int(letters[(own == 1) & (twin > 1)].sum())
    total = int(letters.sum())
    return whole >= bars[1] * total and total >= bars[2] * int(own.sum())


def _garbled_word(word: str) -> str:
    if word.isascii():
        return _PAIR.sub(r"\2\1", word)
    if _RUNNING.search(word):
        return "".join(chr(ord(c) + 7) if _RUNNING.match(c) else c for c in word)
    clusters = _CLUSTER.findall(word)
    for place in range(0, len(clusters) - 1, 2):
        clusters[place : place + 2] = clusters[place + 1], clusters[place]
    return "".join(clusters)
