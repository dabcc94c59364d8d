"""Others that find passages, on the same passages and with the same weights as Wherein.

Each is used as its documentation shows, with its defaults. What embeds is given the same model's
folder and embeds questions with it; the embeddings of passages are given to it, because making
them is measured elsewhere. Nobody is let onto the network (`contest`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from material import Material, put_into_collection

from search.encoders import DEFAULT_MODEL, load_encoder
from search.encoders.locate import locate
from search.engine import Engine
from search.queries import parse
from search.settings import Settings

#: Gives the best passages, by their places, with their texts.
Search = Callable[[str], list[tuple[int, str]]]
#: How many passages are asked for.
BEST = 10
#: In their environment: nothing is told to anybody, nothing is fetched, and LanceDB, which would
#: warn of each question, keeps quiet.
SILENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "LANCE_LOG": "error",
    "LANCEDB_LOG": "error",
}
_CACHE = Settings.from_environment().cache


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who finds passages.

    Attributes:
        name: What it is called in the table.
        build: Makes an index of what is given in a folder.
        open: Opens the index in a folder; raises ImportError if it is not installed.
        is_whole: Whether it goes by meaning, not by words alone.
    """

    name: str
    build: Callable[[Path, Material], None]
    open: Callable[[Path], Search]
    is_whole: bool = True


def contestants() -> Sequence[Contestant]:
    """All, Wherein first."""
    return (
        Contestant("Wherein (Whoosh)", _wherein("whoosh"), _open_wherein),
        Contestant("Wherein (Tantivy)", _wherein("tantivy"), _open_wherein),
        Contestant("txtai, hybrid", _txtai(hybrid=True), _open_txtai),
        Contestant("txtai, dense", _txtai(hybrid=False), _open_txtai),
        Contestant("Chroma", _chroma, _open_chroma),
        Contestant("LanceDB, hybrid", _lancedb, _open_lancedb),
        Contestant("Whoosh alone", _whoosh, _open_whoosh, is_whole=False),
        Contestant("FTS5 alone", _fts5, _open_fts5, is_whole=False),
        Contestant("bm25s alone", _bm25s, _open_bm25s, is_whole=False),
        Contestant("Tantivy alone", _tantivy, _open_tantivy, is_whole=False),
    )


def _wherein(engine: str) -> Callable[[Path, Material], None]:
    def build(folder: Path, material: Material) -> None:
        put_into_collection(folder, material, load_encoder(DEFAULT_MODEL, _CACHE), engine)

    return build


def _open_wherein(folder: Path) -> Search:
    engine = Engine(folder, _CACHE, threads=1)
    engine.warm_up()

    def search(question: str) -> list[tuple[int, str]]:
        hits = engine.search(parse(question, limit=BEST, literal=True)).hits
        return [(hit.passage_id - 1, hit.text) for hit in hits]

    return search


def _txtai(*, hybrid: bool) -> Callable[[Path, Material], None]:
    def build(folder: Path, material: Material) -> None:
        from txtai import Embeddings

        embeddings = Embeddings(
            path=str(locate(DEFAULT_MODEL).folder),
            method="sentence-transformers",
            gpu=False,
            content=True,
            hybrid=hybrid,
        )
        known = dict(zip(material.texts, material.full, strict=True))
        embeddings.model.encode = lambda texts, _=None: np.array([known[text] for text in texts])
        embeddings.index((place, text) for place, text in enumerate(material.texts))
        embeddings.save(str(folder))

    return build


def _open_txtai(folder: Path) -> Search:
    from txtai import Embeddings

    embeddings = Embeddings()
    embeddings.load(str(folder))
    return lambda question: [
        (int(hit["id"]), hit["text"]) for hit in embeddings.search(question, BEST)
    ]


def _chroma_client(folder: Path) -> Any:
    import chromadb

    return chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))


def _chroma_encoder() -> Any:
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

    return SentenceTransformerEmbeddingFunction(str(locate(DEFAULT_MODEL).folder))


def _chroma(folder: Path, material: Material) -> None:
    client = _chroma_client(folder)
    kept = client.create_collection(
        "passages", embedding_function=_chroma_encoder(), configuration={"hnsw": {"space": "ip"}}
    )
    step = client.get_max_batch_size()
    for at in range(0, len(material.texts), step):
        texts = list(material.texts[at : at + step])
        numbers = [str(at + n) for n in range(len(texts))]
        kept.add(ids=numbers, documents=texts, embeddings=material.full[at : at + step])


def _open_chroma(folder: Path) -> Search:
    kept = _chroma_client(folder).get_collection("passages", embedding_function=_chroma_encoder())

    def search(question: str) -> list[tuple[int, str]]:
        found = kept.query(query_texts=[question], n_results=BEST, include=["documents"])
        return list(zip(map(int, found["ids"][0]), found["documents"][0], strict=True))

    return search


def _lancedb(folder: Path, material: Material) -> None:
    import lancedb
    import pyarrow

    vectors = pyarrow.FixedSizeListArray.from_arrays(
        pyarrow.array(material.full.ravel()), material.full.shape[1]
    )
    places = pyarrow.array(range(len(material.texts)))
    columns = {"place": places, "text": pyarrow.array(list(material.texts)), "vector": vectors}
    table = lancedb.connect(str(folder)).create_table("passages", pyarrow.table(columns))
    table.create_fts_index("text")


def _open_lancedb(folder: Path) -> Search:
    import lancedb
    from sentence_transformers import SentenceTransformer

    table = lancedb.connect(str(folder)).open_table("passages")
    model = SentenceTransformer(str(locate(DEFAULT_MODEL).folder), device="cpu")

    def search(question: str) -> list[tuple[int, str]]:
        vector = model.encode(question, show_progress_bar=False)
        asked = table.search(query_type="hybrid").vector(vector).text(question)
        found = asked.distance_type("dot").select(["place", "text"]).limit(BEST).to_arrow()
        return list(zip(found["place"].to_pylist(), found["text"].to_pylist(), strict=True))[:BEST]

    return search


def _whoosh(folder: Path, material: Material) -> None:
    from whoosh import fields, index
    from whoosh.analysis import StemmingAnalyzer

    text = fields.TEXT(analyzer=StemmingAnalyzer(), stored=True)
    kept = index.create_in(str(folder), fields.Schema(place=fields.STORED, text=text))
    writer = kept.writer(limitmb=256)
    for place, passage in enumerate(material.texts):
        writer.add_document(place=place, text=passage)
    writer.commit()


def _open_whoosh(folder: Path) -> Search:
    from whoosh import index
    from whoosh.query import Or, Term

    kept = index.open_dir(str(folder))
    searcher = kept.searcher()
    analyse = kept.schema["text"].analyzer

    def search(question: str) -> list[tuple[int, str]]:
        words = [Term("text", token.text) for token in analyse(question)]
        return [(hit["place"], hit["text"]) for hit in searcher.search(Or(words), limit=BEST)]

    return search


def _fts5(folder: Path, material: Material) -> None:
    with closing(sqlite3.connect(folder / "passages.sqlite")) as connection, connection:
        connection.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(text, tokenize='porter unicode61')"
        )
        connection.executemany(
            "INSERT INTO passages(rowid, text) VALUES (?, ?)", enumerate(material.texts)
        )


def _open_fts5(folder: Path) -> Search:
    connection = sqlite3.connect(folder / "passages.sqlite")

    def search(question: str) -> list[tuple[int, str]]:
        words = " OR ".join('"' + word.replace('"', '""') + '"' for word in question.split())
        return connection.execute(
            "SELECT rowid, text FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?",
            (words, BEST),
        ).fetchall()

    return search


def _bm25s(folder: Path, material: Material) -> None:
    import bm25s
    import Stemmer

    terms = bm25s.tokenize(
        list(material.texts), stemmer=Stemmer.Stemmer("english"), show_progress=False
    )
    index = bm25s.BM25()
    index.index(terms, show_progress=False)
    index.save(str(folder), show_progress=False)
    (folder / "passages.json").write_text(json.dumps(list(material.texts)), "utf-8")


def _open_bm25s(folder: Path) -> Search:
    import bm25s
    import Stemmer

    index, stemmer = bm25s.BM25.load(str(folder)), Stemmer.Stemmer("english")
    texts = json.loads((folder / "passages.json").read_text("utf-8"))

    def search(question: str) -> list[tuple[int, str]]:
        terms = bm25s.tokenize([question], stemmer=stemmer, show_progress=False)
        places, _ = index.retrieve(terms, k=BEST, show_progress=False)
        return [(int(place), texts[place]) for place in places[0]]

    return search


def _tantivy(folder: Path, material: Material) -> None:
    import tantivy

    fields = tantivy.SchemaBuilder()
    fields.add_unsigned_field("place", stored=True)
    fields.add_text_field("text", stored=True, tokenizer_name="en_stem")
    writer = tantivy.Index(fields.build(), str(folder)).writer()
    for place, text in enumerate(material.texts):
        writer.add_document(tantivy.Document(place=place, text=text))
    writer.commit()
    writer.wait_merging_threads()


def _open_tantivy(folder: Path) -> Search:
    import tantivy

    index = tantivy.Index.open(str(folder))
    searcher = index.searcher()

    def search(question: str) -> list[tuple[int, str]]:
        query, _ = index.parse_query_lenient(question, ["text"])
        hits = searcher.search(query, BEST, count=False).hits
        found = [searcher.doc(address) for _, address in hits]
        return [(one["place"][0], one["text"][0]) for one in found]

    return search
