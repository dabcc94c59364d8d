"""Writes the body of a LaTeX file: what ends a paragraph is found here, the rest is inline."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.latex_inline import Inline
from indexer.readers.latex_source import CODE_BEGIN, CODE_END, braced, show_signs
from indexer.readers.lines import BULLET, add_row, names

_LEVELS = {
    "part": 1,
    "chapter": 2,
    "section": 3,
    "subsection": 4,
    "subsubsection": 5,
    "frametitle": 5,
    "paragraph": 6,
    "subparagraph": 7,
}
_MATH = names(
    "equation equation* align align* gather gather* multline multline* eqnarray eqnarray* math"
    " displaymath flalign flalign* alignat alignat*"
)
_TABLES = names("tabular tabular* tabularx tabulary longtable tabu array supertabular")
_LISTS = names("itemize enumerate description compactitem compactenum list thebibliography")
_NAMED = names(
    "theorem lemma corollary proposition definition remark example proof conjecture claim exercise"
    " solution"
)
_EVENT = re.compile(
    r"\\(?P<section>part|chapter|(?:sub){0,2}section|(?:sub)?paragraph|frametitle)\*?"
    r"(?=\s*[\[{])"
    r"|\\begin\s*\{(?P<begin>[A-Za-z]+\*?)\}|\\end\s*\{(?P<end>[A-Za-z]+\*?)\}"
    r"|\\(?P<item>item|bibitem)(?![A-Za-z])"
    r"|\\(?P<words>caption|footnotetext)\*?(?=\s*[\[{])"
    r"|\\(?P<break>par|newpage|clearpage|maketitle|tableofcontents)(?![A-Za-z])"
    rf"|{CODE_BEGIN}(?P<code>\d+){CODE_END}"
    r"|(?P<blank>\n[ \t]*\n)"
)
_OPTIONS = re.compile(r"\s*\[([^\[\]]*)\]")
_ROW_END = re.compile(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot)"
    r"|\\c(?:line|midrule)(?:\([^)]*\))?\{[^{}]*\}"
)
_SPAN = re.compile(r"\\multi(?:column|row)\s*\{[^{}]*\}\s*\{[^{}]*\}\s*\{")
_CELL = re.compile(r"(?<!\\)&")


class Writer:
    """Goes through the body once.

    Args:
        builder: Takes what is written.
        inline: Turns paragraphs into plain text.
        codes: The listings that `take_code` took out, by the numbers it left.
    """

    def __init__(self, builder: DocumentBuilder, inline: Inline, codes: Sequence[str]) -> None:
        self._builder = builder
        self._inline = inline
        self._codes = codes
        self._numbers: list[int | None] = []
        self._prefix = ""
        self._handlers: dict[str, Callable[[str, str, int], int]] = {
            "section": self._section,
            "begin": self._begin,
            "end": self._end,
            "item": self._item,
            "words": self._words,
            "code": self._code,
        }

    def write(self, body: str) -> None:
        """Write the body of a file."""
        at = 0
        while match := _EVENT.search(body, at):
            self._paragraph(body[at : match.start()])
            kind = match.lastgroup or ""
            handler = self._handlers.get(kind)
            at = handler(match[kind], body, match.end()) if handler else match.end()
        self._paragraph(body[at:])

    def _plain(self, text: str) -> str:
        return show_signs(self._inline.plain(text.strip()))

    def _paragraph(self, text: str) -> None:
        if words := one_line(self._plain(text)):
            self._builder.block(self._prefix + words)
            self._prefix = ""

    def _section(self, name: str, body: str, at: int) -> int:
        title, at = braced(body, _past_options(body, at)[1])
        self._builder.heading(_LEVELS[name], self._plain(title))
        return at

    def _begin(self, name: str, body: str, at: int) -> int:
        if name in _MATH:
            return self._math(name, body, at)
        if name in _TABLES:
            return self._table(name, body, at)
        options, at = _past_options(body, at)
        if name in _LISTS:
            self._numbers.append(0 if "enum" in name else None)
            return braced(body, at)[1] if name == "thebibliography" else at
        if name == "abstract":
            self._builder.heading(_LEVELS["section"], "Abstract")
        elif name == "frame":
            title, at = braced(body, at)
            self._builder.heading(_LEVELS["frametitle"], self._plain(title))
        elif name in _NAMED:
            named = f" ({self._plain(options)})" if options else ""
            self._prefix = f"{name.capitalize()}{named}. "
        return at

    def _end(self, name: str, _: str, at: int) -> int:
        if name in _LISTS and self._numbers:
            self._numbers.pop()
        if name in _LISTS or name in _NAMED:
            self._prefix = ""
        if name == "abstract":
            self._builder.leave(_LEVELS["section"])
        return at

    def _item(self, name: str, body: str, at: int) -> int:
        term, at = _past_options(body, at)
        if name == "bibitem":
            at = braced(body, at)[1]
        number = self._numbers[-1] if self._numbers else None
        if term and name == "item":
            self._prefix = one_line(self._plain(term)).rstrip(":") + ": "
        elif number is None:
            self._prefix = BULLET
        else:
            self._numbers[-1] = number + 1
            self._prefix = f"{number + 1}. "
        return at

    def _words(self, _: str, body: str, at: int) -> int:
        text, at = braced(body, _past_options(body, at)[1])
        self._paragraph(text)
        return at

    def _code(self, number: str, _: str, at: int) -> int:
        self._builder.block(self._codes[int(number)], preformatted=True)
        return at

    def _math(self, name: str, body: str, at: int) -> int:
        """A formula that stands alone, a line for each of its lines."""
        text, at = _until_end(name, body, at)
        lines = (_CELL.sub(" ", line) for line in _ROW_END.split(text))
        shown = (one_line(self._plain(f"${line.strip()}$")) for line in lines if line.strip())
        self._builder.block("\n".join(filter(None, shown)), preformatted=True)
        return at

    def _table(self, name: str, body: str, at: int) -> int:
        text, at = _until_end(name, body, at)
        start = _past_options(text, 0)[1]
        for _ in range(2 if name in ("tabularx", "tabular*", "tabulary") else 1):
            start = braced(text, start)[1]
        for row in _ROW_END.split(_SPAN.sub("{", _RULES.sub("", text[start:]))):
            add_row(self._builder, [self._plain(cell) for cell in _CELL.split(row)])
        return at


def _past_options(text: str, at: int) -> tuple[str, int]:
    """What stands in brackets at ``at``, and where they end; "" and ``at`` if there are none."""
    match = _OPTIONS.match(text, at)
    return (match[1], match.end()) if match else ("", at)


def _until_end(name: str, body: str, at: int) -> tuple[str, int]:
    """What stands in an environment, and where it ends."""
    mark = f"\\end{{{name}}}"
    end = body.find(mark, at)
    return (body[at:end], end + len(mark)) if end >= 0 else (body[at:], len(body))
