"""The process that reads files, apart from the indexer: what a parser breaks, breaks here only.

It is sent one `Task` after the other and answers each with messages: `Opened`; then, if it is told
to go on, a `Read` for each document; then `Finished` or `Refused`. Messages are msgpack, so that a
parser gone wrong can hand back nothing that runs.
"""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import msgspec

from indexer.parts import parts
from indexer.readers.base import Allowance
from indexer.walk import modified_of
from search.errors import ReadError
from search.models import Document
from search.settings import Settings

#: What a worker is told after `Opened`.
GO_ON, LEAVE = b"+", b"-"

#: What no reader has any business doing; see Python's table of audit events.
_FORBIDDEN = frozenset(
    {"socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
)


#: Large files may take up to so many times as long as small ones.
_MOST_PATIENCE = 10.0


class Limits(msgspec.Struct, frozen=True):
    """What one file may take.

    Attributes:
        seconds: Time without any result after which it is given up; see `time_for`.
        memory: Memory that reading may take, in bytes.
        file_size: Largest file that is read as one document, in bytes.
        unpacked: Most bytes that all files in one archive may have together.
        ocr: Languages that tesseract reads scanned pages in, such as "eng+deu", or "" for the
            document's own; None not to read them at all.
    """

    seconds: float = 60.0
    memory: int = 1_000_000_000
    file_size: int = 200_000_000
    unpacked: int = 4_000_000_000
    ocr: str | None = None

    @classmethod
    def of(cls, settings: Settings, ocr: str | None = None) -> Limits:
        """The limits that the settings name.

        The settings count in megabytes of a million bytes; ``ocr`` is no setting, see the
        attribute.
        """
        return cls(
            settings.reader_seconds,
            settings.reader_memory_mb * 1_000_000,
            settings.max_file_mb * 1_000_000,
            settings.max_unpacked_mb * 1_000_000,
            ocr,
        )

    def time_for(self, size: int) -> float:
        """Seconds that a file of ``size`` bytes may take: a tenth more for each 200 kB.

        Recognising text takes seconds a page, so with it the most is allowed at once.
        """
        if self.ocr is not None:
            return self.seconds * _MOST_PATIENCE
        return self.seconds * min(_MOST_PATIENCE, 1.0 + size / 2_000_000)


class Task(msgspec.Struct, frozen=True):
    """A file to be read.

    Attributes:
        path: Its path as the system's bytes.
        size: Its size in bytes as it was found.
        modified: Its modification time then, see `indexer.walk.modified_of`.
    """

    path: bytes
    size: int
    modified: int


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The file was opened.

    Attributes:
        digest: SHA-256 of what it holds.
        size: Its size in bytes as it was then.
        modified: Its modification time then, see `indexer.walk.modified_of`.
    """

    digest: bytes
    size: int
    modified: int


class Read(msgspec.Struct, frozen=True, tag=True):
    """A document, or why there is none at that place.

    Attributes:
        member: Path inside the file; "" for the file itself.
        digest: SHA-256 of what was read.
        document: The document, or None.
        failure: Why there is none, or "".
    """

    member: str
    digest: bytes
    document: Document | None
    failure: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Nothing, or nothing more, can be read in this file, and why."""

    failure: str


class Finished(msgspec.Struct, frozen=True, tag=True):
    """All of the file was read.

    Attributes:
        other: How many files in it are of kinds that are not read.
    """

    other: int


class Left(msgspec.Struct, frozen=True, tag=True):
    """The file was not wanted, and not read."""


Message = Opened | Read | Refused | Finished | Left

encode = msgspec.msgpack.Encoder().encode
_decode_task = msgspec.msgpack.Decoder(Task).decode


def serve(connection: Connection, limits: Limits) -> None:
    """Read files until the other side hangs up. The function that a worker process runs.

    Args:
        connection: Sends tasks as bytes; is sent a message for each result, as bytes too.
        limits: What one file may take.

    Raises:
        UsageError: Text is to be recognised, and tesseract or a language is not installed.
    """
    with suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the indexer to answer
    if not os.environ.get("WHEREIN_DEBUG"):
        # Libraries in C complain of odd files there; what matters of it comes as a reason.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
    sys.addaudithook(_forbid)
    _limit_memory(limits.memory)
    if limits.ocr is not None:
        from indexer.readers import ocr

        ocr.enable(limits.ocr)
    with suppress(EOFError, OSError):
        while True:
            _answer(_decode_task(connection.recv_bytes()), connection, limits)


def _answer(task: Task, connection: Connection, limits: Limits) -> None:
    try:
        # Without waiting: what was a file when it was found may be a pipe by now.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(os.fsdecode(task.path), flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError
            digest = hashlib.file_digest(stream, "sha256").digest()
            opened = Opened(digest, status.st_size, modified_of(status))
            connection.send_bytes(encode(opened))
            if connection.recv_bytes() == GO_ON:
                message = _read(stream, status, task, limits, connection)
            else:
                message = Left()
    except FileNotFoundError:
        message = Refused("The file was gone when it was to be read.")
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        message = Refused(f"The file cannot be opened ({error.strerror}). Check its permissions.")
    connection.send_bytes(encode(message))


def _read(
    stream: BinaryIO, status: os.stat_result, task: Task, limits: Limits, connection: Connection
) -> Message:
    """Send what is in the file; give the message that ends it."""
    allowance = Allowance(size=limits.unpacked, largest=limits.file_size)
    other = 0
    name = Path(os.fsdecode(task.path)).name
    try:
        for part in parts(stream, name, allowance):
            now = os.fstat(stream.fileno())
            if (now.st_size, now.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
                raise ReadError(
                    "The file changed while it was read.", "Index again when it is at rest."
                )
            if part.content is None:
                other += 1
            elif isinstance(part.content, ReadError):
                message = Read(part.member, part.digest, None, str(part.content))
                connection.send_bytes(encode(message))
            else:
                connection.send_bytes(encode(Read(part.member, part.digest, part.content, "")))
    except ReadError as error:
        return Refused(str(error))
    except MemoryError:
        return Refused(
            "Reading the file takes more memory than is allowed. Split it, or raise the limit with "
            "--reader-memory-mb."
        )
    except OSError:
        raise
    except Exception as error:  # a fault of ours or of the installation, and no crash
        return Refused(
            f"Reading the file failed unexpectedly ({type(error).__name__}: {error}). "
            "Please report it."
        )
    return Finished(other)


def _forbid(event: str, _arguments: object) -> None:
    if event in _FORBIDDEN:
        raise PermissionError("Readers do not use the network.")


def _limit_memory(most: int) -> None:
    """Let the system refuse what exceeds the limit, where it can; the indexer watches as well."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (ImportError, OSError):
        return
    limit = pages * resource.getpagesize() + most
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
