"""Tantivy as the engine: compiled, for collections that outgrow Whoosh.

Tantivy ranks by BM25 with lengths rounded to a byte, which is good enough to find candidates; the
forward index scores them exactly. Its b is 0.75 and cannot be changed, but with a quarter of the
average length put on top of each passage's its norm is that of our b: see `_padding`.

Passages are known to it by their numbers; it removes, merges and orders them as it likes. One more
document, without text, says in its field ``shows`` which generation the state shows, so that it
changes in the same commit as all else.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from tantivy import (
    Document,
    Index,
    IndexWriter,
    Occur,
    Order,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    TextAnalyzerBuilder,
    Tokenizer,
)

from search.asking import Wanted
from search.fusion import B, inverse_document_frequency
from search.keywords.forward import Change, Forward, Scores
from search.keywords.postings import Postings, affordable
from search.keywords.segments import Segment, encoded
from search.reading import Ids

_TERMS, _NUMBER, _SHOWS = "terms", "number", "shows"
#: What passages are lengthened with; the analyser makes no such term.
_PAD = "\x01"
#: Tantivy's b of BM25; its k1 is ours.
_TANTIVY_B = 0.75
#: Memory that Tantivy may take to sort postings while writing.
_WRITER_BYTES = 100_000_000
#: Where not all passages are allowed, so many times as many are asked for as are wanted, …
_MORE = 4
#: … and again, as often as this; then all that are allowed are taken.
_TIMES = 4
#: Most passages that `holders` reads of one term.
_HOLDERS = 1_000_000


class _Segment(msgspec.Struct):
    max_doc: int


class _Contents(msgspec.Struct):
    """What Tantivy's table of contents says of documents, removed ones included."""

    segments: list[_Segment]


class TantivyPostings(Postings):
    """Tantivy's index in ``folder``.

    Args:
        folder: Where it lies.
        index: The index, opened.
    """

    budget = 1_000_000  # about 4 ns each

    def __init__(self, folder: Path, index: Index) -> None:
        self._folder = folder
        index.register_tokenizer(_TERMS, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
        index.config_reader("manual")
        self._index = index
        self._writer: IndexWriter | None = None
        self._read()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """An empty index, which shows generation 0."""
        with _system_errors():
            index = Index(_schema(), str(folder))
            index.register_tokenizer(_TERMS, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
            writer = index.writer(15_000_000, 1)
            writer.add_document(_showing(0))
            writer.commit()
            writer.wait_merging_threads()
            index.reload()
        return cls(folder, index)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The index in ``folder``."""
        return cls(folder, Index.open(str(folder)))

    @classmethod
    def mark_in(cls, folder: Path) -> int:
        """The generation that the index shows."""
        return cls.open(folder).mark

    def close(self) -> None:
        """Let go of the files, which Tantivy closes when nobody holds them."""
        self._writer = None

    def fits(self, forward: Forward) -> bool:
        """Whether there are as many living passages, and postings for them."""
        self._searcher.doc_freq(_TERMS, _PAD)  # opens every segment's, or raises
        return self._searcher.num_docs == len(forward) + 1

    def best(
        self,
        forward: Forward,
        wanted: Sequence[Wanted],
        limit: int,
        budget: int,
        allowed: Ids | None,
    ) -> tuple[Ids, Scores | None]:
        """Those that Tantivy ranks highest by the words that the budget allows for."""
        query = self._query(affordable(wanted, budget))
        if allowed is None:
            return self._likeliest(forward, query, limit), None
        asked = limit
        for _ in range(_TIMES):
            asked *= _MORE
            found = self._likeliest(forward, query, asked)
            chosen = found[forward.among(found, allowed)]
            if len(chosen) >= limit or len(found) < asked:
                return chosen[:limit], None
        return forward.located(allowed)[0], None

    def holders(self, forward: Forward, terms: Sequence[str]) -> Ids:
        """Rows of the passages that hold one of the terms."""
        found = [np.empty(0, np.int64)]
        for term in terms:
            limit = min(forward.frequency(term), _HOLDERS)
            if limit:
                query = Query.const_score_query(self._of_term(term), 1.0)
                hits = self._searcher.search(query, limit, count=False).hits
                found.append(forward.located(self._numbers(hits))[0])
        return np.unique(np.concatenate(found))

    def first(self, forward: Forward, term: str) -> int | None:  # noqa: ARG002
        """The lowest number of those that hold the term."""
        hits = self._searcher.search(
            self._of_term(term), 1, count=False, order_by_field=_NUMBER, order=Order.Asc
        ).hits
        return int(hits[0][0]) if hits else None

    def write(self, change: Change, generation: int) -> int:
        """Give Tantivy what is gone and what is new."""
        with _system_errors():
            self._writer = writer = self._index.writer(_WRITER_BYTES, 1)
            writer.delete_documents_by_query(Query.term_query(self._schema, _SHOWS, self.mark))
            if len(change.gone):
                numbers = change.gone.tolist()
                gone = Query.term_set_query(self._schema, _NUMBER, numbers)
                writer.delete_documents_by_query(gone)
            padding = _padding(change.after.average_length)
            for segment in change.added:
                for document in _documents(segment, padding):
                    writer.add_document(document)
            writer.add_document(_showing(generation))
        return generation

    def commit(self) -> None:
        """Replace Tantivy's table of contents, and wait until it has merged what it wants to."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with _system_errors():
                writer.commit()
                writer.wait_merging_threads()
        self._index.reload()
        self._read()

    def cancel(self) -> None:
        """Give Tantivy's writer up."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(ValueError):
                writer.rollback()

    def _read(self) -> None:
        self._searcher: Searcher = self._index.searcher()
        self._schema: Schema = self._index.schema
        hits = self._searcher.search(Query.exists_query(_SHOWS), 2, count=False).hits
        if len(hits) != 1:
            raise ValueError("the index does not say what it shows")
        (shown,) = self._searcher.fast_field_values(_SHOWS, [hits[0][1]])
        self.mark = int(shown or 0)
        contents = msgspec.json.decode((self._folder / "meta.json").read_bytes(), type=_Contents)
        self._documents = sum(segment.max_doc for segment in contents.segments)

    def _likeliest(self, forward: Forward, query: Query, limit: int) -> Ids:
        """Rows of the passages that Tantivy ranks highest, best first."""
        hits = self._searcher.search(query, limit, count=False).hits
        return forward.located(self._numbers(hits))[0]

    def _query(self, wanted: Sequence[Wanted]) -> Query:
        """The words, each with the weight it is to have in place of Tantivy's own."""
        words = []
        for word in wanted:
            forms = []
            for alternative in word.alternatives:
                count = self._searcher.doc_freq(_TERMS, alternative.text)
                if count:
                    own = float(inverse_document_frequency(np.array([count]), self._documents)[0])
                    boost = word.weight * alternative.weight / own
                    forms.append(Query.boost_query(self._of_term(alternative.text), boost))
            if len(forms) == 1:
                words.append((Occur.Should, forms[0]))
            elif forms:
                words.append((Occur.Should, Query.disjunction_max_query(forms)))
        return Query.boolean_query(words)

    def _of_term(self, term: str) -> Query:
        return Query.term_query(self._schema, _TERMS, encoded(term).decode(), "freq")

    def _numbers(self, hits: Sequence[tuple[object, object]]) -> Ids:
        addresses = [address for _, address in hits]
        found = self._searcher.fast_field_values(_NUMBER, addresses)  # type: ignore[arg-type]
        return np.array(found, dtype=np.int64)


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field(_NUMBER, indexed=True, fast=True)
    builder.add_unsigned_field(_SHOWS, indexed=True, fast=True)
    builder.add_text_field(_TERMS, tokenizer_name=_TERMS, index_option="freq")
    return builder.build()


def _showing(generation: int) -> Document:
    """The document that says what the index shows."""
    document = Document()
    document.add_unsigned(_SHOWS, generation)
    return document


def _padding(average: float) -> int:
    """How many terms, of none that is ever asked for, passages are lengthened by.

    With lengths l + c and their average a + c, Tantivy's norm 1 - b' + b' (l + c) / (a + c) is our
    1 - b + b l / a if b (a + c) = b' a, that is c = (b' / b - 1) a.
    """
    return round(max(0.0, _TANTIVY_B / B - 1.0) * average)


def _documents(segment: Segment, padding: int) -> Iterator[Document]:
    """The passages of a segment, each lengthened by so many terms."""
    words = segment.words.texts()
    starts = segment.starts.tolist()
    for row, number in enumerate(segment.numbers.tolist()):
        entries = slice(starts[row], starts[row + 1])
        terms, counts = segment.terms[entries].tolist(), segment.counts[entries].tolist()
        found = [_PAD] * padding
        for term, count in zip(terms, counts, strict=True):
            found += [words[term]] * count
        document = Document()
        document.add_unsigned(_NUMBER, number)
        document.add_text(_TERMS, " ".join(found))
        yield document


@contextlib.contextmanager
def _system_errors() -> Iterator[None]:
    """Turn what Tantivy raises when it cannot write into the system's own errors."""
    try:
        yield
    except ValueError as error:
        full = "No space left" in str(error) or "StorageFull" in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error
