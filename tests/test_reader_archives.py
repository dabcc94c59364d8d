"""Archives and compressed files: what comes out of them, under which names, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from indexer.readers import formats, kind_of
from indexer.readers.base import Allowance, Member
from search.errors import ReadError

ARCHIVES = Path(__file__).resolve().parents[2] / "shared" / "hard" / "archives"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, errors="surrogateescape") as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def unpacked(data: bytes, name: str, allowance: Allowance | None = None) -> list[Member]:
    stream = io.BytesIO(data)
    kind = kind_of(stream, name)
    assert kind is not None
    found = []
    for item in formats()[kind].opener()(stream, name, allowance or Allowance()):
        assert isinstance(item, Member)
        found.append(item)
    return found


def contents(data: bytes, name: str) -> dict[str, bytes | None]:
    members = unpacked(data, name)
    assert not [member for member in members if isinstance(member.data, ReadError)]
    return {m.path: m.data for m in members if not isinstance(m.data, ReadError)}


def failure(member: Member) -> str:
    assert isinstance(member.data, ReadError)
    assert member.data.remedy
    return member.data.message


def with_raw_names(data: bytes, names: dict[bytes, bytes]) -> bytes:
    """A ZIP archive with names of the same length put in place of others, in no said encoding."""
    for old, new in names.items():
        assert len(old) == len(new)
        data = data.replace(old, new)
    return data


def test_zip_members_come_in_order_with_their_bytes() -> None:
    data = zipped(("a.txt", b"one"), ("folder/", b""), ("folder/b.md", b"two"), ("c.png", b"\x89"))
    assert contents(data, "x.zip") == {"a.txt": b"one", "folder/b.md": b"two", "c.png": None}


@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_zip_methods(method: int) -> None:
    assert contents(zipped(("a.txt", b"one"), method=method), "x.zip") == {"a.txt": b"one"}


def test_hidden_files_and_links_are_left_out() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = zipped(
        (".secret.txt", b"x"),
        (".git/config.txt", b"x"),
        ("__MACOSX/._a.txt", b"x"),
        ("a/.DS_Store", b"x"),
        ("windows\\folder\\", b""),
        (link, b"/etc/passwd"),
        ("seen.txt", b"x"),
    )
    assert list(contents(data, "x.zip")) == ["seen.txt"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd.txt", "etc/passwd.txt"),
        ("/etc/passwd.txt", "etc/passwd.txt"),
        ("C:\\Users\\me\\a.txt", "Users/me/a.txt"),
        ("C:a.txt", "a.txt"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("..\\..\\a.txt", "a.txt"),
        ("line\nbreak\x1b[31m.txt", "line break[31m.txt"),
        ("..", "unnamed"),
        ("a" * 3000 + ".txt", "a" * 960 + "…" + "a" * 35 + ".txt"),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_paths_lead_nowhere_else(name: str, path: str, kind: str) -> None:
    data = zipped((name, b"text")) if kind == "zip" else tarred((name, b"text"))
    assert list(contents(data, f"x.{kind}")) == [path]


def test_nul_in_a_zip_name() -> None:
    entry = zipfile.ZipInfo()
    entry.filename = "a\0b.txt"  # the constructor would cut it
    assert list(contents(zipped((entry, b"text")), "x.zip")) == ["ab.txt"]


def test_names_in_shift_jis() -> None:
    if not ARCHIVES.is_dir():
        pytest.skip(f"{ARCHIVES} is not there")
    data = (ARCHIVES / "testZipEntryNameCharsetShiftSJIS.zip").read_bytes()
    assert list(contents(data, "x.zip")) == ["文章1.txt", "文章2.txt"]


@pytest.mark.parametrize("encoding", ["cp437", "utf-8", "cp932", "cp866", "cp949"])
def test_names_without_said_encoding_are_guessed_together(encoding: str) -> None:
    names = {
        "cp437": ["Übungsblätter/Lösung.txt", "façade.txt"],
        "utf-8": ["Übungsblätter/Lösung.txt", "文書.txt"],
        "cp932": ["文書.txt", "レポート/一覧.txt"],
        "cp866": ["Договор.txt", "Счета и письма.txt"],
        "cp949": ["한글.txt", "보고서.txt"],
    }[encoding]
    raw = [name.encode(encoding) for name in names]
    stand_ins = [b"%d" % number + b"x" * (len(name) - 1) for number, name in enumerate(raw)]
    data = zipped(*((name.decode(), b"text") for name in stand_ins))
    data = with_raw_names(data, dict(zip(stand_ins, raw, strict=True)))
    assert list(contents(data, "x.zip")) == names


def test_the_name_in_the_unicode_field_is_the_true_one() -> None:
    entry = zipfile.ZipInfo("x.txt")
    name = "文書.txt".encode()
    content = b"\x01" + struct.pack("<L", zlib.crc32(b"x.txt")) + name
    entry.extra = struct.pack("<HH", 0x7075, len(content)) + content
    assert list(contents(zipped((entry, b"text")), "x.zip")) == ["文書.txt"]
    other = zipfile.ZipInfo("y.txt")  # renamed by a program that does not know the field
    other.extra = entry.extra
    assert list(contents(zipped((other, b"text")), "x.zip")) == ["y.txt"]


def test_tar_names_that_are_not_utf_8() -> None:
    name = "Übungsblätter zu den Größen.txt".encode("latin-1").decode("utf-8", "surrogateescape")
    data = tarred((name, b"text"), form=tarfile.GNU_FORMAT)
    assert list(contents(data, "x.tar")) == ["Übungsblätter zu den Größen.txt"]


def encrypted(data: bytes, *members: bytes) -> bytes:
    """A ZIP archive some of whose members say that they are encrypted."""
    changed = bytearray(data)
    for mark, flags, name in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        for member in members:
            at = data.find(mark)
            while not data[at + name :].startswith(member):
                at = data.index(mark, at + 1)
            changed[at + flags] |= 1
    return bytes(changed)


def test_encrypted_zip() -> None:
    data = zipped(("a.txt", b"one"), ("b.txt", b"two"))
    good, bad = unpacked(encrypted(data, b"b.txt"), "x.zip")
    assert good == Member("a.txt", b"one")
    assert failure(bad) == "The file is encrypted."
    with pytest.raises(ReadError, match="The archive is encrypted"):
        unpacked(encrypted(data, b"a.txt", b"b.txt"), "x.zip")


def test_a_damaged_member_costs_that_member_only() -> None:
    data = zipped(("a.txt", b"one" * 10), ("b.txt", b"two" * 10), method=0).replace(
        b"one", b"0ne", 1
    )
    bad, good = unpacked(data, "x.zip")
    assert failure(bad) == "The file is damaged in the archive."
    assert good.data == b"two" * 10


def test_a_method_that_is_not_known_is_named() -> None:
    data = zipped(("a.txt", b"one" * 99), ("b.txt", b"two"))
    at = data.index(b"PK\1\2")
    data = data[: at + 10] + struct.pack("<H", 9) + data[at + 12 :]
    bad, good = unpacked(data, "x.zip")
    assert "Deflate64" in failure(bad)
    assert good.data == b"two"


def test_overlapping_members_are_refused() -> None:
    """Two entries in the directory that share one member's bytes, as in a bomb."""
    data = zipped(("a.txt", b"x" * 9000), ("b.txt", b""))
    second = data.rindex(b"PK\1\2")
    data = data[: second + 42] + struct.pack("<L", 10) + data[second + 46 :]
    with pytest.raises(ReadError, match="overlap"):
        unpacked(data, "x.zip")


@pytest.mark.parametrize("cut", [30, 70])
def test_cut_off_zip(cut: int) -> None:
    with pytest.raises(ReadError, match="damaged or was cut off"):
        unpacked(zipped(("a.txt", b"text"))[:cut], "x.zip")


@pytest.mark.parametrize("suffix", ["", *COMPRESSORS])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar(suffix: str, form: int) -> None:
    long = "folder/" * 14 + "b.md"
    data = tarred(("a.txt", b"one"), (long, b"two" * 999), ("c.png", b"x"), form=form)
    packed = COMPRESSORS[suffix](data) if suffix else data
    expected = {"a.txt": b"one", long: b"two" * 999, "c.png": None}
    assert contents(packed, f"x.tar{suffix}") == expected


def test_tar_leaves_out_what_is_no_file() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        kinds = (
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.CHRTYPE,
            tarfile.FIFOTYPE,
            tarfile.DIRTYPE,
        )
        for kind in kinds:
            entry = tarfile.TarInfo("a.txt")
            entry.type = kind
            entry.linkname = "/etc/passwd"
            archive.addfile(entry)
    assert contents(buffer.getvalue(), "x.tar") == {}


@pytest.mark.parametrize("cut", [200, 600, 1300])
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_cut_off_tar_gives_what_stands_before(cut: int, suffix: str) -> None:
    """Also where the cut goes through a header, at which tarfile ends without a word."""
    data = tarred(("a.txt", b"one"), ("b.txt", b"two" * 300), form=tarfile.GNU_FORMAT)
    data = data[: 1024 + cut]
    stream = io.BytesIO(COMPRESSORS[suffix](data) if suffix else data)
    members = formats()["tar"].opener()(stream, "x.tar", Allowance())
    assert next(members) == Member("a.txt", b"one")
    with pytest.raises(ReadError, match="damaged or was cut off"):
        next(members)


def test_tar_without_the_blocks_that_should_end_it() -> None:
    data = tarred(("a.txt", b"one"), ("b.txt", b"x" * 512), form=tarfile.GNU_FORMAT)
    assert contents(data[:2048], "x.tar") == {"a.txt": b"one", "b.txt": b"x" * 512}


def test_damaged_header_within_tar_is_reported() -> None:
    data = bytearray(tarred(("a.txt", b"one"), ("b.txt", b"two"), form=tarfile.GNU_FORMAT))
    data[1024 + 150] ^= 0xFF  # the checksum of the second
    with pytest.raises(ReadError, match="damaged"):
        unpacked(bytes(data), "x.tar")


def test_tar_header_of_many_megabytes_is_refused() -> None:
    long = tarred(("a" * 3_000_000 + ".txt", b"text"))
    with pytest.raises(ReadError, match="damaged"):
        unpacked(gzip.compress(long), "x.tar.gz")


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_packed_file(suffix: str) -> None:
    pack = COMPRESSORS[suffix]
    assert contents(pack(b"text"), f"a.csv{suffix}") == {"a.csv": b"text"}
    assert contents(pack(b"one") + pack(b"two"), f"a.TXT{suffix.upper()}") == {"a.TXT": b"onetwo"}
    assert contents(pack(b"picture"), f"a.png{suffix}") == {"a.png": None}


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_damaged_packed_file(suffix: str) -> None:
    data = COMPRESSORS[suffix](bytes(range(256)) * 50)
    with pytest.raises(ReadError, match="The compressed file was cut off"):
        unpacked(data[:-9], f"a.txt{suffix}")


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_rubbish_after_a_packed_file(suffix: str) -> None:
    data = COMPRESSORS[suffix](b"text") + b"rubbish"
    with pytest.raises(ReadError, match="The compressed file is damaged"):
        unpacked(data, f"a.txt{suffix}")


def test_padding_between_xz_streams() -> None:
    data = lzma.compress(b"one") + b"\0" * 2048 + lzma.compress(b"two") + b"\0" * 1024
    assert contents(data, "a.txt.xz") == {"a.txt": b"onetwo"}


def test_a_gzip_file_says_what_it_was() -> None:
    buffer = io.BytesIO()
    with gzip.GzipFile("../../evil/report.csv", "wb", fileobj=buffer) as file:
        file.write(b"text")
    assert contents(buffer.getvalue(), "backup.gz") == {"report.csv": b"text"}
    assert contents(buffer.getvalue(), "other.txt.gz") == {"other.txt": b"text"}


def test_what_wants_too_much_memory_is_refused() -> None:
    settings = zstandard.ZstdCompressionParameters(window_log=30)
    packer = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    data = packer.compress(b"abc" * 999) + packer.flush()
    with pytest.raises(ReadError, match="more memory than is allowed"):
        unpacked(data, "a.txt.zst")


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_packed_bombs(suffix: str) -> None:
    bomb = COMPRESSORS[suffix](bytes(5_000_000))
    (member,) = unpacked(bomb, f"a.txt{suffix}", Allowance(largest=1000))
    assert failure(member).startswith("The file has more than the limit")
    with pytest.raises(ReadError, match="unpacks to more"):
        unpacked(bomb, f"a.txt{suffix}", Allowance(size=1000))


def test_zip_bombs() -> None:
    bomb = zipped(*((f"{number}.txt", bytes(1_000_000)) for number in range(5)))
    first, *_ = unpacked(bomb, "x.zip", Allowance(largest=1000))
    assert failure(first) == "The file has 1.0 MB, more than the limit of 0.0 MB."
    allowance = Allowance(size=2_500_000)
    found = []
    with pytest.raises(ReadError, match="unpacks to more"):
        found += formats()["zip"].opener()(io.BytesIO(bomb), "x.zip", allowance)
    with pytest.raises(ReadError, match="unpacks to more"):
        unpacked(bomb, "x.zip", Allowance(members=4))


def test_a_zip_that_lies_about_sizes_gives_no_more_than_it_says() -> None:
    data = zipped(("a.txt", bytes(1_000_000)))
    size = struct.pack("<L", 1_000_000)
    (member,) = unpacked(data.replace(size, struct.pack("<L", 10)), "x.zip")
    assert failure(member) == "The file is damaged in the archive."


def test_tar_bombs_count_what_is_skipped() -> None:
    data = gzip.compress(tarred(("film.mp4", bytes(5_000_000)), ("a.txt", b"text")))
    with pytest.raises(ReadError, match="unpacks to more"):
        unpacked(data, "x.tar.gz", Allowance(size=1_000_000))
    (film, large, small) = unpacked(
        tarred(("film.mp4", bytes(5_000_000)), ("l.txt", bytes(2000)), ("a.txt", b"text")),
        "x.tar",
        Allowance(size=1_000_000, largest=1000),
    )
    assert film.data is None
    assert failure(large).startswith("The file has")
    assert small.data == b"text"
