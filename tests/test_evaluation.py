"""Measures against sums worked by hand; files of queries, judgements and rankings, good and bad."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search.errors import UsageError
from search.evaluation.bootstrap import differences, intervals
from search.evaluation.judged import JudgedQuery, judge
from search.evaluation.layout import find_files
from search.evaluation.lines import numbered_lines
from search.evaluation.measures import MEASURES, measure
from search.evaluation.qrels import read_judgements
from search.evaluation.results import baseline_of
from search.evaluation.runs import Ranked, Run, read_run, write_run
from search.evaluation.topics import Topic, read_topics

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the given lines and give its path."""

    def put(*lines: str, name: str = "file") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    return put


def measured(grades: dict[str, int], ranking: list[str]) -> dict[str, float]:
    values = measure([JudgedQuery("q", "?", grades)], {"q": ranking})
    return dict(zip(MEASURES, values[0].tolist(), strict=True))


def test_measures_by_hand() -> None:
    # Gains 0, 2, 1 at ranks 1, 2, 3; the best order has 2, 1, 1.
    found = measured({"a": 2, "b": 1, "c": 1, "d": 0}, ["x", "a", "b", "d"])
    gained = 2 / math.log2(3) + 1 / math.log2(4)
    best = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found == pytest.approx(
        {
            "nDCG@10": gained / best,
            "Recall@100": 2 / 3,
            "MRR@10": 1 / 2,
            "MAP": (1 / 2 + 2 / 3 + 0) / 3,
            "Success@1": 0.0,
            "Success@5": 1.0,
        }
    )


@pytest.mark.parametrize(
    ("rank", "expected"),
    [
        (1, (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)),
        (5, (1 / math.log2(6), 1.0, 1 / 5, 1 / 5, 0.0, 1.0)),
        (6, (1 / math.log2(7), 1.0, 1 / 6, 1 / 6, 0.0, 0.0)),
        (10, (1 / math.log2(11), 1.0, 1 / 10, 1 / 10, 0.0, 0.0)),
        (11, (0.0, 1.0, 0.0, 1 / 11, 0.0, 0.0)),
        (100, (0.0, 1.0, 0.0, 1 / 100, 0.0, 0.0)),
        (101, (0.0,) * 6),
    ],
)
def test_each_measure_looks_as_deep_as_it_says(rank: int, expected: tuple[float, ...]) -> None:
    ranking = [f"other {place}" for place in range(1, rank)] + ["answer"]
    assert tuple(measured({"answer": 1}, ranking).values()) == pytest.approx(expected)


def test_a_query_that_found_nothing_counts_as_nothing() -> None:
    queries = [JudgedQuery("a", "?", {"x": 1}), JudgedQuery("b", "?", {"x": 1})]
    assert measure(queries, {"a": ["x"], "b": []}).tolist() == [[1.0] * 6, [0.0] * 6]
    assert measure(queries, {}).tolist() == [[0.0] * 6] * 2


def test_odd_names_are_told_apart() -> None:
    assert measured({"a\0b": 1}, ["a\0c", "a\0b"])["MRR@10"] == 0.5
    assert measured({"z": 1}, ["a", "z"])["MRR@10"] == 0.5
    assert measured({"a": 1}, ["z", "a"])["MRR@10"] == 0.5


def test_an_interval_agrees_with_the_normal_approximation() -> None:
    # 400 values of 0 or 1, half of each: the mean's standard error is 0.5 / 20.
    values = np.tile([[0.0], [1.0]], (200, 1))
    (found,) = intervals(values)
    assert found.mean == 0.5
    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.005)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.005)
    assert intervals(values) == intervals(values)


def test_p_agrees_with_the_normal_approximation() -> None:
    generator = np.random.default_rng(1)
    apart = generator.normal(0.1, 1.0, (400, 1))
    (found,) = differences(apart, np.zeros_like(apart))
    deviations = abs(apart.mean()) / (apart.std() / 20)
    assert found.p == pytest.approx(math.erfc(deviations / math.sqrt(2)), abs=0.02)
    assert (found.better, found.worse) == ((apart > 0).sum(), (apart < 0).sum())


def test_differences_that_cannot_be_chance_and_that_are_none() -> None:
    ones = np.ones((30, 1))
    (sure,) = differences(ones, np.zeros_like(ones))
    assert (sure.interval.low, sure.interval.high, sure.better, sure.worse) == (1.0, 1.0, 30, 0)
    assert sure.p < 0.001
    (none,) = differences(ones, ones)
    assert (none.interval.mean, none.p, none.better, none.worse) == (0.0, 1.0, 0, 0)


def test_queries_in_all_forms(write: Write) -> None:
    expected = [Topic("1", "why bees dance"), Topic("q 2", "wo Boote liegen")]
    assert (
        read_topics(
            write(
                '{"_id": 1, "text": "why bees dance", "metadata": {"a": []}}',
                "",
                '{"text": "wo Boote liegen", "_id": "q 2"}',
            )
        )
        == expected
    )
    assert read_topics(write("\ufeff1\twhy bees dance", "q 2\two Boote liegen")) == expected


def test_topics_of_trec(write: Write) -> None:
    path = write(
        "<top>",
        "<num> Number: 051",
        "<title> Topic: Airbus &amp; its",
        "subsidies",
        "<desc> Description:",
        "What the two have been given.",
        "</top>",
        "<top><num>301</num><title>a number: seven</title></top>",
    )
    assert read_topics(path) == [
        Topic("51", "Airbus & its subsidies"),
        Topic("301", "a number: seven"),
    ]


def test_judgements_in_all_forms(write: Write) -> None:
    def grades(*lines: str) -> list[tuple[str, str, int, str]]:
        found = read_judgements(write(*lines))
        return [(each.query, each.document, each.grade, each.quote) for each in found]

    expected = [("1", "d1", 2, ""), ("1", "d2", 0, "")]
    assert grades("query-id\tcorpus-id\tscore", "1\td1\t2", "1\td2\t-1") == expected
    assert grades("1\td1\t2", "1\td2\t0") == expected
    assert grades("1 0 d1 2", "1  Q0 d2 0", "1 0 d1 2") == expected
    assert grades("query-id\tdocument\tquote\tscore", "1\ta b.md\tso it  is\t1.0") == [
        ("1", "a b.md", 1, "so it is")
    ]


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    ranking = [Ranked("b", 1.5), Ranked("a b%.md", 1.5), Ranked("a", 1.5), Ranked("c", 0.25)]
    path = tmp_path / "run"
    write_run(path, Run("wherein-hybrid", {"q 1": ranking}))
    assert path.read_text("utf-8").splitlines()[:2] == [
        "q%201 Q0 b 1 1.50000 wherein-hybrid",
        "q%201 Q0 a%20b%25.md 2 1.49999 wherein-hybrid",
    ]
    queries = [JudgedQuery("q 1", "?", {"a b%.md": 1})]
    baseline = baseline_of(read_run(path), queries, str)
    assert baseline.values[0, MEASURES.index("MRR@10")] == 0.5
    assert (baseline.tag, baseline.missing) == ("wherein-hybrid", 0)


def test_scores_and_then_names_order_a_run_as_in_trec_eval(write: Write) -> None:
    path = write("q Q0 a 1 2 x", "q Q0 b 2 2 x", "q Q0 c 3 7 x")
    assert [ranked.document for ranked in read_run(path).rankings["q"]] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("read", "lines", "complaint"),
    [
        (read_topics, ['{"_id": "1", "text": "x"}', '{"_id": "1"}'], "line 2: it is no query"),
        (read_topics, ['{"_id": "1", "text": "x"}', "[" * 9999], "line 2: it is no query"),
        (read_topics, ['{"_id": "1", "text": "x"}'] * 2, "line 2: query '1' was there before"),
        (read_topics, ["1\tx", "no tab"], "line 2: it should be an id, a tab and a question"),
        (read_topics, ["", " "], "holds no queries"),
        (read_topics, ["<top>", "<num>1"], "line 1: this topic has no </top>"),
        (read_topics, ["<top><num>1</top>"], "line 1: this topic has no <title>"),
        (read_topics, ["<top><num>1", "<top><num>2"], "line 2: the topic of line 1 has no </top>"),
        (read_topics, ["</top>"], "line 1: it ends a topic that never began"),
        (read_judgements, [], "holds no judgements"),
        (read_judgements, ["query-id\tcorpus-id\tscore"], "holds no judgements"),
        (read_judgements, ["query-id\tcorpus-id"], "line 1: its header does not name"),
        (read_judgements, ["1 d1"], "line 1: it has 2 columns"),
        (read_judgements, ["1 0 d1 1", "1 d1 1"], "line 2: it has 3 columns, not 4"),
        (read_judgements, ["1\td1\tgood"], "line 1: 'good' is no grade"),
        (read_judgements, ["1\td1\t0.5"], "line 1: '0.5' is no grade"),
        (read_judgements, ["1\td1\tinf"], "line 1: 'inf' is no grade"),
        (read_judgements, ["1\td1\t2000000000"], "line 1: '2000000000' is no grade"),
        (read_judgements, ["1\td1\t1", "1\td1\t2"], "has grade 2 for query '1' here and 1 in line"),
        (read_judgements, ["1\t \t1"], "line 1: it names no query or no document"),
        (read_run, ["q Q0 d 1 0.5 x", "q Q0 d 2 0.4 x"], "line 2: document 'd' stands twice"),
        (read_run, ["q Q0 d 1 nan x"], "line 1: 'nan' is no score"),
        (read_run, ["q d 1"], "line 1: it has 3 columns"),
        (read_run, [""], "holds no rankings"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    write: Write, read: Callable[[Path], object], lines: list[str], complaint: str
) -> None:
    path = write(*lines)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.message.startswith(str(path))
    assert complaint in caught.value.message
    assert caught.value.remedy


def test_files_that_are_no_text_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        read_run(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot be read"):
        read_run(tmp_path)
    path = tmp_path / "latin"
    path.write_bytes(b"1\tgut\n2\t\xfcbel\n")
    with pytest.raises(UsageError, match="line 2: it is not UTF-8"):
        read_topics(path)
    path.write_bytes(b"1\t" + b"x" * 1_000_001)
    with pytest.raises(UsageError, match="line 1: it has more than 1,000,000 bytes"):
        read_topics(path)
    path.write_bytes(b"1\tgut\n" * 3)
    with pytest.raises(UsageError, match="line 3: only 15 bytes are read"):
        list(numbered_lines(path, largest=15))
    with pytest.raises(UsageError, match="cannot be written"):
        write_run(tmp_path, Run("x", {}))


def test_judging_brings_questions_and_judgements_together(write: Write) -> None:
    topics = [Topic(name, "?") for name in ("1", "2", "3", "4")]
    path = write("1 0 d1 1", "2 0 d1 0", "3 0 d9 1", "3 0 d1 2", "9 0 d1 1")
    judgements = read_judgements(path)

    def resolve(name: str) -> str | None:
        return name if name == "d1" else None

    with pytest.raises(UsageError, match="line 3: there is no document 'd9'"):
        judge(topics, judgements, path, resolve)
    with pytest.raises(UsageError, match="line 5: there is no query '9'"):
        judge(topics, judgements, path, lambda name: name)
    found = judge(topics, judgements, path, resolve, allow_unknown=True)
    assert [(query.id, query.grades) for query in found.queries] == [
        ("1", {"d1": 1}),
        ("3", {"d9": 1, "d1": 2}),
    ]
    assert (found.unanswered, found.unknown) == (2, 2)
    every = judge(topics, judgements, path, resolve, allow_unknown=True, every=2)
    assert [query.id for query in every.queries] == ["1"]
    with pytest.raises(UsageError, match="says what answers one of the queries"):
        judge(topics[1:2], judgements[1:2], path, resolve)


def test_the_files_of_a_folder(write: Write, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        find_files(tmp_path / "none")
    with pytest.raises(UsageError, match=r"no corpus\.jsonl"):
        find_files(tmp_path)
    corpus = write("{}", name="corpus.jsonl")
    with pytest.raises(UsageError, match="There are no queries in"):
        find_files(tmp_path)
    topics = write("1\tx", name="topics.301-450")
    write("", name="qrels/.hidden")
    dev = write("1 0 d 1", name="qrels/dev.tsv")
    found = find_files(tmp_path)
    assert (found.corpus, found.queries, found.qrels) == (corpus, topics, dev)
    train = write("1 0 d 1", name="qrels/train.tsv")
    with pytest.raises(UsageError, match=r"several files of qrels: qrels/dev.tsv, qrels/train.tsv"):
        find_files(tmp_path)
    assert find_files(tmp_path, qrels=train).qrels == train
    test = write("1 0 d 1", name="qrels/test.tsv")
    assert find_files(tmp_path).qrels == test
