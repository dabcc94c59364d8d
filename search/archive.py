"""The archive that a collection travels in: one ZIP file, with a manifest that is held to.

::

    manifest.json   what the archive is, and size and SHA-256 of its other part
    store.sqlite    the collection's database, living rows only

Views are never part of it: they are made anew from the database, and Whoosh's hold Python objects
that loading would run. An archive comes from anywhere, so nothing of it is believed: its parts,
their sizes and their digests are compared with what the manifest says.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from search.errors import CollectionMismatch, UsageError
from search.rows import Counts
from search.schema import Manifest
from search.storage import flush, flush_folder, storage_errors

#: Version of the archive's own make-up.
VERSION = 1
#: What every archive's name should end in.
SUFFIX = ".wherein"

_MANIFEST = "manifest.json"
_STORE = "store.sqlite"
_MOST_MANIFEST = 1 << 20
_CHUNK = 1 << 20
#: A database shrinks to a third or so; what claims to unpack to more than this is no database.
_MOST_UNPACKED_TO = 100
_MOST_ANYWAY = 64 << 20
_ENCRYPTED = 0x1
_ZIP64 = 1 << 31
#: Half of a database is embeddings, on which deflating harder gains nothing.
_LEVEL = 3
_HEX = re.compile(r"[0-9a-f]{64}")


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file in the archive.

    Attributes:
        bytes: Its size in bytes, unpacked.
        sha256: Digest of its content, in hex.
    """

    bytes: int
    sha256: str


class ArchiveManifest(msgspec.Struct, frozen=True):
    """What an archive says of itself.

    Attributes:
        archive: Version of the archive's make-up.
        wherein: Version of the program that wrote it.
        format: Format of the database (`search.schema.FORMAT`).
        collection: What its passages and embeddings depend on.
        counts: How much there is in it.
        parts: The other files in the archive, by name.
    """

    archive: int
    wherein: str
    format: int
    collection: Manifest
    counts: Counts
    parts: dict[str, Part]


def write(draft: Path, store: Path, manifest: ArchiveManifest) -> ArchiveManifest:
    """Write an archive.

    Args:
        draft: The file to make; there must be none.
        store: The database to put in.
        manifest: What to say of it; the parts are filled in here.

    Returns:
        The manifest as it was written.

    Raises:
        StorageError: The disk is full or read-only.
    """
    with storage_errors(draft):
        with store.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        size = store.stat().st_size
        manifest = msgspec.structs.replace(manifest, parts={_STORE: Part(size, digest)})
        with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed:
            packed.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            with (
                store.open("rb") as source,
                packed.open(_STORE, "w", force_zip64=size > _ZIP64) as sink,
            ):
                shutil.copyfileobj(source, sink, _CHUNK)
        flush(draft)
    return manifest


def put_in_place(draft: Path, target: Path, *, overwrite: bool) -> None:
    """Give a finished archive its name.

    Args:
        draft: The finished file, in the folder of ``target``.
        target: Where it goes.
        overwrite: Replace a file that is there.

    Raises:
        UsageError: There is a file of that name, and it is not to be overwritten.
        StorageError: The folder cannot be written to.
    """
    with storage_errors(target):
        if overwrite:
            draft.replace(target)
        else:
            try:
                os.link(draft, target)  # unlike renaming, it fails if there is a file by now
            except OSError:  # that, or a file system without links
                refuse_existing(target)
                draft.replace(target)
        flush_folder(target.parent)


def refuse_existing(target: Path) -> None:
    """Refuse to overwrite ``target``.

    Raises:
        UsageError: It exists.
    """
    if os.path.lexists(target):
        raise UsageError(f"There is a file at {target} already.", "Replace it with --force.")


class Archive:
    """An archive opened for reading; made by `opened`.

    Attributes:
        manifest: What it says of itself, checked as far as it can be without unpacking.
        path: Where it lies.
    """

    def __init__(self, path: Path, packed: zipfile.ZipFile) -> None:
        self.path = path
        self._packed = packed
        self.manifest = self._read_manifest()

    def unpack_store(self, sink: BinaryIO) -> None:
        """Write the database into ``sink``, and make sure it is the one the manifest speaks of.

        Raises:
            UsageError: It is not, or it is damaged.
        """
        part = self.manifest.parts[_STORE]
        digest, size = hashlib.sha256(), 0
        with _zip_errors(self.path), self._packed.open(_STORE) as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > part.bytes:
                    raise unsound(self.path, "it unpacks to more than it says")
                digest.update(chunk)
                sink.write(chunk)
        if size != part.bytes or digest.hexdigest() != part.sha256:
            raise unsound(self.path, "its database is not the one it says it is")

    def _read_manifest(self) -> ArchiveManifest:
        entries = self._packed.infolist()
        if sorted(entry.filename for entry in entries) != [_MANIFEST, _STORE]:
            raise unsound(self.path, "it does not hold the two files an archive holds")
        for entry in entries:
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            ):
                raise unsound(self.path, "it is packed in a way that archives are not")
        with self._packed.open(_MANIFEST) as source:
            text = source.read(_MOST_MANIFEST + 1)
        if len(text) > _MOST_MANIFEST:
            raise unsound(self.path, "its manifest is too long")
        version = _decode(text, _VersionOnly, self.path).archive
        if version > VERSION:
            raise CollectionMismatch(
                f"The archive {self.path} has version {version}; this Wherein reads versions up "
                f"to {VERSION}.",
                "Upgrade with: pip install --upgrade wherein",
            )
        manifest = _decode(text, ArchiveManifest, self.path)
        part, entry = manifest.parts.get(_STORE), self._packed.getinfo(_STORE)
        if version < 1 or part is None or len(manifest.parts) != 1 or not _HEX.match(part.sha256):
            raise unsound(self.path, "its manifest does not speak of a database")
        if part.bytes != entry.file_size:
            raise unsound(self.path, "its database is not as large as it says")
        packed = min(entry.compress_size, self.path.stat().st_size)
        if part.bytes > max(_MOST_ANYWAY, _MOST_UNPACKED_TO * packed):
            raise unsound(self.path, "it would unpack to far more than a database does")
        return manifest


class _VersionOnly(msgspec.Struct):
    """What every version's manifest has."""

    archive: int


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive and read its manifest.

    Args:
        path: The archive.

    Yields:
        The archive; closed when the block ends.

    Raises:
        UsageError: There is no such file, it is no archive, or it contradicts itself.
        CollectionMismatch: It was written by a newer program.
        StorageError: It cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", "Give an archive made by: wherein export")
    with contextlib.ExitStack() as stack:
        with storage_errors(path), _zip_errors(path):
            packed = stack.enter_context(zipfile.ZipFile(path))
            archive = Archive(path, packed)
        yield archive


@contextlib.contextmanager
def _zip_errors(path: Path) -> Iterator[None]:
    """Turn all that a damaged or hostile ZIP file makes `zipfile` raise into our own error."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise unsound(path, "it is no ZIP file, or a damaged one") from error


def _decode(text: bytes, kind: type[_Struct], path: Path) -> _Struct:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise unsound(path, "its manifest cannot be read") from error


def unsound(path: Path, why: str) -> UsageError:
    """The error for the archive ``path`` that cannot be used, ``why`` being half a sentence."""
    return UsageError(
        f"{path} is not a sound archive of a collection: {why}.",
        "Export the collection again, or fetch the file anew.",
    )
