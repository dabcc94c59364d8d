"""What is Whoosh's own in the keyword index, and what has no engine at all."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyword_corpus import Corpus, sentences

from search.analysis import terms
from search.context import context_line
from search.keywords.segments import encoded
from search.keywords.whoosh_codec import arrays
from search.keywords.whoosh_postings import WhooshPostings


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    made = Corpus(tmp_path)
    yield made
    made.close()


def test_whoosh_itself_reads_the_postings_that_are_read_at_once(corpus: Corpus) -> None:
    corpus.add(sentences(7, 700))
    opened = WhooshPostings.open(corpus.folder)
    ((leaf, _),) = opened._leaves
    assert isinstance(leaf._terms._postfile.file, mmap.mmap)  # and not read when it is opened
    for term in ("common", "word0", "word30"):
        matcher = leaf.postings("text", term)
        expected = []
        while matcher.is_active():
            expected.append((matcher.id(), matcher.weight()))
            matcher.next()
        info = leaf._terms.term_info("text", encoded(term))
        places, counts = arrays(leaf._terms._postfile, info)
        assert list(zip(places.tolist(), counts.tolist(), strict=True)) == expected
        assert leaf.doc_frequency("text", term) == len(expected)
    opened.close()


def test_headings_and_title_are_searched_too() -> None:
    assert terms(context_line("Manual", ["Manual", "Descaling"])) == ["manual", "descal"]
