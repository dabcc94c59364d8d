"""Which files need not be read, because what they hold is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from indexer.readers import same_by_name
from indexer.walk import FoundFile
from search.rows import FileRecord
from search.store import Store


class Recognition:
    """Recognises the content of files by its digest; asked from several threads.

    Args:
        store: The store, or None where there is none yet.
        known: What was known of the files of this run, by path.
        retry: Whether files that could not be read are read again all the same.
        again: Files that are read again in any case.
    """

    def __init__(
        self,
        store: Store | None,
        known: Mapping[Path, FileRecord],
        *,
        retry: bool = False,
        again: Collection[Path] = (),
    ) -> None:
        self._store = store
        self._known = known
        self._retry = retry
        self._again = again
        self._claimed: dict[bytes, Path] = {}

    def wanted(self, file: FoundFile, digest: bytes) -> bool:
        """Whether the file must be read. Of two files with the same content one must."""
        record = self._known.get(file.path)
        if file.path in self._again:
            return True
        if record is not None and record.content_hash == digest:
            return self._retry
        like = None
        if self._store is not None:
            with self._store.reading() as reading:
                like = reading.file_with(digest)
        if like is not None and same_by_name(like.location.name, file.path.name):
            return False
        # `setdefault` cannot be interrupted by another thread.
        first = self._claimed.setdefault(digest, file.path)
        return first == file.path or not same_by_name(first.name, file.path.name)
