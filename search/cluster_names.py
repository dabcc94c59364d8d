"""What sets groups of documents apart, in a few words each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from search.analysis import located_terms
from search.analysis.stopwords import stop_words
from search.collection import Snapshot
from search.context import context_line
from search.reading import Ids
from search.requirements import DocumentFacts
from search.rows import PassageRow

#: How many words a name has, …
_WORDS = 3
#: … and how many documents of a cluster, and passages of each, it is taken from.
_DOCUMENTS = 40
_PASSAGES = 4
#: How much of a passage is looked at, in characters, and the shortest word that says something.
_LOOKED_AT = 1_000
_SHORTEST = 3


def cluster_names(
    snapshot: Snapshot, documents: Sequence[DocumentFacts], clusters: Ids, count: int
) -> tuple[str, ...]:
    """A name for each cluster: the words that set its documents apart from those of the others.

    A word is the better, the more it is at home in the cluster and the less in all others: share ·
    log(1 + share / share elsewhere), which is class-based TF-IDF (Grootendorst, "BERTopic: neural
    topic modeling with a class-based TF-IDF procedure", 2022). A document adds to the share of a
    word the root of the share of its passages that have it, so that no single long one names its
    cluster.

    Args:
        snapshot: What the documents stand in.
        documents: The documents.
        clusters: The cluster of each, int64.
        count: How many clusters there are.

    Returns:
        Names such as "bread, yeast, oven"; no two clusters share a word.
    """
    shares = [Counter[str]() for _ in range(count)]
    holders = [Counter[str]() for _ in range(count)]
    written: dict[str, Counter[str]] = {}
    asked = np.zeros(count)
    for cluster, rows in _samples(snapshot, documents, clusters, count):
        asked[cluster] += 1
        held = Counter[str]()
        for row in rows:
            for term, word in _words_of(row).items():
                held[term] += 1
                written.setdefault(term, Counter())[word] += 1
        for term, passages in held.items():
            shares[cluster][term] += (passages / len(rows)) ** 0.5
            holders[cluster][term] += 1
    total = sum(shares, Counter[str]())
    named: list[list[str]] = [[] for _ in range(count)]
    taken: set[str] = set()
    best = sorted(
        (-_telling(share, asked[at], total[term], asked.sum()), at, term)
        for at in range(count)
        for term, share in shares[at].items()
        if holders[at][term] > 1 or asked[at] < 3
    )
    for _, cluster, term in best:
        if len(named[cluster]) < _WORDS and term not in taken:
            taken.add(term)
            named[cluster].append(written[term].most_common(1)[0][0])
    return tuple(", ".join(words) or f"group {at}" for at, words in enumerate(named, 1))


def _telling(held: float, asked: float, held_by_all: float, of_all: float) -> float:
    share = held / asked
    elsewhere = (held_by_all - held + 0.5) / (of_all - asked + 1.0)
    return float(share * np.log1p(share / elsewhere))


def _samples(
    snapshot: Snapshot, documents: Sequence[DocumentFacts], clusters: Ids, count: int
) -> Iterator[tuple[int, list[PassageRow]]]:
    """Some passages of some documents of each cluster, with its number."""
    chosen: dict[int, int] = {}
    for cluster in range(count):
        members = np.flatnonzero(clusters == cluster)
        some = members[_spread(len(members), _DOCUMENTS)]
        chosen.update((documents[at].version, cluster) for at in some.tolist())
    versions, passages = snapshot.reading.passages_of(list(chosen))
    for version, cluster in chosen.items():
        own = np.sort(passages[versions == version])
        some = own[_spread(len(own), _PASSAGES)].tolist()
        rows = snapshot.reading.passages(some, snapshot.generation)
        if rows:
            yield cluster, list(rows.values())


def _spread(length: int, most: int) -> Ids:
    """At most so many places out of ``length``, from the first to the last."""
    return np.unique(np.linspace(0, max(0, length - 1), most).astype(np.int64))[:length]


def _words_of(row: PassageRow) -> dict[str, str]:
    """The telling words of a passage and its title, by their terms, as they are written there."""
    text = f"{context_line(row.title, row.headings)}\n{row.text[:_LOOKED_AT]}"
    common = stop_words(row.language or "en")
    found: dict[str, str] = {}
    for term in located_terms(text, row.language):
        word = text[term.start : term.end].lower()
        running = not word.isascii() and len(word) == 2  # of a script without spaces
        if word.isalpha() and (len(word) >= _SHORTEST or running) and word not in common:
            found.setdefault(term.text.removeprefix("~"), word)
    return found
