"""Judgements: kept by the API, measured by `wherein eval`, and as long-lived as what they judge."""

from __future__ import annotations

import zipfile

import pytest
from api_calls import conforms, problem, search_url
from click.testing import CliRunner
from conftest import PROJECT, Silent, run_index
from small_collection import ask, findings, place, spoil
from web_site import site_in

from indexer.commands import qrels
from indexer.evaluating import Selection, collection_setup, evaluate
from indexer.reindexing import reindex
from search import admission, archive, judging, schema
from search.checking import check
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.distrust import distrusting, manifest_of, objects
from search.errors import DocumentMissing, UsageError
from search.evaluation.kept import kept_judgements, query_id
from search.judging import judge
from search.mending import repair
from search.models import Mode
from search.portable import export, import_
from search.rows import Counts, digest_of

__all__ = ["place"]

QUESTION = "plum tree"


@pytest.fixture
def site(tmp_path):
    with site_in(tmp_path) as made:
        yield made


def hit_of(site, words=QUESTION):
    return site.get(search_url(q=words, k=1))["hits"][0]


def judged(site, relevance=2, words=QUESTION):
    hit = hit_of(site, words)
    body = {"q": words, "passage_id": hit["passage_id"], "relevance": relevance}
    response = site.client.post("/api/v1/judgements", json=body)
    assert response.status_code == 200, response.text
    return response.json


def kept(site):
    return site.get("/api/v1/judgements")["judgements"]


def folder_of(site):
    return site.settings.collections / site.settings.collection


def run(site, *arguments):
    return CliRunner().invoke(
        qrels.command, [*arguments, "--home", str(site.settings.home)], standalone_mode=False
    )


def test_a_judgement_is_kept_replaced_and_taken_back(site):
    generation = site.get("/api/v1/status")["generation"]
    answer = judged(site, 2)
    conforms(site, "/api/v1/judgements", answer, "post")
    assert kept(site) == [answer["judgement"]]
    hit = hit_of(site)
    for key in ("document_id", "start", "end", "text"):
        assert answer["judgement"][key] == hit[key]
    judged(site, 0)
    assert [each["relevance"] for each in kept(site)] == [0]
    assert judged(site, None) == {"judgement": None}
    assert kept(site) == []
    assert site.get("/api/v1/status")["generation"] == generation, "nothing is indexed anew"


@pytest.mark.parametrize(
    ("change", "status", "code", "parameter"),
    [
        ({"relevance": 4}, 400, "invalid-parameter", "relevance"),
        ({"relevance": -1}, 400, "invalid-parameter", "relevance"),
        ({"relevance": True}, 400, "invalid-parameter", "relevance"),
        ({"passage_id": 9999}, 404, "document-missing", None),
        ({"q": "?"}, 422, "unanswerable", "q"),
        ({"note": "x"}, 400, "unknown-parameter", "note"),
    ],
)
def test_a_judgement_that_cannot_be_is_refused(site, change, status, code, parameter):
    body = {"q": QUESTION, "passage_id": hit_of(site)["passage_id"], "relevance": 1, **change}
    problem(site.client.post("/api/v1/judgements", json=body), status, code, parameter)
    assert kept(site) == []


def test_judging_need_not_wait_for_an_indexing_run(site):
    with CollectionWriter.open(folder_of(site)):
        judged(site)
    assert len(kept(site)) == 1


def test_there_are_not_too_many(site, monkeypatch):
    monkeypatch.setattr(judging, "MOST", 1)
    judged(site)
    with pytest.raises(UsageError, match="too many"):
        judge(folder_of(site), "other", hit_of(site)["passage_id"], 1)


# How long they last


def test_a_judgement_outlives_the_passage_when_its_document_is_indexed_anew(site):
    before = judged(site)["judgement"]
    (site.library / "bees.txt").write_text("Quite another text about wasps in the attic.\n" * 30)
    run_index(site.settings, site.library)
    assert kept(site) == [before]


def test_a_judgement_goes_with_its_document(site):
    judged(site, words="impeller blocked by gravel")
    (site.library / "manual.pdf").unlink()
    run_index(site.settings, site.library)
    assert kept(site) == []


def test_judgements_are_carried_into_a_new_build(site):
    before = judged(site)["judgement"]
    reindex(site.settings.with_(model=None, passage_pieces=50), Silent())
    with Collection(folder_of(site)) as fresh, fresh.store.reading() as reading:
        (judgement,) = reading.judgements()
    assert fresh.build.name == "0002"
    assert (judgement.query, judgement.text) == (QUESTION, before["text"])
    assert kept(site) == [before]


def test_a_judgement_made_while_a_build_is_replaced_is_not_lost(site, monkeypatch):
    builds = iter([folder_of(site) / "0001", folder_of(site) / "0002", folder_of(site) / "0001"])
    asked = []

    def moving(folder):
        asked.append(folder)
        return next(builds, folder_of(site) / "0001")

    hit = hit_of(site)
    monkeypatch.setattr(judging, "current_build", moving)
    judge(folder_of(site), QUESTION, hit["passage_id"], 1)
    assert len(asked) == 4, "it was written to one build, and then to the one in its place"


def test_judgements_travel_with_the_collection(site, tmp_path):
    before = judged(site)["judgement"]
    export(folder_of(site), tmp_path / "mine.wherein")
    import_(tmp_path / "mine.wherein", tmp_path / "copy")
    with Collection(tmp_path / "copy") as copy, copy.store.reading() as reading:
        assert [each.text for each in reading.judgements()] == [before["text"]]
    assert check(tmp_path / "copy").findings == ()


@pytest.mark.parametrize("number", range(admission.FIRST_FORMAT, schema.FORMAT))
def test_an_archive_of_an_older_format_is_still_taken_in(number, tmp_path):
    archived = PROJECT / "tests" / "formats" / f"format-{number}.zip"
    zipfile.ZipFile(archived).extractall(tmp_path / "old")
    for table in ("documents", "files"):  # whose digests were made up
        spoil(tmp_path / "old", f"UPDATE {table} SET content_hash = zeroblob(32)")
    store = tmp_path / "old" / "0001" / "store.sqlite"
    with distrusting(store) as connection:
        assert admission.schema_digest(objects(connection)) == admission.OLDER_SCHEMAS[number]
        manifest = manifest_of(connection)
    said = archive.ArchiveManifest(archive.VERSION, "0", number, manifest, Counts(2, 2, 2, 0), {})
    archive.write(tmp_path / "old.wherein", store, said)
    import_(tmp_path / "old.wherein", tmp_path / "new", model=manifest.encoder.name)
    assert ask(tmp_path / "new", "SELECT count(*) FROM judgements") == [(0,)]


@pytest.mark.parametrize(
    "spoilt",
    ["relevance = 9", "relevance = -1", "passage = x'00'", "text = 'other'", "start = -1",
     '"end" = start', "query = CAST(x'ff' AS TEXT)"],
)  # fmt: skip
def test_a_spoilt_judgement_is_found_and_dropped(place, spoilt):
    text = "Bees dance."
    row = ("bees", 1, digest_of(text), text, 0, 11, 1, 0)
    insert = (
        'INSERT INTO judgements (query, document, passage, text, start, "end", relevance, judged)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    spoil(place, (insert, row))
    assert findings(place) == {}
    spoil(place, f"UPDATE judgements SET {spoilt}")
    assert set(findings(place)) == {"judgement"}
    repair(place)
    assert findings(place) == {}
    assert ask(place, "SELECT count(*) FROM judgements") == [(0,)]


# What becomes of them


def test_qrels_are_what_eval_reads(site, tmp_path):
    judged(site, 3)
    judged(site, 0, "impeller blocked by gravel")
    judged(site, 1, "leaves turn sunlight into sugar")
    out = tmp_path / "judged.qrels"
    assert run(site, "--out", str(out)).exit_code == 0
    assert set(out.read_text().splitlines()) == {
        f"{query_id(QUESTION)}\t0\tbees.txt\t3",
        f"{query_id('impeller blocked by gravel')}\t0\tmanual.pdf\t0",
        f"{query_id('leaves turn sunlight into sugar')}\t0\tleaves.md\t1",
    }
    queries = out.with_name("judged.qrels.queries.tsv")
    with collection_setup(site.settings, queries, out, Selection()) as setup:
        found = evaluate(setup, [Mode.HYBRID])
    assert [query.text for query in setup.judged.queries] == [
        "leaves turn sunlight into sugar",
        QUESTION,
    ]
    assert found.results[0].mode is Mode.HYBRID


def test_qrels_of_passages_quote_them(site, tmp_path):
    judged(site, 3)
    out = tmp_path / "judged.tsv"
    assert run(site, "--out", str(out), "--passages").exit_code == 0
    header, line = out.read_text().splitlines()
    assert header == "query-id\tdocument\tscore\tquote"
    assert line.split("\t")[3].startswith("The bees had swarmed")
    with collection_setup(
        site.settings, out.with_name("judged.tsv.queries.tsv"), out, Selection()
    ) as setup:
        assert [query.text for query in setup.judged.queries] == [QUESTION]


def test_qrels_are_printed_unless_a_file_is_named(site):
    judged(site, 1)
    printed = run(site)
    assert printed.stdout.splitlines() == [f"{query_id(QUESTION)}\t0\tbees.txt\t1"]


def test_the_best_passage_of_a_document_counts(site):
    hits = site.get(search_url(q="pump filter faults", per_document=3, k=10))["hits"]
    of_manual = [hit for hit in hits if hit["kind"] == "pdf"]
    assert len(of_manual) > 1
    for relevance, hit in enumerate(of_manual[:2]):
        judge(folder_of(site), "pump", hit["passage_id"], relevance)
    with Collection(folder_of(site)) as collection, collection.store.reading() as reading:
        assert kept_judgements(reading).qrels == (f"{query_id('pump')}\t0\tmanual.pdf\t1",)
        assert len(kept_judgements(reading, passages=True).qrels) == 3


def test_nothing_judged_is_said(site):
    done = run(site)
    assert "Nothing was judged" in done.stderr
    with pytest.raises(DocumentMissing):
        judge(folder_of(site), "x", 9999, 1)
