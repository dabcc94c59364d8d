"""One file and everything in it: archives, mailboxes and messages are taken apart."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

from indexer.languages import language_of
from indexer.readers import (
    faults_named,
    formats,
    kind_of,
    quiet,
    read,
    with_text,
    worth_opening,
)
from indexer.readers.base import Allowance, Member
from indexer.readers.formats import Format
from indexer.readers.members import too_large
from search.errors import ReadError
from search.models import Document

#: Stands for what is left of a file that failed after its own text had been read.
_REST = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be read in a file: the file itself, or one that lies in it.

    Attributes:
        member: Where it lies in the file, such as "inner.zip/a/b.pdf"; "" for the file itself. No
            two parts of a file have the same.
        digest: SHA-256 of its bytes; b"" where they could not be had or were not wanted.
        content: What was read, or why it could not be; None if it is of a kind that is not read.
    """

    member: str
    digest: bytes
    content: Document | ReadError | None


def parts(stream: BinaryIO, name: str, allowance: Allowance) -> Iterator[Part]:
    """Read a file and, if it holds others, those, one after the other.

    A part that fails costs that part. A container that is damaged gives what could be read before
    the damage, then itself with the reason; one that is sound is no part of its own, unless it has
    a text of its own, as messages have.

    Args:
        stream: The file, at any position; must be able to seek.
        name: Its name; says what text without marks of its own is meant to be.
        allowance: How much may be unpacked; is used up.
    """
    yield from _Unpacking(allowance).parts_of(stream, name, "")


class _Unpacking:
    """Goes down into containers; knows what may still come out and what was already named."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._named: dict[str, int] = {}

    def parts_of(self, stream: BinaryIO, name: str, member: str) -> Iterator[Part]:
        """The parts of one file, which lies at ``member``."""
        kind = kind_of(stream, name)
        known = formats()[kind] if kind else None
        if known is not None and known.holds_files and _size(stream):
            yield from self._contents(stream, name, member, known)
        elif known is None and member and not _meant_to_be_read(name):
            yield Part(member, _digest(stream), None)
        else:
            yield Part(member, _digest(stream), self._text(stream, name))

    def _text(self, stream: BinaryIO, name: str) -> Document | ReadError:
        """What a file that holds no others says."""
        size, most = _size(stream), self._allowance.largest
        if size > most:
            return too_large(most, size)
        stream.seek(0)
        try:
            return _in_its_language(read(stream.read(most + 1), name))
        except ReadError as error:
            return error

    def _contents(self, stream: BinaryIO, name: str, member: str, known: Format) -> Iterator[Part]:
        """What lies in a container, and the text it has of its own."""
        if self._allowance.depth <= 0:
            problem = ReadError(
                f"The {known.label} lies in too many others, one in the other.",
                "Unpack the outer ones and index that.",
            )
            yield Part(member, _digest(stream), problem)
            return
        self._allowance.depth -= 1
        failed_as, empty = member, True
        try:
            for item in self._opened(stream, name, known):
                empty = False
                if isinstance(item, Document):
                    yield Part(member, _digest(stream), _own_text(item))
                    failed_as = _join(member, _REST)
                else:
                    yield from self._member(item, member)
            if empty:
                raise ReadError(f"The {known.label} holds no file that is read.")
        except ReadError as error:
            yield Part(failed_as, _digest(stream), error)
        finally:
            self._allowance.depth += 1

    def _opened(self, stream: BinaryIO, name: str, known: Format) -> Iterator[Member | Document]:
        """What the opener of a format gives, its faults turned into `ReadError`."""
        opener = known.opener()
        stream.seek(0)
        items = opener(stream, name, self._allowance)
        while True:
            with quiet(), faults_named(known.label):
                item = next(items, None)
            if item is None:
                return
            yield item

    def _member(self, item: Member, container: str) -> Iterator[Part]:
        path = self._unique(_join(container, item.path))
        if isinstance(item.data, bytes):
            yield from self.parts_of(BytesIO(item.data), PurePosixPath(item.path).name, path)
        else:
            yield Part(path, b"", item.data)

    def _unique(self, path: str) -> str:
        """A path no other part has; archives may hold several files of the same name."""
        suffix = PurePosixPath(path).suffix
        stem = path.removesuffix(suffix)
        unique = path
        while unique in self._named:
            self._named[path] += 1
            unique = f"{stem} ({self._named[path]}){suffix}"
        self._named[unique] = 1
        return unique


def _in_its_language(document: Document) -> Document:
    if document.language:
        return document
    return replace(document, language=language_of(document.text))


def _own_text(document: Document) -> Document | ReadError:
    """The text that a container has of its own."""
    try:
        return _in_its_language(with_text(document))
    except ReadError as error:
        return error


def _meant_to_be_read(name: str) -> bool:
    """Whether a name promises a kind that is read, so that another content is worth a word."""
    return bool(PurePosixPath(name).suffix) and worth_opening(name)


def _join(container: str, path: str) -> str:
    return f"{container}/{path}" if container else path


def _size(stream: BinaryIO) -> int:
    return stream.seek(0, os.SEEK_END)


def _digest(stream: BinaryIO) -> bytes:
    """SHA-256 of a whole stream, which is left where it was."""
    before = stream.tell()
    stream.seek(0)
    # The type asks for more than any stream has; reading into a buffer is all that is used.
    digest = hashlib.file_digest(stream, "sha256").digest()  # type: ignore[arg-type]
    stream.seek(before)
    return digest
