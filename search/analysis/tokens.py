"""From text to pieces: words, numbers, identifiers with their parts, pairs of characters.

What stands between white space is cut in three steps. A *token* is a run of letters, combining
marks and digits, with apostrophes and joiners (``_ - . ::``) inside it. A token is cut at its
joiners, where lower case turns to upper, and between letters and digits where two or more of each
meet; if that gives several parts, the token is kept whole besides them, with the joiners left out,
so that "RFC-2616", "RFC2616" and "rfc 2616" find one another. Scripts that put no space between
words (Chinese, Japanese, Thai and their like) give overlapping pairs of characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

import regex

#: Longest word that is indexed, in characters; longer ones are cut. Nobody types them.
WORD_LIMIT = 64
#: A token longer than this is no identifier; it is cut into its parts only.
_WHOLE_LIMIT = 200

_TOKEN = regex.compile(
    r"(?<![\p{L}\p{M}\p{N}])\p{Nd}{1,3}(?:[,'’\u00a0\u202f]\p{Nd}{3})+(?:\.\p{Nd}+)?(?![\p{L}\p{N}])"
    r"|[\p{L}\p{M}\p{N}]+(?:(?:['’](?=\p{L})|[.\-‐‑]|::|_+)[\p{L}\p{M}\p{N}]+)*"
)
_UNIT = regex.compile(r"[\p{L}\p{M}\p{N}'’]+")
_SEAM = regex.compile(
    r"(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})"
    r"|(?<=\p{L}{2})(?=\p{N}{2})|(?<=\p{N}{2})(?=\p{L}{2})"
)
_DOTTED_NUMBER = regex.compile(r"[vV]?(\p{Nd}+(?:[.\-]\p{Nd}+)+)")
_PLURAL_OF_CAPITALS = regex.compile(r"\p{Lu}{2,}s")
_BETWEEN_DIGITS = regex.compile(r"(?<=\p{Nd})[.\-_:‐‑]+(?=\p{Nd})")
_JOINERS = regex.compile(r"[._:\-‐‑]+")
_APOSTROPHE = str.maketrans("’", "'")

_PAIRED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー々〆"
_CLUSTERED = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_RUN = regex.compile(
    rf"(?P<paired>[{_PAIRED}]+)|(?P<clustered>[{_CLUSTERED}]+)|[^{_PAIRED}{_CLUSTERED}]+"
)
_RUNNING = regex.compile(rf"[{_PAIRED}{_CLUSTERED}]")
_CLUSTER = regex.compile(r"\X")


class Kind(Enum):
    """What a piece is, which decides what becomes of it."""

    #: A word: stemmed, and left out if it is too common.
    WORD = auto()
    #: An identifier or code without its joiners; its parts follow as pieces of their own.
    WHOLE = auto()
    #: A number or a pair of characters: taken as it is.
    EXACT = auto()
    #: What a number begins with, or a single character: for shorter questions to find.
    BEGINNING = auto()


class Piece(NamedTuple):
    """A piece of a text, brought to one form, and its character offsets there."""

    text: str
    start: int
    end: int
    kind: Kind


def tokens(text: str) -> Iterator[tuple[str, int]]:
    """The tokens of a text as they stand there, with the offset of each."""
    for match in _TOKEN.finditer(text):
        yield match.group(), match.start()


def pieces(token: str) -> list[Piece]:
    """The pieces of a token, by where they begin; a whole before its parts."""
    if token.isalpha() and token[1:].islower() and token.isascii():
        return [Piece(token[:WORD_LIMIT].lower(), 0, len(token), Kind.WORD)]
    if not token.isascii() and _RUNNING.search(token):
        return [piece for run in _RUN.finditer(token) for piece in _run(run)]
    if token[0].isdecimal() and not token.isalnum():
        separated = regex.sub(r"[,'’\u00a0\u202f]", "", token)
        if separated != token:
            return [Piece(_decimal(separated)[:WORD_LIMIT], 0, len(token), Kind.EXACT)]
    number = _DOTTED_NUMBER.fullmatch(token)
    if number:
        return _number(token, number.start(1))
    if _PLURAL_OF_CAPITALS.fullmatch(token):
        return [Piece(tidy(token[:-1]), 0, len(token), Kind.WORD)]
    parts = [Piece(tidy(token[a:b]), a, b, Kind.WORD) for a, b in _parts(token)]
    if len(parts) > 1 and len(token) <= _WHOLE_LIMIT:
        parts = [part for part in parts if part.end - part.start > 1 or part.text.isdecimal()]
        whole = _JOINERS.sub("", _BETWEEN_DIGITS.sub("·", token)).replace("·", ".")
        return [Piece(tidy(whole), 0, len(token), Kind.WHOLE), *parts]
    return parts


def tidy(word: str) -> str:
    """A word in one form: NFKC, case folded, plain apostrophes and digits, not too long."""
    if word.isascii():
        return word[:WORD_LIMIT].lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return _decimal("".join(folded.split()).translate(_APOSTROPHE)[:WORD_LIMIT])


def _parts(token: str) -> Iterator[tuple[int, int]]:
    """Where the parts of a token lie: cut at joiners and seams."""
    for unit in _UNIT.finditer(token):
        at = unit.start()
        if not (unit.group().islower() and unit.group().isalpha()):
            for seam in _SEAM.finditer(token, unit.start(), unit.end()):
                yield at, seam.start()
                at = seam.start()
        yield at, unit.end()


def _run(run: regex.Match[str]) -> list[Piece]:
    """The pieces of a part of a token that is all in running scripts, or not at all."""
    if run["paired"]:
        return list(_grams(list(run.group()), run.start(), singles=True))
    if run["clustered"]:
        return list(_grams(_CLUSTER.findall(run.group()), run.start(), singles=False))
    return [
        piece._replace(start=piece.start + run.start() + at, end=piece.end + run.start() + at)
        for token, at in tokens(run.group())
        for piece in pieces(token)
    ]


def _grams(characters: list[str], at: int, *, singles: bool) -> Iterator[Piece]:
    """Overlapping pairs of neighbours; a character that stands alone is a piece by itself."""
    if len(characters) == 1:
        yield Piece(tidy(characters[0]), at, at + len(characters[0]), Kind.EXACT)
        return
    for number, first in enumerate(characters):
        if singles:
            yield Piece(tidy(first), at, at + len(first), Kind.BEGINNING)
        if number + 1 < len(characters):
            second = characters[number + 1]
            yield Piece(tidy(first + second), at, at + len(first) + len(second), Kind.EXACT)
        at += len(first)


def _number(token: str, start: int) -> list[Piece]:
    """A number with dots or dashes, such as a version or a date, and all it begins with."""
    digits = [_decimal(part) for part in regex.split(r"[.\-]", token[start:])]
    found = [Piece(".".join(digits)[:WORD_LIMIT], 0, len(token), Kind.EXACT)]
    end = start
    for count, part in enumerate(digits[:-1], 1):
        end += len(part) + (count > 1)
        found.append(Piece(".".join(digits[:count])[:WORD_LIMIT], 0, end, Kind.BEGINNING))
    return found


def _decimal(text: str) -> str:
    """``text`` with the digits of all scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
