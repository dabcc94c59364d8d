"""Files spoilt at random, and what must hold of whatever the readers make of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import olefile
from conftest import SHARED
from hypothesis import strategies as st
from ole_files import container
from small_files import all_formats

from indexer.isolation import ReaderPool
from indexer.readers import kind_of
from indexer.readers.formats import by_suffix
from indexer.readers.ole import MAGIC
from indexer.walk import FoundFile
from indexer.worker import Finished, Message, Opened, Read, Refused
from search.models import Document

#: Files larger than this many bytes are not spoilt: most of what happened to them would not matter.
_LARGEST = 150_000
#: Real files taken of each format.
_OF_EACH = 25

#: Said of a file when something went wrong that readers must not let go wrong.
FAULTS = ("unexpectedly", "took longer")
#: Said when a library brought its process down, or took too much; the file is accounted for.
LOSSES = ("crashed", "memory")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A file after it was spoilt.

    Attributes:
        kind: The format it was of.
        name: Its name now.
        data: What it holds now.
        story: What it was and what was done to it.
    """

    kind: str
    name: str
    data: bytes
    story: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<{self.name}: {', '.join(self.story)}; {len(self.data)} bytes>"


@cache
def sound_files() -> dict[str, list[tuple[str, bytes]]]:
    """Files to be spoilt by format: real ones, where they are there, and the small ones."""
    files = {kind: [file] for kind, file in all_formats().items()}
    for path in sorted((SHARED / "hard").rglob("*")):
        if path.is_file() and path.stat().st_size <= _LARGEST:
            data = path.read_bytes()
            kind = kind_of(data, path.name)
            if kind is not None:
                files[kind].append((path.relative_to(SHARED / "hard").as_posix(), data))
    return {kind: _spread(those) for kind, those in files.items()}


def _spread(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    step = max(1, len(files) // _OF_EACH)
    return files[::step]


@st.composite
def spoilt_files(draw: st.DrawFn) -> Spoilt:
    """Any of the sound files with one to four things done to it."""
    kind = draw(st.sampled_from(sorted(sound_files())))
    name, data = draw(st.sampled_from(sound_files()[kind]))
    story = [name]
    name = Path(name).name
    for _ in range(draw(st.integers(1, 4))):
        deed = draw(st.sampled_from(sorted(DEEDS)))
        if deed == "renamed":
            suffix = draw(st.sampled_from(["", ".bin", *sorted(by_suffix())]))
            name = Path(name).stem + suffix
            story.append(f"renamed to {suffix or 'nothing'}")
        else:
            data = DEEDS[deed](draw, data)
            story.append(deed)
    return Spoilt(kind, name, data, tuple(story))


def _place(draw: st.DrawFn, data: bytes) -> int:
    return draw(st.integers(0, max(0, len(data) - 1)))


def _flip(draw: st.DrawFn, data: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(draw(st.integers(1, 20)) if data else 0):
        spoilt[_place(draw, data)] = draw(st.integers(0, 255))
    return bytes(spoilt)


def _cut_end(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: _place(draw, data)]


def _cut_out(draw: st.DrawFn, data: bytes) -> bytes:
    start = _place(draw, data)
    return data[:start] + data[start + draw(st.integers(1, 4000)) :]


def _repeat(draw: st.DrawFn, data: bytes) -> bytes:
    start = _place(draw, data)
    piece = data[start : start + draw(st.integers(1, 2000))]
    return data[:start] + piece * draw(st.integers(2, 30)) + data[start:]


def _splice(draw: st.DrawFn, data: bytes) -> bytes:
    _, other = draw(st.sampled_from(sound_files()[draw(st.sampled_from(sorted(sound_files())))]))
    start = _place(draw, other)
    piece = other[start : start + draw(st.integers(1, 5000))]
    at = _place(draw, data)
    return data[:at] + piece + data[at + draw(st.integers(0, len(piece))) :]


def _number(draw: st.DrawFn, data: bytes) -> bytes:
    """Put an extreme number where any bytes were: a length or an offset, if it meets one."""
    at = _place(draw, data)
    number = draw(
        st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"999999"])
    )
    return data[:at] + number + data[at + len(number) :]


def _inside(draw: st.DrawFn, data: bytes) -> bytes:
    """Spoil a file inside an archive or container, which is sound then; others are flipped."""
    if data.startswith(MAGIC):
        return _inside_container(draw, data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # it was no archive, or is spoilt already
        return _flip(draw, data)
    if not members:
        return data
    chosen = draw(st.integers(0, len(members) - 1))
    deed = DEEDS[draw(st.sampled_from(_WITHIN))]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(members):
            archive.writestr(
                zipfile.ZipInfo(name), deed(draw, content) if number == chosen else content
            )
    return stream.getvalue()


def _inside_container(draw: st.DrawFn, data: bytes) -> bytes:
    """Spoil a stream of an OLE2 container."""
    try:
        file = olefile.OleFileIO(io.BytesIO(data))
        streams = [(path, file.openstream(path).read()) for path in file.listdir()]
    except Exception:  # it is spoilt already
        return _flip(draw, data)
    if not streams:
        return data
    # Long streams first: those that draws tend to take have the text in them.
    streams.sort(key=lambda stream: -len(stream[1]))
    chosen = draw(st.integers(0, len(streams) - 1))
    deed = DEEDS[draw(st.sampled_from([*_WITHIN, "given an extreme number"]))]
    tree: dict[str, Any] = {}
    for number, (path, content) in enumerate(streams):
        storage = tree
        for name in path[:-1]:
            storage = storage.setdefault(name, {})
        storage[path[-1]] = deed(draw, content) if number == chosen else content
    return container(tree)


#: What is done to a file inside another.
_WITHIN = ("flipped", "cut off", "cut out", "repeated", "spliced")
DEEDS: dict[str, Callable[[st.DrawFn, bytes], bytes]] = {
    "flipped": _flip,
    "cut off": _cut_end,
    "cut out": _cut_out,
    "repeated": _repeat,
    "spliced": _splice,
    "given an extreme number": _number,
    "spoilt inside": _inside,
    "renamed": lambda _draw, data: data,
}


def outcome(pool: ReaderPool, folder: Path, spoilt: Spoilt) -> list[Message]:
    """What comes of a spoilt file, read as the indexer reads."""
    path = folder / spoilt.name
    path.write_bytes(spoilt.data)
    ((_, messages),) = pool.read([FoundFile.of(path, path.stat())])
    taken = list(messages)
    path.unlink()
    return taken


def complaints(messages: list[Message]) -> Iterator[str]:
    """What is wrong with what came of a file."""
    if not isinstance(messages[0], Opened) or not isinstance(messages[-1], Finished | Refused):
        yield f"not accounted for: {messages}"
    read = [message for message in messages if isinstance(message, Read)]
    if not read and isinstance(messages[-1], Finished) and not messages[-1].other:
        yield "neither a document nor a reason"
    for reason in reasons(messages):
        if not (reason[0].isupper() and reason.endswith(".")):
            yield f"no sentence: {reason}"
        if any(fault in reason for fault in FAULTS):
            yield reason
    for message in read:
        if message.document is not None and not _sound(message.document):
            yield f"unsound sections in {message.member or 'the file'}"
    members = [message.member for message in read]
    if len(members) != len(set(members)):
        yield "two parts of the same name"


def _sound(document: Document) -> bool:
    """Whether the text can be encoded and the sections lie in order within it."""
    document.text.encode()
    end = 0
    for section in document.sections:
        if not end <= section.start <= section.body <= section.end <= len(document.text):
            return False
        end = section.end
    return True


def reasons(messages: list[Message]) -> list[str]:
    """Why parts of a file, or all of it, could not be read."""
    return [m.failure for m in messages if isinstance(m, Read | Refused) and m.failure]
