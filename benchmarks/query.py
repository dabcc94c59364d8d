"""Whole queries, from text to passages, by Wherein and by others: `make bench-query`.

    python benchmarks/query.py --data FOLDER [--to FOLDER] [--passages 20000] [--judged cranfield]

Everybody indexes the same passages with the same embeddings, and is asked the same questions with
the same model in a process of its own with one thread: each question of each in turn, so that what
else the machine does is shared. Then everybody answers the questions of a judged collection, so
that fast and wrong is no win. It takes about six minutes, of which the indexes take four.

FOLDER with the data holds BEIR collections; the other keeps the indexes for the next run.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import ir_measures
import numpy as np
from contest import Answered, Built, Player, built, folder_of, players
from material import Judged, Material, grown, judged
from peers import contestants
from results import Figure, record
from synthesis import questions, real_passages

from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.encoders.locate import locate
from search.engine import Engine
from search.queries import parse
from search.settings import Settings

_CACHE = Settings.from_environment().cache
#: Questions that only warm up, that are measured, and that the time of each stage is taken from.
WARMING, QUESTIONS, STAGED = 20, 150, 100
#: Most milliseconds that half of Wherein's queries and 95 of 100 may take, at 20,000 passages.
_LIMITS = {"p50": "≤ 8", "p95": "≤ 20"}
_OURS = ("Wherein (Whoosh)", "Wherein (Tantivy)")


def main() -> None:
    """Build, ask, and write down what came out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=_CACHE / "benchmarks")
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--judged", default="cranfield")
    parser.add_argument("--only", nargs="+", default=[one.name for one in contestants()])
    parser.add_argument("--anew", action="store_true", help="build the indexes again")
    parser.add_argument("--build-only", action="store_true", help="stop when they are built")
    given = parser.parse_args()
    place = given.to / f"query-{given.passages}"
    answering = given.to / f"query-{given.judged}"
    if given.anew:
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(answering, ignore_errors=True)
    encoder = load_encoder(DEFAULT_MODEL, _CACHE)
    if not (place / "given").exists():
        grown(real_passages(given.data, given.to, encoder), given.passages).save(place / "given")
    with_answers = judged(given.data / given.judged)
    if not (answering / "given").exists():
        _judged_material(with_answers, encoder).save(answering / "given")
    indexes = built(place / "given", place, given.only)
    built(answering / "given", answering, given.only)
    if given.build_only:
        return
    asked = questions(given.data, WARMING + QUESTIONS + STAGED)
    with players(place, indexes) as ready:
        for question in asked[:WARMING]:
            for player in ready:
                player.ask(question)
        times = in_turn(ready, asked[WARMING:-STAGED])
        rows = [
            _row(player, times[player.name], indexes[player.name], given.passages)
            for player in ready
        ]
    stages = {e: stages_of(place / folder_of(e), asked[-STAGED:]) for e in _OURS if e in times}
    with players(answering, indexes) as ready:
        found = {player.name: quality(player, with_answers) for player in ready}
    for row in rows:
        row[f"nDCG@10, {given.judged}"] = round(found[row["contestant"]], 4)
        print("  ".join(f"{head}: {value}" for head, value in row.items()))
    for engine, taken in stages.items():
        print(engine, {stage: round(value, 2) for stage, value in taken.items()})
    _record(rows, stages, given.passages)


def in_turn(ready: Sequence[Player], asked: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each question by contestant; who begins changes from one to the next."""
    times: dict[str, list[float]] = {player.name: [] for player in ready}
    order = list(ready)
    for question in asked:
        for player in order:
            times[player.name].append(player.ask(question).milliseconds)
        order.append(order.pop(0))
    return times


def stages_of(folder: Path, asked: Sequence[str]) -> dict[str, float]:
    """Mean milliseconds of each stage of Wherein's, of questions not asked before."""
    taken: dict[str, list[float]] = {}
    with Engine(folder, _CACHE, threads=1) as engine:
        engine.warm_up()
        for question in asked:
            query = parse(question, literal=True, explain=True)
            for stage, value in (engine.search(query).stages or {}).items():
                taken.setdefault(stage, []).append(value)
    # Explaining is done only where it is asked for, as it was here.
    return {stage: sum(v) / len(asked) for stage, v in taken.items() if stage != "explaining"}


def quality(player: Player, given: Judged) -> float:
    """nDCG@10 of what somebody answers to judged questions."""
    names = list(given.documents)
    run = []
    for number, question in given.questions.items():
        answered: Answered = player.ask(question)
        run += [
            ir_measures.ScoredDoc(number, names[place], -float(rank))
            for rank, place in enumerate(answered.places)
        ]
    measure = ir_measures.nDCG @ 10
    qrels = {number: dict(given.relevance[number]) for number in given.questions}
    return float(ir_measures.calc_aggregate([measure], qrels, run)[measure])


def _judged_material(given: Judged, encoder: Encoder) -> Material:
    """The documents of a judged collection as a passage each."""
    from sentence_transformers import SentenceTransformer

    texts = list(given.documents.values())
    model = SentenceTransformer(str(locate(DEFAULT_MODEL).folder), device="cpu")
    full = model.encode(texts, show_progress_bar=False)
    return Material(texts, full, encoder.encode_passages(texts))


def _row(player: Player, times: Sequence[float], index: Built, count: int) -> dict[str, Any]:
    return {
        "contestant": player.name,
        "p50 ms": round(median(times), 2),
        "p95 ms": round(float(np.percentile(times, 95)), 2),
        "mean ms": round(fmean(times), 2),
        "memory MB": round(player.memory() / 1e6),
        "opened s": round(player.opened_s, 2),
        "index built s": round(index.seconds, 1),
        "disk bytes a passage": round(index.disk / count),
    }


def _record(
    rows: Sequence[dict[str, Any]], stages: Mapping[str, Mapping[str, float]], count: int
) -> None:
    """Write it down: the time of Wherein's queries beside that of all others."""
    figures: dict[str, Any] = {"passages": count, "questions": QUESTIONS}
    for share, limit in _LIMITS.items():
        by_name = {row["contestant"]: row[f"{share} ms"] for row in rows}
        for ours in (name for name in _OURS if name in by_name):
            peers = {name: value for name, value in by_name.items() if name not in _OURS}
            figures[f"{ours}, {share}"] = Figure(
                by_name[ours], "ms", limit if count == 20_000 else "", peers
            )
    heads = list(dict.fromkeys(stage for taken in stages.values() for stage in taken))
    figures["whole queries"] = list(rows)
    figures["where the time goes, mean ms"] = [
        {"stage": head, **{e: round(t.get(head, 0.0), 3) for e, t in stages.items()}}
        for head in heads
    ]
    record("query", figures, "make bench-query DATA=DIR")


if __name__ == "__main__":
    main()
