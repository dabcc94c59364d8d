"""Makes a folder of mixed files, as large as wanted and no two alike."""

from __future__ import annotations

import base64
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path

#: Which share of the bytes is what; the rest is real files many times over.
SHARES = {"texts": 0.1, "pages": 0.15, "tables": 0.2, "mailboxes": 0.15, "archives": 0.2}
#: How large a single file of a kind is, in bytes.
SIZES = {
    "texts": 1_000_000,
    "pages": 2_000_000,
    "tables": 40_000_000,
    "mailboxes": 50_000_000,
    "archives": 20_000_000,
}
#: Formats whose files may have something after their end.
_MAY_GROW = {".pdf", ".txt", ".md", ".adoc", ".csv", ".html"}


def make_mixed(folder: Path, size: int, examples: Sequence[Path]) -> dict[str, int]:
    """Fill a folder; give how many bytes there are of what."""
    source = random.Random(7)
    words = [
        "".join(source.choices("abcdefghiklmnoprstu", k=source.randint(3, 9)))
        for _ in range(20_000)
    ]
    writer = _Writer(folder, source, words, examples)
    made = {}
    for what, share in SHARES.items():
        made[what] = writer.fill(what, int(size * share))
    made["real files"] = writer.repeat(size - sum(made.values()))
    return made


class _Writer:
    def __init__(
        self, folder: Path, source: random.Random, words: list[str], examples: Sequence[Path]
    ) -> None:
        self._folder = folder
        self._source = source
        self._words = words
        self._examples = [path for path in examples if path.suffix in _MAY_GROW]

    def fill(self, what: str, size: int) -> int:
        """Write files of one kind until there are so many bytes."""
        folder = self._folder / what
        folder.mkdir(parents=True)
        done = number = 0
        while done < size:
            number += 1
            path = getattr(self, f"_{what}")(folder, number, min(SIZES[what], size - done))
            done += path.stat().st_size
        return done

    def repeat(self, size: int) -> int:
        """Copy real files, each time with another end, until there are so many bytes."""
        done = number = 0
        while done < size:
            number += 1
            for path in self._examples:
                folder = self._folder / "real" / f"{number:04d}"
                folder.mkdir(parents=True, exist_ok=True)
                data = path.read_bytes() + f"\n% {number}\n".encode()
                (folder / f"{path.parent.name}-{path.name}").write_bytes(data)
                done += len(data)
                if done >= size:
                    break
        return done

    def _paragraph(self) -> str:
        return " ".join(self._source.choices(self._words, k=90)).capitalize() + "."

    def _texts(self, folder: Path, number: int, size: int) -> Path:
        path = folder / f"{number}.txt"
        with path.open("w") as stream:
            while stream.tell() < size:
                stream.write(self._paragraph() + "\n\n")
        return path

    def _pages(self, folder: Path, number: int, size: int) -> Path:
        path = folder / f"{number}.html"
        with path.open("w") as stream:
            stream.write("<html><title>Page</title>")
            while stream.tell() < size:
                rows = "".join(
                    f'<tr class="row"><td style="width: 10em">{word}</td></tr>'
                    for word in self._source.choices(self._words, k=40)
                )
                stream.write(f"<h2>{self._words[0]}</h2><p>{self._paragraph()}</p>")
                stream.write(f"<table>{rows}</table>")
        return path

    def _tables(self, folder: Path, number: int, size: int) -> Path:
        path = folder / f"{number}.csv"
        row = 0
        with path.open("w") as stream:
            stream.write("number,name,place,weight\n")
            while stream.tell() < size:
                block = []
                for _ in range(1000):
                    row += 1
                    name, place = self._source.choices(self._words, k=2)
                    block.append(f"{row},{name},{place},{row * 0.25}\n")
                stream.write("".join(block))
        return path

    def _mailboxes(self, folder: Path, number: int, size: int) -> Path:
        path = folder / f"{number}.mbox"
        with path.open("w") as stream:
            while stream.tell() < size:
                picture = base64.encodebytes(self._source.randbytes(60_000)).decode()
                stream.write(
                    "From a@example.org Fri May 17 12:00:00 2024\nFrom: a@example.org\n"
                    f"Subject: {self._source.choice(self._words)}\n"
                    'Content-Type: multipart/mixed; boundary="cut"\n\n--cut\n'
                    f"Content-Type: text/plain\n\n{self._paragraph()}\n\n--cut\n"
                    "Content-Type: image/png\nContent-Transfer-Encoding: base64\n"
                    f'Content-Disposition: attachment; filename="p.png"\n\n{picture}\n--cut--\n\n'
                )
        return path

    def _archives(self, folder: Path, number: int, size: int) -> Path:
        path = folder / f"{number}.zip"
        written = 0
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            while written < size:
                name = f"{len(archive.namelist())}"
                picture = self._source.randbytes(1_000_000)
                archive.writestr(f"{name}.jpg", picture, zipfile.ZIP_STORED)
                archive.writestr(f"{name}.txt", "\n\n".join(self._paragraph() for _ in range(50)))
                written += len(picture) + 15_000
        return path
