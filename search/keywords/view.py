"""A keyword view on disk: an engine's index and a forward index that show the same generation."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Self

import numpy as np

from search.analysis import ANALYSER_VERSION, name_terms, terms
from search.context import context_line
from search.keywords.digests import damaged_files, new_files, take_digests
from search.keywords.engines import ENGINES, engine_in, load_engine
from search.keywords.forward import LARGEST, Forward
from search.keywords.postings import Postings
from search.keywords.segments import Segment, gathered
from search.keywords.stamps import (
    Stamp,
    clean,
    new_names,
    part_of,
    read_parts,
    read_stamp,
    write_stamp,
)
from search.reading import Ids, Reading
from search.rows import PassageRow
from search.storage import flush, flush_folder, storage_errors

_log = logging.getLogger("wherein")

#: How often the words of title and headings count: twice what they would in the text.
_CONTEXT_WEIGHT = 2
#: So many different names of a document's files are searched for; copies of it may be many more.
_NAMES = 8


class KeywordView:
    """The view in ``folder``, opened; see `search.keywords.index` for what it is asked.

    Attributes:
        engine: The engine's name.
        generation: The store's generation that it shows.

    Args:
        folder: Where it lies.
        engine: The engine's name.
        postings: What the engine keeps there.
        forward: What is known of the passages.
        shows: What both show.
    """

    def __init__(
        self, folder: Path, engine: str, postings: Postings, forward: Forward, shows: Stamp
    ) -> None:
        self.engine = engine
        self._folder = folder
        self._postings = postings
        self._show(forward, shows)

    def _show(self, forward: Forward, shows: Stamp) -> None:
        """Take up another state."""
        self.generation = shows.generation
        self._forward = forward
        self._stamp = shows

    def __len__(self) -> int:
        return len(self._forward)

    def ids(self) -> Ids:
        """The numbers of the passages that are indexed, int64, ascending."""
        return self._forward.ids

    def close(self) -> None:
        """Close the index's files."""
        self._postings.close()

    @classmethod
    def create(cls, folder: Path, engine: str = ENGINES[0]) -> Self:
        """Make a new, empty index in ``folder``, in place of anything there.

        Args:
            folder: Where it is to lie.
            engine: Its engine, one of `ENGINES`.

        Raises:
            StorageError: The disk is full or read-only.
            CollectionMismatch: The engine is not installed.
        """
        kind = load_engine(engine)
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if path.is_file():
                    path.unlink()
            shows = Stamp(0, ANALYSER_VERSION)
            write_stamp(folder, 0, shows)
            postings = kind.create(folder)
        return cls(folder, engine, postings, Forward((), ()), shows)

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """The index in ``folder``, or None if there is none that this program can read.

        Raises:
            CollectionMismatch: Its engine is not installed.
        """
        engine = engine_in(folder)
        if engine is None:
            return None
        kind = load_engine(engine)
        postings = None
        try:
            postings = kind.open(folder)
            shows = read_stamp(folder, postings.mark)
            if shows is not None and shows.usable(ANALYSER_VERSION):
                forward = Forward(*read_parts(folder, shows))
                if postings.fits(forward):
                    return cls(folder, engine, postings, forward, shows)
        except Exception as error:
            _log.debug("The keyword index in %s cannot be opened: %r", folder, error)
        if postings is not None:
            postings.close()
        return None

    def damaged(self) -> list[str]:
        """The names of its files that are not as they were written; all of them are read.

        Raises:
            StorageError: One cannot be read.
        """
        with storage_errors(self._folder):
            return damaged_files(self._folder)

    def update(self, reading: Reading, generation: int) -> None:
        """Bring the index on disk from its generation to ``generation``, as the store has it.

        Args:
            reading: The store, which has reached ``generation``.
            generation: The one to show.

        Raises:
            StorageError: The disk is full or read-only; the index shows what it showed before.
        """
        gone = reading.removed_between(self.generation, generation)
        languages = set(self._stamp.languages)
        rows = _watched(reading.passages_between(self.generation, generation), languages)
        indexed = _indexed(rows, reading)
        added: list[Segment] = []
        while len(part := gathered(islice(indexed, LARGEST))):
            if len(part) == LARGEST:  # on disk it takes no memory
                (name,) = new_names(self._folder, 1)
                with storage_errors(self._folder):
                    part.write(self._folder / name)
                    part = Segment.open(self._folder / name)
            added.append(part)
        self._apply(gone, added, generation, languages)

    def copy_to(self, folder: Path, engine: str) -> Self:
        """The same index anew in ``folder``, with that engine; no text is read for it.

        Args:
            folder: Where it is to lie; what lies there is removed.
            engine: One of `ENGINES`.

        Raises:
            StorageError: The disk is full or read-only.
            CollectionMismatch: The engine is not installed.
        """
        copied = self.create(folder, engine)
        try:
            copied._apply(
                np.empty(0, np.int64),
                self._forward.living(),
                self.generation,
                self._stamp.languages,
            )
        except BaseException:
            copied.close()
            raise
        return copied

    def _apply(
        self, gone: Ids, added: Sequence[Segment], generation: int, languages: Iterable[str]
    ) -> None:
        """Write what changes, in such an order that a power cut leaves the state before or this."""
        with storage_errors(self._folder):
            change = self._forward.changed(gone, added)
            names = new_names(self._folder, len(change.written))
            for name, segment in zip(names, change.written, strict=True):
                segment.write(self._folder / name)
            files = [self._stamp.parts[at].file for at in change.kept] + names
            parts = tuple(map(part_of, files, change.after.dead))
            spoken = tuple(sorted(languages))
            shows = Stamp(generation, ANALYSER_VERSION, languages=spoken, parts=parts)
            try:
                mark = self._postings.write(change, generation)
                write_stamp(self._folder, mark, shows)
                self._postings.commit()
            except BaseException:
                self._postings.cancel()
                raise
            for path in new_files(self._folder):
                flush(path)
            flush_folder(self._folder)
            clean(self._folder, mark, parts)
            take_digests(self._folder)
            self._show(Forward(*read_parts(self._folder, shows)), shows)


def stamp(folder: Path) -> int:
    """The generation that the index in ``folder`` shows, or -1 if there is none to be used.

    Raises:
        CollectionMismatch: Its engine is not installed.
    """
    engine = engine_in(folder)
    if engine is None:
        return -1
    kind = load_engine(engine)
    try:
        found = read_stamp(folder, kind.mark_in(folder))
    except Exception as error:
        _log.debug("The keyword index in %s cannot be read: %r", folder, error)
        return -1
    return found.generation if found and found.usable(ANALYSER_VERSION) else -1


def _watched(rows: Iterator[PassageRow], languages: set[str]) -> Iterator[PassageRow]:
    """The same rows; their languages are added to ``languages`` as they go by."""
    for row in rows:
        languages.add(row.language)
        yield row


def _indexed(rows: Iterator[PassageRow], reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Each passage's number and its terms: BM25F, each field weighted by how often it counts."""
    by_document = groupby(rows, key=lambda row: (row.document, row.language))
    for (document, language), passages in by_document:
        names = dict.fromkeys(file.location.name for file in reading.files_of(document))
        named = {term for name in islice(names, _NAMES) for term in name_terms(name, language)}
        for row in passages:
            context = terms(context_line(row.title, row.headings), language)
            # A name often says what the title says; then it would only make the passage longer.
            new = sorted(named.difference(context))
            yield row.id, context * _CONTEXT_WEIGHT + new + terms(row.text, language)
