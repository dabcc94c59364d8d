"""Lines of the files an evaluation reads, with their numbers; what is wrong names file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from search.errors import UsageError

#: Longest line of a file of queries, judgements or rankings, in bytes.
LONGEST_LINE = 1_000_000
#: Most bytes of such a file, which is kept in memory; the largest public runs have about a third.
LARGEST_FILE = 1_000_000_000


def numbered_lines(
    path: Path, longest: int = LONGEST_LINE, largest: int = LARGEST_FILE
) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that are not blank, each with its number from 1.

    Args:
        path: The file.
        longest: Longest line that is accepted, in bytes.
        largest: Most bytes that are read.

    Raises:
        UsageError: The file cannot be read or is no such text, or a line or the file is too long.
    """
    try:
        with path.open("rb") as file:
            number = size = 0
            while data := file.readline(longest + 1):
                number += 1
                size += len(data)
                if len(data) > longest:
                    raise fault(path, number, f"it has more than {longest:,} bytes.")
                if size > largest:
                    raise fault(
                        path, number, f"only {largest:,} bytes are read.", "Split the file."
                    )
                try:
                    line = data.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    raise fault(
                        path, number, "it is not UTF-8.", "Save the file as UTF-8."
                    ) from None
                if line.strip():
                    yield number, line
    except OSError as error:
        raise unreadable(path, error) from error


def fault(path: Path, line: int, what: str, remedy: str = "Correct that line.") -> UsageError:
    """The error for a line of a file.

    Args:
        path: The file.
        line: Its number, from 1.
        what: What is wrong with it, to stand after a colon.
        remedy: What to do about it.
    """
    return UsageError(f"{path}, line {line}: {what}", remedy)


def unreadable(path: Path, error: OSError) -> UsageError:
    """The error for the file ``path``, which the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return UsageError(f"There is no file {str(path)!r}.", "Check the path.")
    return UsageError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.")


def shown(text: str) -> str:
    """A value out of a file as a message shows it: quoted, escaped and cut."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def count_of_columns(cells: Sequence[str]) -> str:
    """How many columns a line has, as a message says it."""
    return f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
