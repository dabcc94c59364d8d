"""What the crash tests share: a folder that keeps changing, kills, and a look at what they left."""

from __future__ import annotations

import contextlib
import email.message
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from conftest import run_index

from search.builds import exists
from search.checking import check
from search.collection import Collection
from search.engine import Engine
from search.models import Document, Passage
from search.queries import parse
from search.settings import Settings

VICTIM = Path(__file__).with_name("victim.py")
WORDS = [
    "anchor",
    "candle",
    "ember",
    "gravel",
    "iron",
    "kettle",
    "meadow",
    "orchard",
    "quarry",
    "saddle",
    "umber",
    "willow",
]
#: The word that stands in every document.
COMMON = "everywhere"
SUFFIXES = (".txt", ".md", ".html", ".csv", ".eml", ".zip", ".zip", ".pdf")
#: The first is 2024-01-01; each change to the folder is a second later than the one before.
FIRST_SECOND = 1_704_067_200


class Library:
    """A folder of documents and what may happen to it, all of it told by one seed."""

    def __init__(self, folder: Path, source: random.Random) -> None:
        self.folder = folder
        self._source = source
        self._clock = FIRST_SECOND
        self._made = 0
        self._before: dict[Path, bytes] = {}
        for _ in range(12):
            self.add()

    def change(self) -> list[str]:
        """Do a few things to the folder; say which."""
        deeds = (self.add, self.edit, self.restore, self.move, self.delete)
        chosen = self._source.choices(deeds, weights=(3, 4, 2, 2, 2), k=self._source.randint(1, 4))
        for deed in chosen:
            deed()
        return [deed.__name__ for deed in chosen]

    def add(self) -> None:
        """A new file, or a copy of one."""
        self._made += 1
        if self._made > 12 and self._source.random() < 0.2:
            original = self._source.choice(self._files())
            self._write(self._place(original.suffix), original.read_bytes())
        else:
            suffix = self._source.choice(SUFFIXES)
            self._write(self._place(suffix), self._content(suffix))

    def edit(self) -> None:
        path = self._source.choice(self._files())
        data = path.read_bytes()
        if path.suffix in (".txt", ".md") and self._source.random() < 0.7:
            self._write(path, data + f"\n\n{self._paragraph()}".encode())
        else:
            self._write(path, self._content(path.suffix))

    def restore(self) -> None:
        """Put back what a file held before it was edited."""
        if changed := [path for path in self._files() if path in self._before]:
            path = self._source.choice(changed)
            self._write(path, self._before[path])

    def move(self) -> None:
        path = self._source.choice(self._files())
        path.rename(self._place(path.suffix))

    def delete(self) -> None:
        # A folder in which nothing is left is taken for a disk that is not connected.
        if len(files := self._files()) > 6:
            self._source.choice(files).unlink()

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def _place(self, suffix: str) -> Path:
        above = self._source.choice((".", "letters", "letters/old", "reports"))
        self._made += 1
        path = self.folder / above / f"{self._made:04d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _write(self, path: Path, data: bytes) -> None:
        if path.exists():
            self._before[path] = path.read_bytes()
        path.write_bytes(data)
        self._clock += 1
        os.utime(path, (self._clock, self._clock))

    def _paragraph(self) -> str:
        words = self._source.choices(WORDS, k=self._source.randint(5, 60))
        return f"{' '.join(words).capitalize()} {COMMON}."

    def _content(self, suffix: str) -> bytes:
        paragraphs = [self._paragraph() for _ in range(self._source.randint(1, 12))]
        text = "\n\n".join(paragraphs)
        match suffix:
            case ".html":
                body = "".join(f"<p>{words}</p>" for words in paragraphs)
                return f"<html><title>{WORDS[0]}</title><body>{body}</body></html>".encode()
            case ".md":
                return f"# {self._source.choice(WORDS)}\n\n{text}\n".encode()
            case ".csv":
                return "\n".join(["name,words", *(f"x,{words}" for words in paragraphs)]).encode()
            case ".eml":
                return self._message(text)
            case ".zip":
                return self._archive()
            case ".pdf":
                return b"%PDF-1.4\n" + self._source.randbytes(40)  # damaged, and to be listed
            case _:
                return text.encode()

    def _message(self, text: str) -> bytes:
        message = email.message.EmailMessage()
        message["Subject"] = self._source.choice(WORDS)
        message["From"] = "somebody@example.org"
        message["Date"] = "Mon, 01 Jan 2024 00:00:00 +0000"
        message.set_content(text)
        message.add_attachment(self._content(".txt"), "text", "plain", filename="enclosed.txt")
        return message.as_bytes()

    def _archive(self) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(self._source.randint(1, 6)):
                suffix = self._source.choice((".txt", ".md", ".pdf", ".zip"))
                content = self._content(suffix if self._source.random() < 0.5 else ".txt")
                archive.writestr(f"inner/{number}{suffix}", content)
        return stream.getvalue()


@dataclass(frozen=True, slots=True)
class Held:
    """What a collection holds of one place: a document with its passages, or a failure."""

    content: bytes | None
    failure: str | None
    document: Document | None = None
    passages: tuple[tuple[Passage, str, bytes], ...] = ()

    def is_unfinished(self, right: Iterable[Held | None]) -> bool:
        """Whether it is a file that will be looked at again, since some of what it holds is new.

        An archive has no text of its own; a message keeps the one that it had until all is read.
        """
        if self.content is not None or self.failure is not None:
            return False
        texts = [(held.document, held.passages) for held in right if held is not None]
        return self.document is None or (self.document, self.passages) in texts


def held(settings: Settings) -> dict[Path, Held]:
    """All that a collection holds, by place."""
    with (
        Collection(settings.collections / "default") as opened,
        opened.store.reading() as reading,
    ):
        now = reading.meta("generation")
        vectors: dict[int, bytes] = {}
        for ids, rows in reading.vectors_between(0, now, opened.manifest.encoder.dimension):
            vectors.update(zip(ids.tolist(), (row.tobytes() for row in rows), strict=True))
        passages: dict[int, list[tuple[Passage, str, bytes]]] = {}
        for row in reading.passages_between(0, now):
            passage = Passage(row.start, row.end, row.headings, row.page, row.place)
            passages.setdefault(row.document, []).append((passage, row.text, vectors[row.id]))
        places = {}
        for record in reading.files():
            places[record.location] = Held(record.content_hash, record.failure)
        for key in reading.document_keys():
            found = reading.document(key)
            assert found is not None
            assert found.paths
            assert found.passages == tuple(passage for passage, _, _ in passages[key])
            for path in found.paths:
                document = (found.document, tuple(passages[key]))
                places[path] = Held(places[path].content, None, *document)
        return places


def found(settings: Settings) -> dict[str, set[str]]:
    """The passages that some questions find, by question.

    Scores are left aside: how rare a word is taken to be depends on what was removed not long ago.
    """
    with Engine.of(settings) as engine:
        return {
            f"{mode} {text}": {hit.text for hit in engine.search(parse(text, mode, 100, 20)).hits}
            for mode, text in (("keyword", "juniper"), ("semantic", "lantern in the valley"))
        }


@dataclass(slots=True)
class Trial:
    """A collection that is killed again and again while its folder changes.

    Attributes:
        kills: How often it was killed, by where.
        missed: How many runs came to their end before they were to be killed.
        findings: What `check` found before anybody opened the collection, by code.
    """

    settings: Settings
    library: Library
    source: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    _places: dict[str, int] = field(default_factory=dict)
    _complete: bool = False
    _states: list[dict[Path, Held]] = field(default_factory=list)
    _answers: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def begin(cls, place: Path, seed: int) -> Trial:
        """A trial in an empty folder."""
        source = random.Random(seed)
        (place / "documents").mkdir()
        settings = Settings(home=place / "home", cache=place / "cache", model="hashing")
        return cls(settings, Library(place / "documents", source), source)

    def run(self, kills: int) -> None:
        """Go on until there were so many kills; every few, and at last, come to an end."""
        while self.kills.total() < kills:
            if not self._states:
                self._note_what_is_right()
            elif self.source.random() < 0.75:
                self.library.change()
                self._note_what_is_right()
            if not self._kill_while_indexing():
                continue
            if self.source.random() < 0.3 and self._exists():
                self._kill_while_opening()
            self._look()
            if self.source.random() < 0.4:
                self._finish()
        self._finish()

    def _note_what_is_right(self) -> None:
        """Index the folder in a fresh home, where nothing is killed."""
        with tempfile.TemporaryDirectory() as home:
            settings = self.settings.with_(home=Path(home))
            run_index(settings, self.library.folder)
            self._states.append(held(settings))
            self._answers = found(settings)

    def _kill_while_indexing(self) -> bool:
        """Let the victim index and kill it; False if it got away."""
        way = self.source.choice(("moment", "step", "file", "file", "line", "line"))
        if way in ("file", "line"):
            return self._end(self._start("index", way, self._number("index", way)), way)
        child = self._start("index", "never", 0)
        if way == "moment":
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(self.source.uniform(0.0, 2.0))
        else:
            assert child.stdout is not None
            for _, _ in zip(range(self.source.randint(1, 15)), child.stdout, strict=False):
                pass
        child.kill()
        return self._end(child, way)

    def _kill_while_opening(self) -> None:
        """Let the victim bring the views up to what an earlier one left, and kill it at that."""
        place = self.source.choice(("file", "line"))
        self._end(self._start("open", place, self._number("open", place)), "opening")

    def _end(self, child: subprocess.Popen[str], way: str) -> bool:
        """Wait for the victim's end; whether it was killed."""
        said, _ = child.communicate()
        # The processes that read for it must end by themselves.
        _, alive = psutil.wait_procs(list(_of_session(child.pid)), timeout=30.0)
        assert not alive, alive
        killed = child.returncode == -signal.SIGKILL
        assert killed or child.returncode == 0, said
        self.kills[way] += killed
        self.missed += not killed
        return killed

    def _number(self, action: str, place: str) -> int:
        """At which of the places to kill that a run comes by; sooner rather than later."""
        return 1 + int(self._most(action, place) * self.source.random() ** 4)

    def _start(self, action: str, place: str, number: int) -> subprocess.Popen[str]:
        home, folder = self.settings.home, self.library.folder
        return subprocess.Popen(
            [sys.executable, VICTIM, action, home, folder, place, str(number)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _most(self, action: str, place: str) -> int:
        """How many places a run comes by in which it can be killed; measured once in a copy."""
        key = f"{action} {place}"
        if key not in self._places:
            with tempfile.TemporaryDirectory() as home:
                settings = self.settings.with_(home=Path(home))
                trial = Trial(settings, self.library, self.source)
                if action == "open":
                    trial._leave_behind()
                child = trial._start(action, place, 0)
                said, _ = child.communicate()
                self._places[key] = int(said.split()[-1])
        return self._places[key]

    def _leave_behind(self) -> None:
        """A collection whose views are behind its store, so that opening it publishes."""
        run_index(self.settings, self.library.folder)
        build = self.settings.collections / "default" / "0001"
        for view in ("vectors", "keywords"):
            for path in (build / view).iterdir():
                path.unlink()

    def _look(self) -> None:
        """After a kill: sound, and nothing in it but what some state of the folder gives."""
        if not self._exists():
            assert not self._complete
            return
        collection = self.settings.collections / "default"
        self.findings.update(finding.code for finding in check(collection).findings)
        with Collection(collection) as opened, opened.snapshot() as snapshot:
            assert len(snapshot.vectors) == len(snapshot.keywords)
        # A file that is no longer used takes room until the next run, and does nothing else.
        findings = [found for found in check(collection).findings if found.code != "leftover"]
        assert findings == []
        for path, what in held(self.settings).items():
            right = [state.get(path) for state in self._states]
            assert what in right or what.is_unfinished(right), (path, what)

    def _finish(self) -> None:
        """Index undisturbed: the same as if there had never been a kill."""
        run_index(self.settings, self.library.folder)
        _assert_same(held(self.settings), self._states[-1])
        _assert_same(found(self.settings), self._answers)
        assert check(self.settings.collections / "default").findings == ()
        again = run_index(self.settings, self.library.folder)
        assert (again.added, again.changed, again.moved, again.removed) == (0, 0, 0, 0)
        self._states = self._states[-1:]
        self._complete = True

    def _exists(self) -> bool:
        return exists(self.settings.collections / "default")


def _assert_same(ours: Mapping[object, object], theirs: Mapping[object, object]) -> None:
    """Equal, and if not, a message of a length that can be read."""
    for key in ours.keys() | theirs.keys():
        mine, other = ours.get(key), theirs.get(key)
        if isinstance(mine, set) and isinstance(other, set):
            mine, other = mine - other, other - mine
        assert mine == other, f"{key}: {mine!r:.2000} instead of {other!r:.2000}"


def _of_session(session: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.pid != session and os.getsid(process.pid) == session:
                yield process
        except OSError:
            continue
