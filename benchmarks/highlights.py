"""Whether the sentence marked for its meaning is the one that holds the answer.

    python benchmarks/highlights.py [--every N] FOLDER

FOLDER is in BEIR's layout and has answers.jsonl beside corpus and queries: for each question the
document that answers it and the answer with its offset in there. Documents are split as they are
when they are indexed; every question is asked of the passage that holds its answer, if that has
several sentences. Prints how often each way to choose a sentence finds the answer, for either half
of the documents by title and for questions that share few words with their answer's sentence; then
how the sentences fare that are marked, and how long marking ten passages takes.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.splitter import DEFAULT_PIECES, split
from search.analysis import ask, located_terms
from search.context import embedded_text
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.encoders.base import PieceVectors
from search.highlights import (
    Floats,
    above_baseline,
    meaning_marks,
    nearest_pieces,
    owners,
    shares,
)
from search.models import Document, Hit, Section, Span
from search.sentences import Sentence, sentences
from search.settings import Settings

#: Pieces in the windows that shares are averaged over.
WINDOWS = (5, 12, 20)
#: A question with no more than this part of its words in its answer's sentence shares few.
FEW = 1 / 3
#: Of so many passages one has its questions asked of others too, the nearest so many.
WRONG_EVERY, WRONG = 10, 5
#: Passages marked at once for the time it takes, and how often.
TOGETHER, TIMES = 10, 20


@dataclass(frozen=True)
class Question:
    """A question and where its answer stands in its passage."""

    text: str
    answer: Span


@dataclass
class Asked:
    """A passage with several sentences, and the questions that it answers."""

    hit: Hit
    sentences: list[Sentence]
    questions: list[Question] = field(default_factory=list)


def main() -> None:
    """Measure the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--every", type=int, default=1, help="take one of so many documents")
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    encoder = load_encoder(settings.model or DEFAULT_MODEL, settings.cache)
    passages = list(_passages(arguments.folder, encoder, arguments.every))
    _print_choices(passages, encoder)
    _print_marks(passages, encoder)
    _print_time(passages, encoder)


def _passages(folder: Path, encoder: Encoder, every: int) -> Iterator[Asked]:
    """The passages that hold an answer and have several sentences."""
    questions = {line["_id"]: line["text"] for line in _lines(folder / "queries.jsonl")}
    answers = defaultdict(list)
    for line in _lines(folder / "answers.jsonl"):
        answers[line["doc"]].append(line)
    for document in list(_lines(folder / "corpus.jsonl"))[::every]:
        left = answers[document["_id"]]
        for hit in _hits(document["title"], document["text"], encoder):
            inside = [a for a in left if hit.start <= a["start"] < hit.end]
            left = [answer for answer in left if answer not in inside]
            asked = Asked(hit, sentences(hit.text))
            for answer in inside:
                start = answer["start"] - hit.start
                span = Span(start, start + len(answer["text"]))
                asked.questions.append(Question(questions[answer["query"]], span))
            if asked.questions and len(asked.sentences) > 1:
                yield asked


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _hits(title: str, text: str, encoder: Encoder) -> Iterator[Hit]:
    """The passages of a document as if they had been found."""
    document = Document(title, "text", text, (Section(0, 0, len(text)),))
    for passage in split(document, encoder, DEFAULT_PIECES):
        yield Hit(
            rank=1,
            score=0.0,
            cosine=None,
            bm25=None,
            passage_id=0,
            document_id=0,
            path="document.txt",
            title=title,
            kind="text",
            page=None,
            headings=(),
            text=text[passage.start : passage.end],
            start=passage.start,
            end=passage.end,
        )


def _print_choices(passages: list[Asked], encoder: Encoder) -> None:
    """How often each way to choose a sentence finds the answer."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    titles = sorted({asked.hit.title for asked in passages})
    for asked in passages:
        half = f"half {titles.index(asked.hit.title) % 2 + 1}"
        for question, scores, words in _scored(asked, encoder):
            right = _right(asked, question)
            groups = [half]
            if right.any() and words[right].max() <= FEW:
                groups.append("few words shared")
            for way, of_sentence in scores.items():
                best = of_sentence == of_sentence.max()
                for group in groups:
                    found[way][group].append(float(right[best].mean()))
    groups = ["half 1", "half 2", "few words shared"]
    print(f"{'':34}{''.join(f'{group:>18}' for group in groups)}")
    counts = [len(found["random"][group]) for group in groups]
    print(f"{'questions':34}{''.join(f'{count:18,}' for count in counts)}")
    for way, by_group in found.items():
        means = (statistics.fmean(by_group[group]) for group in groups)
        print(f"{way:34}{''.join(f'{mean:18.3f}' for mean in means)}")


def _right(asked: Asked, question: Question) -> Any:
    """Which sentences hold the whole answer."""
    answer = question.answer
    return np.array([s.start <= answer.start and answer.end <= s.end for s in asked.sentences])


def _scored(asked: Asked, encoder: Encoder) -> Iterator[tuple[Question, dict[str, Floats], Floats]]:
    """For each question the sentences' scores, by way, and how many of its words each has."""
    hit, found = asked.hit, asked.sentences
    text = embedded_text(hit.title, (), hit.text)
    pieces = encoder.passage_pieces([text])
    if pieces is None:
        raise SystemExit("The encoder's embeddings are no means of pieces.")
    owner = owners(pieces[0], found, len(text) - len(hit.text))
    members = [np.flatnonzero(owner == number) for number in range(len(found))]
    alone = [hit.text[s.start : s.end] for s in found]
    embedded = encoder.encode_passages(alone)
    in_context = encoder.encode_passages([embedded_text(hit.title, (), text) for text in alone])
    held = [{term.text for term in located_terms(text)} for text in alone]
    for question in asked.questions:
        query = encoder.encode_query(question.text)
        words = _words_held(question.text, held)
        scores = {"random": np.zeros(len(found), dtype=np.float32)}
        scores["most words of the query"] = words
        scores |= _by_shares(pieces[0], members, query)
        scores["embedded alone"] = embedded @ query
        scores["embedded with its context line"] = in_context @ query
        of_query = encoder.query_pieces(question.text)
        if of_query is not None:
            near = nearest_pieces(of_query, pieces[0])
            best = [near[:, m].max(axis=1).mean() if len(m) else -1.0 for m in members]
            scores["nearest piece for each of the query"] = np.array(best, dtype=np.float32)
        yield question, scores, words


def _words_held(question: str, held: list[set[str]]) -> Floats:
    """The part of a question's words that each sentence has."""
    asked = [{form.text for form in word.alternatives} for word in ask(question)]
    return np.array(
        [sum(bool(forms & terms) for forms in asked) / max(1, len(asked)) for terms in held],
        dtype=np.float32,
    )


def _by_shares(
    pieces: PieceVectors, members: list[npt.NDArray[np.int64]], query: Floats
) -> dict[str, Floats]:
    """Ways to choose a sentence from its pieces' shares in the cosine."""
    share, above = shares(pieces, query), above_baseline(pieces, query)

    def over(values: Floats, taken: Callable[[Floats], Any]) -> Floats:
        found = [taken(values[of_one]) if len(of_one) else -np.inf for of_one in members]
        return np.array(found, dtype=np.float32)

    ways = {
        "shares, mean": over(share, np.mean),
        "shares, sum": over(share, np.sum),
        "above baseline, mean": over(above, np.mean),
        "above baseline, sum": over(above, np.sum),
    }
    within = np.zeros(len(above), dtype=np.float32)
    within[np.concatenate(members)] = 1
    for width in WINDOWS:
        smooth = np.convolve(above * within, np.ones(width), "same")[: len(above)]
        ways[f"above baseline, best window of {width}"] = over(smooth, np.max)
    ways["mean of its pieces, cosine"] = over(pieces.vectors, lambda rows: _cosine(rows, query))
    return ways


def _cosine(rows: Floats, query: Floats) -> float:
    mean = rows.mean(axis=0)
    return float(mean @ query / np.linalg.norm(mean))


def _print_marks(passages: list[Asked], encoder: Encoder) -> None:
    """How the marked sentences fare: beside others of the same passages, and in wrong ones."""
    titles = sorted({asked.hit.title for asked in passages})
    for half in (0, 1):
        chosen = [a for a in passages if titles.index(a.hit.title) % 2 == half]
        marked, asked_in_all = _marked(chosen, encoder), sum(len(a.questions) for a in chosen)
        means = [statistics.fmean(column) for column in zip(*marked, strict=True)]
        print(
            f"\nhalf {half + 1}: {len(marked):,} of {asked_in_all:,} questions marked "
            f"({len(marked) / asked_in_all:.0%}); of these hold the answer: the marked sentence "
            f"{means[0]:.3f}, a random one {means[1]:.3f}, that with most words {means[2]:.3f}"
        )
        print(f"passages without the answer marked: {_wrongly_marked(chosen, encoder):.0%}")


def _marked(passages: list[Asked], encoder: Encoder) -> list[tuple[float, float, float]]:
    """Whether the answer is held by what is marked, is random, has most words; if marked at all."""
    rows = []
    for asked in passages:
        held = [
            {term.text for term in located_terms(asked.hit.text[s.start : s.end])}
            for s in asked.sentences
        ]
        for question in asked.questions:
            (meaning,) = meaning_marks(encoder, question.text, [asked.hit])
            if meaning.sentence is None:
                continue
            right = _right(asked, question)
            starts = np.array([s.start for s in asked.sentences])
            words = _words_held(question.text, held)
            rows.append(
                (
                    float(right[starts == meaning.sentence.start].mean()),
                    float(right.mean()),
                    float(right[words == words.max()].mean()),
                )
            )
    return rows


def _wrongly_marked(passages: list[Asked], encoder: Encoder) -> float:
    """In what part of the passages nearest to a question, but for its own, a sentence is marked."""
    hits = [asked.hit for asked in passages]
    embeddings = encoder.encode_passages([embedded_text(h.title, (), h.text) for h in hits])
    marks = []
    for number in range(0, len(passages), WRONG_EVERY):
        question = passages[number].questions[0].text
        order = np.argsort(-(embeddings @ encoder.encode_query(question)))
        wrong = [hits[n] for n in order[: WRONG + 1] if n != number][:WRONG]
        marks += meaning_marks(encoder, question, wrong)
    return statistics.fmean(meaning.sentence is not None for meaning in marks)


def _print_time(passages: list[Asked], encoder: Encoder) -> None:
    """How long marking takes."""
    chosen = random.Random(0).sample(passages, min(len(passages), TOGETHER * TIMES))
    taken = []
    for first in range(0, len(chosen), TOGETHER):
        some = chosen[first : first + TOGETHER]
        began = time.perf_counter()
        meaning_marks(encoder, some[0].questions[0].text, [asked.hit for asked in some])
        taken.append((time.perf_counter() - began) * 1000)
    print(f"\nmarking {TOGETHER} passages: {statistics.median(taken):.0f} ms (median)")


if __name__ == "__main__":
    main()
