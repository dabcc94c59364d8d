"""The text in RTF (Rich Text Format Specification 1.9.1): paragraphs, table rows, and the like.

RTF is a row of groups in braces, control words and text. A group inherits the state of the one
around it; some groups are destinations, whose text belongs elsewhere or nowhere.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from indexer.readers.lines import names
from indexer.readers.rtf_items import Content, Flow, NamedStyle
from indexer.readers.styled import Paragraph, Row, Style
from search.errors import ReadError

_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\'(?P<byte>[0-9A-Fa-f]{2})|\\(?P<symbol>[^A-Za-z])|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\"
)
_DEEPEST = 2_000
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)

_CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "bullet": "•",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ",
    "enspace": " ", "qmspace": " ", "nestcell": " ", "nestrow": "\n",
}  # fmt: skip
_SYMBOLS = {"~": " ", "_": "-", "\\": "\\", "{": "{", "}": "}", "\t": "\t"}
# What a charset of the font table means.
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "cp936", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_CHARACTER_SETS = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}

# Groups without text of the document, beside all marked with "\*" that are not named here.
_SKIPPED = names(
    "pict nonshppict shprslt objdata header headerl headerr headerf footer footerl footerr footerf"
    " colortbl listtable listoverridetable revtbl rsidtbl generator filetbl xe tc tcn txe rxe"
    " fldinst annotation atnid atnauthor bkmkstart bkmkend pntxta pntxtb ftnsep ftnsepc aftnsep"
    " aftnsepc ftncn aftncn sp upr themedata datastore nonesttables template private"
)
_SHOWN_THOUGH_MARKED = names("shpinst shptxt")
_INNER = names("footnote shptxt")
_PROPERTIES = names("title author")
_DATES = names("creatim revtim")
_TABLES = names("info fonttbl stylesheet")


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits."""

    flow: Flow
    where: str = "text"
    font: int = -1
    bold: bool = False
    hidden: bool = False
    fallback: int = 1


def parse(text: str) -> Content:
    """Take the text out of an RTF document.

    Args:
        text: The file, each byte as the character of that number.

    Raises:
        ReadError: If its groups are nested too deeply.
    """
    return _Parser().parse(text)


class _Parser:
    def __init__(self) -> None:
        self._main = Flow()
        self._state = _State(self._main)
        self._stack: list[_State] = []
        self._encoding = "cp1252"
        self._default_font = -1
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._styles: dict[int, NamedStyle] = {}
        self._style = NamedStyle()
        self._given: dict[str, str] = {}
        self._dates: dict[str, list[int]] = {}
        self._notes = 0
        self._marked = False
        self._skip = 0
        self._words: dict[str, Callable[[int | None], None]] = {
            "par": self._end_paragraph, "sect": self._end_paragraph, "page": self._end_paragraph,
            "cell": self._end_cell, "row": self._end_row, "pard": self._reset_paragraph,
            "plain": self._reset_characters, "b": self._set_bold, "v": self._set_hidden,
            "deleted": self._set_hidden, "f": self._set_font, "deff": self._set_default_font,
            "fcharset": self._set_charset, "ansicpg": self._set_codepage, "uc": self._set_fallback,
            "u": self._add_unicode, "s": self._set_style, "outlinelevel": self._set_level,
            "intbl": self._enter_table,
        }  # fmt: skip

    def parse(self, text: str) -> Content:
        at = 0
        while match := _TOKEN.match(text, at):
            at = match.end() + self._take(match)
            if match["brace"] == "}" and not self._stack:
                break  # what follows the document is not part of it
        while self._stack:
            self._close()
        self._end_row(None)
        date = self._dates.get("revtim") or self._dates.get("creatim") or []
        return Content(
            tuple(self._main.items),
            self._given.get("title", ""),
            self._given.get("author", ""),
            "-".join(map(str, date[:3])),
        )

    def _take(self, token: re.Match[str]) -> int:
        """Take one token; return how many bytes that are no RTF follow it."""
        number = int(token["number"]) if token["number"] else None
        if token["word"] == "bin":
            return max(0, number or 0)
        if token["word"]:
            self._word(token["word"], number)
        elif token["text"]:
            self._add_bytes(token["text"].encode("latin-1", "replace"))
        elif token["byte"]:
            self._add_bytes(bytes.fromhex(token["byte"]))
        elif token["symbol"]:
            self._symbol(token["symbol"])
        elif token["brace"] == "{":
            self._open()
        elif token["brace"]:
            self._close()
        return 0

    def _open(self) -> None:
        if len(self._stack) >= _DEEPEST:
            raise ReadError(
                "The RTF document is nested too deeply.",
                "Save it again in a simpler form and index again.",
            )
        self._stack.append(self._state)
        self._marked, self._skip = False, 0

    def _close(self) -> None:
        self._marked, self._skip = False, 0
        if not self._stack:
            return
        left, self._state = self._state, self._stack.pop()
        if left.where == self._state.where and left.flow is self._state.flow:
            return
        if left.where in _PROPERTIES and left.flow is not self._state.flow:
            self._given.setdefault(left.where, left.flow.take_text().strip())
        elif left.where == "text" and left.flow is not self._state.flow:
            outer, self._state = self._state, left
            self._end_row(None)
            self._state = outer
            outer.flow.after += left.flow.items
        elif left.where == "listtext":
            left.flow.listed = True

    def _word(self, word: str, number: int | None) -> None:
        marked, self._marked = self._marked, False
        if self._skip:
            self._skip -= 1
        elif self._destination(word, marked=marked):
            return
        elif self._state.where in _DATES:
            self._add_date(word, number)
        elif word in self._words:
            self._words[word](number)
        elif word in _CHARACTERS:
            self._add(_CHARACTERS[word])
        elif word in _CHARACTER_SETS:
            self._encoding = _CHARACTER_SETS[word]

    def _destination(self, word: str, *, marked: bool) -> bool:
        """Whether a word says where the text of its group belongs."""
        where = self._state.where
        if where == "skip":
            if word == "ud" and len(self._stack) > 1:  # the same text as before it, in Unicode
                self._state = replace(self._state, where=self._stack[-2].where)
            return True
        if word in _INNER:
            if word == "footnote":
                self._notes += 1
                self._add(f"[{self._notes}]")
            self._state = replace(self._state, flow=Flow(), where="text")
        elif where == "info" and word in _PROPERTIES:
            self._state = replace(self._state, flow=Flow(), where=word)
        elif word in _TABLES or (where == "info" and word in _DATES):
            self._state = replace(self._state, where=word)
        elif word in ("listtext", "pntext"):
            self._state = replace(self._state, where="listtext")
        elif word in _SKIPPED or (marked and word not in _SHOWN_THOUGH_MARKED):
            self._state = replace(self._state, where="skip")
        else:
            return False
        return True

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._marked = True
        elif symbol in "\r\n":
            self._end_paragraph(None)
        else:
            self._add(_SYMBOLS.get(symbol, ""))

    def _add_bytes(self, data: bytes) -> None:
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        data = data[skipped:]
        state = self._state
        if not data or state.hidden:
            return
        if state.where == "stylesheet":
            self._name_style(data)
        elif state.where == "text" or state.where in _PROPERTIES:
            encoding = self._fonts.get(state.font, self._encoding)
            if encoding != state.flow.encoding:
                state.flow.decode()
                state.flow.encoding = encoding
            state.flow.pending += data
            if data.strip():
                state.flow.bold = state.flow.bold and state.bold

    def _add(self, text: str) -> None:
        state = self._state
        if not state.hidden and (state.where == "text" or state.where in _PROPERTIES):
            state.flow.decode()
            state.flow.parts.append(text)

    def _add_unicode(self, number: int | None) -> None:
        if number is not None:
            self._add(chr(number % 0x10000))
        self._skip = self._state.fallback

    def _end_paragraph(self, _number: int | None) -> None:
        if self._state.where != "text":
            return
        flow = self._state.flow
        if flow.cells or flow.in_table:
            self._add("\n")
            return
        text = flow.take_text()
        if text.strip():
            style = self._styles.get(flow.style, NamedStyle())
            level = flow.level or style.level
            title = style.name.lower() == "title"
            flow.items.append(Paragraph(text, Style(level, title, flow.listed), flow.bold))
        flow.items += flow.after
        flow.after, flow.bold, flow.listed = [], True, False

    def _end_cell(self, _number: int | None) -> None:
        if self._state.where == "text":
            self._state.flow.cells.append(self._state.flow.take_text())
            self._state.flow.bold, self._state.flow.listed = True, False

    def _end_row(self, _number: int | None) -> None:
        """End a row of a table, or whatever has begun."""
        flow = self._state.flow
        if flow.cells:
            rest = flow.take_text()
            cells = (*flow.cells, rest) if rest.strip() else tuple(flow.cells)
            flow.items += [Row(cells), *flow.after]
            flow.cells, flow.after = [], []
        else:
            self._end_paragraph(None)

    def _reset_paragraph(self, _number: int | None) -> None:
        flow = self._state.flow
        flow.style, flow.level, flow.in_table = 0, None, False

    def _enter_table(self, _number: int | None) -> None:
        self._state.flow.in_table = True

    def _reset_characters(self, _number: int | None) -> None:
        self._state = replace(self._state, bold=False, hidden=False, font=self._default_font)

    def _set_bold(self, number: int | None) -> None:
        self._state = replace(self._state, bold=number != 0)

    def _set_hidden(self, number: int | None) -> None:
        self._state = replace(self._state, hidden=number != 0)

    def _set_font(self, number: int | None) -> None:
        if self._state.where == "fonttbl":
            self._font = number or 0
        else:
            self._state = replace(self._state, font=number or 0)

    def _set_default_font(self, number: int | None) -> None:
        self._default_font = number or 0

    def _set_charset(self, number: int | None) -> None:
        if self._state.where == "fonttbl" and number in _CHARSETS:
            self._fonts[self._font] = _CHARSETS[number]

    def _set_codepage(self, number: int | None) -> None:
        name = "utf-8" if number == 65001 else f"cp{number}"
        try:
            self._encoding = codecs.lookup(name).name
        except LookupError:
            return

    def _set_fallback(self, number: int | None) -> None:
        self._state = replace(self._state, fallback=min(max(0, number or 0), 100))

    def _set_style(self, number: int | None) -> None:
        if self._state.where == "stylesheet":
            self._style = self._styles.setdefault(number or 0, NamedStyle())
        else:
            self._state.flow.style = number or 0

    def _set_level(self, number: int | None) -> None:
        level = number + 1 if number is not None and 0 <= number < 9 else None
        if self._state.where == "stylesheet":
            self._style.level = level
        else:
            self._state.flow.level = level

    def _name_style(self, data: bytes) -> None:
        """Take the name of the style that is being defined; a semicolon ends it."""
        name, end, _ = data.decode("latin-1").partition(";")
        self._style.name = (self._style.name + name).strip()
        if end:
            heading = _HEADING.fullmatch(self._style.name)
            self._style.level = int(heading[1]) if heading else self._style.level
            self._style = NamedStyle()

    def _add_date(self, word: str, number: int | None) -> None:
        """Take the parts of a date, which stand in this order."""
        if word in ("yr", "mo", "dy") and number:
            self._dates.setdefault(self._state.where, []).append(number)
