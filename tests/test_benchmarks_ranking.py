"""What the benchmarks of ranking work out, over small collections embedded by hashing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT

from search.settings import Settings

BENCHMARKS = PROJECT / "benchmarks"
#: Of two subjects four paragraphs each, and a question to each paragraph.
PARAGRAPHS = {
    "Bees": ("comb dance", "queen egg", "honey jar", "wax candle"),
    "Boats": ("harbour winter", "mast sail", "anchor chain", "keel hull"),
}
Bench = Callable[[str], Any]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Bench]:
    """Imports a module of the benchmarks, which are no package."""
    monkeypatch.setenv("WHEREIN_HOME", str(settings.home))
    monkeypatch.setenv("WHEREIN_CACHE", str(settings.cache))
    monkeypatch.setenv("WHEREIN_MODEL", "hashing")
    monkeypatch.syspath_prepend(BENCHMARKS)
    known = set(sys.modules)
    yield __import__
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


def beir(folder: Path, paragraphs: Mapping[str, tuple[str, ...]]) -> Path:
    """A collection in BEIR's layout: of each paragraph one question, in its own words."""
    (folder / "qrels").mkdir(parents=True)
    items = [(title, text) for title, texts in paragraphs.items() for text in texts]
    lines = [
        json.dumps({"_id": f"d{n}", "title": title, "text": f"The {text} of them."})
        for n, (title, text) in enumerate(items)
    ]
    (folder / "corpus.jsonl").write_text("\n".join(lines), "utf-8")
    lines = [json.dumps({"_id": f"q{n}", "text": text}) for n, (_, text) in enumerate(items)]
    (folder / "queries.jsonl").write_text("\n".join(lines), "utf-8")
    rows = "".join(f"q{n}\td{n}\t1\n" for n in range(len(items)))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, "utf-8")
    return folder


def run(module: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, arguments)])
    module.main()


def test_gains_on_a_leg_by_hand(bench: Bench) -> None:
    quality = bench("quality")
    columns = len(quality.MEASURES)

    def result(*values: float) -> SimpleNamespace:
        return SimpleNamespace(values=np.tile(np.array(values)[:, None], columns))

    assert quality.gained(result(1.0, 0.5, 0.5), result(0.5, 0.5, 1.0)) == "+0.0000 +1 -1 p 1.000"
    assert quality.gained(result(1.0, 0.75), result(0.5, 0.25)).startswith("+0.5000 +2 -0 p 0.000")


def test_quality_prints_each_mode_and_ends_well(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(bench("quality"), monkeypatch, beir(tmp_path / "small", PARAGRAPHS))
    assert ended.value.code == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("small")]
    assert "1.0000 [1.000, 1.000]" in line
    assert "p 1.000" in line


def test_what_answers_is_left_out_and_so_is_its_subject(bench: Bench) -> None:
    of = {"a": [1, 7], "b": [2], "c": [3], "d": [4], "e": [5]}
    alike = ["a", "b", "c", "d", "e"]
    every = np.array([7, 1, 2, 3, 4, 5])
    passages = {name: np.array(ids) for name, ids in of.items()}
    documents = bench("unanswered").Documents(every, passages, dict.fromkeys(of, alike))
    assert documents.without(["a", "d"]).tolist() == [2, 3, 5]
    assert documents.without(alike).tolist() == []
    assert documents.share_titles
    alone = {name: [name] for name in of}
    assert not bench("unanswered").Documents(every, passages, alone).share_titles


def test_questions_without_an_answer_are_told_from_others(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = bench("unanswered")
    recorded: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "record", lambda _, figures, __: recorded.append(figures))
    subjects = {title: (*texts, "price year") for title, texts in PARAGRAPHS.items()}
    folders = [
        beir(tmp_path / "small", subjects),
        beir(tmp_path / "other", {"Tax": ("levy duty", "customs form")}),
    ]
    run(module, monkeypatch, *folders)
    (figures,) = recorded
    small, other, mean = figures["verdict"]
    assert (small["collection"], other["collection"], mean["collection"]) == (
        "small",
        "other",
        "mean",
    )
    assert float(small["answered"]) == 0.0
    assert float(small["foreign"]) == 1.0
    assert float(small["no such subject"]) >= float(small["no answer"]) > 0.0
    assert "no such subject" not in other
    # The first line of each is there before the last collection is asked.
    out = capsys.readouterr().out
    assert out.index("small") < out.index("other") < out.index("Constants chosen")


def test_files_with_judgements_among_them_are_a_collection_too(
    bench: Bench, tmp_path: Path, settings: Settings
) -> None:
    module = bench("unanswered")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "bees.txt").write_text("Bees dance on the comb to tell the way.", "utf-8")
    (folder / "boats.txt").write_text("Boats lie in the harbour over winter.", "utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "comb dance"}\n', "utf-8")
    (folder / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\tquote\nq1\tbees.txt\t1\tdance on the comb\n", "utf-8"
    )
    with module.opened(folder, settings) as setup:
        (query,) = setup.judged.queries
        assert module._right(query) == ["bees.txt"]
        with setup.engine.collection.snapshot() as snapshot:
            documents = module._documents(setup, snapshot)
            assert {"bees.txt", "boats.txt"} <= set(documents.passages)
            kept = documents.without(["bees.txt"])
            assert len(kept) == len(snapshot.vectors) - len(documents.passages["bees.txt"])


def test_the_part_of_words_that_is_replaced_grows_with_the_part(bench: Bench) -> None:
    module = bench("mismatch")
    words = [module._word(f"own{n}") for n in range(4)]
    others = [module._word(f"other{n}") for n in range(4)]
    question = module.Question(
        None, None, 1.0, tuple(words), (0.1, 0.3, 0.5, 0.9), {"others": tuple(others)}
    )
    asked = [question.asked("others", part).words for part in (0.0, 0.3, 0.31, 0.9, 1.0)]
    replaced = [sum(word in others for word in found) for found in asked]
    assert replaced == [0, 1, 2, 3, 4]
    assert asked[2] == (others[0], others[1], words[2], words[3])


def test_words_are_replaced_until_the_leg_is_weak(
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = bench("mismatch")
    run(module, monkeypatch, beir(tmp_path / "small", PARAGRAPHS))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(lines) == 1 + len(module.KINDS) * len(module.RATIOS)
    nothing, *replaced = lines
    assert nothing[:2] == ["small", "nothing"]
    parts = [float(line[-7]) for line in replaced]
    words = [float(line[-5]) for line in replaced]
    assert all(0.0 < part < 1.0 for part in parts)
    assert all(value < float(nothing[-5]) for value in words)
