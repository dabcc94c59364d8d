"""Subtitles (SubRip and WebVTT): what is said, about a minute of it together, and when."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import dropwhile

from indexer.languages import tidy_language
from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.encoding import decode
from indexer.readers.text import write_text
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-{{1,2}}>\s*{_TIME}(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^<>]{1,80})>")
_TAG = re.compile(r"</?[A-Za-z\d][^<>]{0,200}>|\{\\[^{}]{0,200}\}|</?>")
_HEADER = re.compile(r"WEBVTT\b(?:[ \t]+-[ \t]*(?P<title>[^\n]*)|[^\n]*)\n")
_LANGUAGE = re.compile(r"^Language:[ \t]*(\S+)", re.MULTILINE)
_SILENT = re.compile(r"(?:NOTE|STYLE|REGION)\b")
# A new speaker, a song: what begins so begins a line.
_NEW_LINE = re.compile(r"[-–—♪♫[(]|[A-ZÀ-Þ][\w.' -]{0,30}:\s")
# Cues are put together until they last so long or say so much.
_SECONDS, _LENGTH = 60, 800


@dataclass(slots=True)
class _Cue:
    """What is shown at a time, in seconds."""

    start: int
    end: int
    lines: list[str] = field(default_factory=list)


def read(data: bytes, _name: str) -> Document:
    """Read subtitles; a file without a single time in it is read as plain text.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The subtitles hold something else than text.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff\n ")
    builder = DocumentBuilder("subtitles")
    header = _HEADER.match(text)
    cues = list(_cues(text, is_vtt=header is not None))
    if not cues:
        write_text(builder, text)
        return builder.build()
    for group in _groups(cues):
        builder.place(f"{_clock(group[0].start)}–{_clock(max(cue.end for cue in group))}")
        builder.block(_said(group), preformatted=True)
    language = _LANGUAGE.search(text.partition("\n\n")[0]) if header else None
    return builder.build(
        real_title(header["title"]) if header else "",
        language=tidy_language(language[1]) if language else "",
    )


def _cues(text: str, *, is_vtt: bool) -> Iterator[_Cue]:
    """The cues in the order of the file; notes, styles and numbers of cues left out."""
    cue: _Cue | None = None
    raw: list[str] = []
    silent = False
    for line in text.split("\n"):
        if match := _TIMING.match(line):
            if cue is not None:
                yield _finished(cue, raw[: -1 if _ends_with_name(raw) else None])
            cue, raw, silent = _Cue(_seconds(match, 1), _seconds(match, 5)), [], False
        elif not line.strip():
            silent = False
            raw.append("")
        else:
            silent = silent or (is_vtt and raw[-1:] == [""] and bool(_SILENT.match(line)))
            raw += [] if silent else [line]
    if cue is not None:
        yield _finished(cue, raw)


def _ends_with_name(raw: list[str]) -> bool:
    """Whether the line right above a time is the number or name of the cue."""
    return bool(raw) and bool(raw[-1]) and (raw[-1].strip().isdigit() or raw[-2:-1] in ([""], []))


def _finished(cue: _Cue, raw: list[str]) -> _Cue:
    plain = (html.unescape(_TAG.sub("", _VOICE.sub(r"\1: ", line))) for line in raw)
    cue.lines = [text for line in plain if (text := one_line(line))]
    return cue


def _seconds(match: re.Match[str], first: int) -> int:
    hours, minutes, seconds = match.group(first, first + 1, first + 2)
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)


def _groups(cues: list[_Cue]) -> Iterator[list[_Cue]]:
    """Cues that make one place; lines that only stay on the screen are taken once."""
    group: list[_Cue] = []
    size = 0
    shown: list[str] = []
    for cue in cues:
        lines = list(dropwhile(frozenset(shown).__contains__, cue.lines))
        shown = cue.lines or shown
        if not lines:
            continue
        if group and (cue.start - group[0].start >= _SECONDS or size >= _LENGTH):
            yield group
            group, size = [], 0
        group.append(_Cue(cue.start, cue.end, lines))
        size += sum(map(len, lines))
    if group:
        yield group


def _said(group: list[_Cue]) -> str:
    """The words of some cues: sentences joined across them, a new line for a new speaker."""
    lines: list[str] = []
    for line in (line for cue in group for line in cue.lines):
        if lines and not _NEW_LINE.match(line):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return "\n".join(lines)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
