"""Under which name a file that somebody sends may be kept.

A name comes from outside and goes onto a disk, so that it must be one that every system takes, that
leads nowhere else, and that looks like what it is. What no system minds is kept to the letter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from web.problems import RequestError

#: Longest name in bytes of UTF-8; disks take 255, and a number may be put behind.
LONGEST = 200
#: How many files of one name are kept beside one another.
NUMBERED = 100

#: What some systems do not take in a name though people write it there.
_MENDED = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
#: Names of devices on Windows, whatever follows their first dot.
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in range(10)]
)
#: Characters that are not seen but belong into words of Persian, Hindi and others.
_JOINERS = "\u200c\u200d"
#: Controls, what is invisible or turns the writing around, halves of characters, line ends.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def checked(given: str, suffixes: Collection[str]) -> str:
    """The name to keep a file under that was sent with the name ``given``.

    It is composed (NFC), without spaces around it, and has an underscore for each sign that Windows
    does not take.

    Args:
        given: The name that was sent.
        suffixes: How names of files end that can be read, in lower case, with the dot.

    Raises:
        RequestError: No file is kept under such a name.
    """
    name = unicodedata.normalize("NFC", given).strip()
    # What looks like a slash or a dot counts as one.
    looks = unicodedata.normalize("NFKC", name)
    if not name:
        raise _refused("The file has no name.", "Send one along, such as report.pdf.")
    if any(sign in text for sign in "/\\" for text in (name, looks)):
        raise _refused("The name of the file leads into a folder.", "Send the name alone.")
    if any(unicodedata.category(sign) in _UNSEEN for sign in name if sign not in _JOINERS):
        raise _refused(
            "The name of the file has characters that are not seen.", "Rename the file first."
        )
    if looks.startswith((".", "~")):
        raise _refused(
            "The name of the file is that of a hidden or temporary one, which is not indexed.",
            "Rename the file first.",
        )
    if looks.partition(".")[0].strip().upper() in _DEVICES:
        raise _refused("The name of the file is that of a device.", "Rename the file first.")
    if len(name.encode("utf-8")) > LONGEST:
        raise _refused(
            f"The name of the file is longer than {LONGEST} bytes.", "Give it a shorter one."
        )
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in suffixes:
        detail = "Files of this kind cannot be read."
        if suffix and suffix.isascii():
            detail = f"Files of the kind {suffix} cannot be read."
        raise _refused(detail, "docs/formats.md lists those that can be.")
    return name.translate(_MENDED)


def numbered(name: str) -> Iterator[str]:
    """The name, and what to try in its place while others have it, "a (2).pdf" and so on."""
    path = PurePosixPath(name)
    yield name
    for number in range(2, NUMBERED + 1):
        yield f"{path.stem} ({number}){path.suffix}"


def _refused(detail: str, remedy: str) -> RequestError:
    return RequestError("file-refused", detail, remedy, "name")
