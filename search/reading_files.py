"""Questions to the store about files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from search.questions import Questions
from search.rows import FileRecord
from search.stored_paths import key_of, path_of


class FileQuestions(Questions):
    """What is known of files."""

    def files(self) -> Iterator[FileRecord]:
        """Every path that is known, in order."""
        return self._files("TRUE", ())

    def _files(self, condition: str, parameters: tuple[bytes | int, ...]) -> Iterator[FileRecord]:
        rows = self._connection.execute(
            "SELECT path, size, modified, content_hash, document, failure FROM files "
            f"WHERE {condition} ORDER BY path",
            parameters,
        )
        for blob, size, modified, content_hash, document, failure in rows:
            path, _, member = blob.partition(b"\0")
            yield FileRecord(
                path_of(path),
                size,
                modified,
                content_hash,
                document,
                failure,
                os.fsdecode(member),
            )

    def file(self, path: Path, member: str = "") -> FileRecord | None:
        """What is known of the file ``path``, or of the file ``member`` inside it; or None."""
        return next(self._files("path = ?", (key_of(path, member),)), None)

    def inside(self, record: FileRecord) -> list[FileRecord]:
        """What is known of the files inside a file, in order."""
        key = key_of(record.path, record.member)
        least, most = (b"/", b"0") if record.member else (b"\0", b"\1")
        return list(self._files("path > ? AND path < ?", (key + least, key + most)))

    def file_with(self, content_hash: bytes) -> FileRecord | None:
        """A file with exactly this content that could be read, or None."""
        return next(self._files("content_hash = ? AND failure IS NULL", (content_hash,)), None)

    def failures(self) -> Iterator[FileRecord]:
        """What could not be read, in order."""
        return self._files("failure IS NOT NULL", ())

    def files_of(self, key: int) -> list[FileRecord]:
        """The files of a living document, by the number that users see, in order."""
        versions = "SELECT id FROM documents WHERE key = ? AND died IS NULL"
        return list(self._files(f"document IN ({versions})", (key,)))

    def textless_files(self) -> set[Path]:
        """The files on disk that hold documents with pages without text."""
        rows = self._connection.execute(
            "SELECT f.path FROM files f JOIN documents d ON d.id = f.document "
            "WHERE d.textless_pages > 0"
        )
        return {path_of(path.partition(b"\0")[0]) for (path,) in rows}
