"""Where a collection's files lie, and which of its builds is in use.

::

    <home>/collections/<name>/
        CURRENT              name of the build in use
        writer.lock          held by the one process that writes
        0001/                a build: everything made with one encoder and one splitter
            store.sqlite     the truth
            vectors/         view: embeddings, stamped with its generation
            keywords/        view: words, stamped with its generation
        keyword-engine       what makes that view, if not the default
"""

from __future__ import annotations

import shutil
from pathlib import Path

from search.errors import CollectionMissing, StorageError
from search.storage import flush, flush_folder, storage_errors

_CURRENT = "CURRENT"
#: Names within a build.
STORE = "store.sqlite"


def exists(folder: Path) -> bool:
    """Whether there is a collection in ``folder``."""
    return (folder / _CURRENT).is_file()


def current_build(folder: Path) -> Path:
    """The build in use of the collection in ``folder``.

    Raises:
        CollectionMissing: There is no collection.
        StorageError: It cannot be read, or is damaged.
    """
    try:
        name = (folder / _CURRENT).read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        raise CollectionMissing(
            f"There is no collection {folder.name!r} yet.",
            "Make it with: wherein index FOLDER",
        ) from None
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}.") from error
    if not name.isdigit():
        raise StorageError(
            f"The collection at {folder} is damaged: its file {_CURRENT} names no build.",
            "Delete that folder and index again.",
        )
    return folder / name


def written(folder: Path) -> tuple[int, int] | None:
    """What tells one writing of the file that names the build in use from another.

    Args:
        folder: The collection's folder.

    Returns:
        Two numbers that differ from those of any other writing, or None if the file is gone.
    """
    try:
        status = (folder / _CURRENT).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def put_in_use(build: Path) -> None:
    """Have the collection that ``build`` lies in answer from it, and drop its other builds.

    Raises:
        StorageError: The disk is full or read-only; the build before stays in use.
    """
    folder = build.parent
    with storage_errors(folder):
        draft = folder / f"{_CURRENT}.draft"
        draft.write_text(build.name + "\n", "ascii")
        flush(draft)
        draft.replace(folder / _CURRENT)
        flush_folder(folder)
    for path in folder.iterdir():
        if path.is_dir() and path != build:
            shutil.rmtree(path, ignore_errors=True)
