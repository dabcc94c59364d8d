"""How Whoosh's postings lie on disk here: two plain arrays for each term.

Whoosh's own codec packs postings in blocks of 128, each compressed and pickled, which a search
unpacks one number at a time. As arrays they are read at once, however many there are.
"""

from __future__ import annotations

import io
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.codec.whoosh3 import (
    W3Codec,
    W3FieldWriter,
    W3PostingsWriter,
    W3TermInfo,
    W3TermsReader,
)
from whoosh.filedb.structfile import BufferFile
from whoosh.matching import ListMatcher

_PLACE = np.dtype("<u4")
#: What a posting takes: the place of a passage, and a count.
POSTING_BYTES = _PLACE.itemsize + 1

Places = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.uint8]


class ArrayCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's third codec with other postings; Whoosh finds it by its name in the index."""

    def terms_reader(self, storage: Any, segment: Any) -> W3TermsReader:
        """What reads the terms of ``segment`` in ``storage``, without a copy in memory."""
        terms, postings = (
            _MappedFile(Path(storage.folder) / segment.make_filename(extension))
            for extension in (self.TERMS_EXT, self.POSTS_EXT)
        )
        return W3TermsReader(self, terms, len(terms), postings)

    def field_writer(self, storage: Any, segment: Any) -> ArrayFieldWriter:
        """What writes the terms of ``segment`` into ``storage``."""
        return ArrayFieldWriter(self, storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> W3PostingsWriter:
        """What writes the postings of a segment into ``dbfile``; ``byteids`` must be false."""
        return _ArrayPostingsWriter(dbfile, self._blocklimit, byteids)

    def postings_reader(
        self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None
    ) -> ListMatcher:
        """The postings of a term one by one, as Whoosh itself asks for them.

        Args:
            dbfile: The file of a segment's postings.
            terminfo: What the segment knows of the term.
            format_: What Whoosh's field holds.
            term: The field and the term.
            scorer: What would score the passages.
        """
        places, counts = arrays(dbfile, terminfo)
        return ListMatcher(
            places.tolist(),
            counts.astype(float).tolist(),
            format=format_,
            scorer=scorer,
            term=term,
            terminfo=terminfo,
        )


class _MappedFile(BufferFile):  # type: ignore[misc]
    """A file as Whoosh reads it, mapped into memory."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if path.stat().st_size:
                self.file: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                self._buf = memoryview(self.file)
            else:  # which cannot be mapped
                self.file, self._buf = io.BytesIO(), memoryview(b"")
        self._name = path.name
        self.onclose = None
        self.is_real = self.is_closed = False

    def __len__(self) -> int:
        return len(self._buf)

    def close(self) -> None:
        """Let go of the file."""
        self.is_closed = True
        self._buf.release()
        self.file.close()


class ArrayFieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes terms with all of their postings at once."""

    def add_term(self, term: bytes, places: Places, counts: Counts) -> None:
        """Write a term; terms are to come in alphabetical order.

        Args:
            term: The term.
            places: Places of the passages that hold it, uint32, ascending.
            counts: How often each holds it, uint8.
        """
        self.start_term(term)
        self._postwriter.add_all(places, counts)
        self.finish_term()


class _ArrayPostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    _terminfo: Any

    def add_all(self, places: Places, counts: Counts) -> None:
        self._postfile.write(places.astype(_PLACE, copy=False).tobytes())
        self._postfile.write(counts.tobytes())
        self._terminfo._df = len(places)
        self._terminfo._weight = float(counts.sum())

    def finish_postings(self) -> W3TermInfo:
        info, self._terminfo = self._terminfo, None
        info._minlength = 0  # nothing here asks for lengths, and none are kept
        info.set_extent(self._startoffset, self._postfile.tell() - self._startoffset)
        return info


def arrays(file: Any, info: Any) -> tuple[Places, Counts]:
    """The postings of a term.

    Args:
        file: The file of a segment's postings.
        info: What the segment knows of the term.

    Returns:
        Places of the passages that hold it, uint32, ascending, and how often each holds it, uint8.

    Raises:
        ValueError: The index is damaged.
    """
    offset, _ = info.extent()
    count = info.doc_frequency()
    length = count * POSTING_BYTES
    found = file.get(offset, length)
    if len(found) != length:
        raise ValueError("the postings of a term are cut short")
    return (
        np.frombuffer(found, _PLACE, count),
        np.frombuffer(found, np.uint8, count, count * _PLACE.itemsize),
    )
