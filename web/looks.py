"""How a paragraph is set: as prose, as code or as rows of a table.

The text of a document does not say; its format and the form of the paragraph do. A wrong guess
costs a typeface, never a character.
"""

from __future__ import annotations

import re
from enum import Enum, auto

#: What stands between the cells of a row.
CELL_SEPARATOR = " | "

#: A line of a message's head.
_FIELD_OF_HEAD = re.compile(r"(?:From|To|Cc|Bcc|Reply-To|Date|Subject|Attachments?): ", re.I)
_MESSAGES = ("mail", "mbox", "msg")
_TABLES = ("csv", "ods", "xls", "xlsx")
#: Prose is never indented but here and there in plain text, and there it is a table or a drawing.
_INDENTED = re.compile(r"(?:\A|\n)(?: {2}|\t)[ \t]*\S")
#: A line of its own in a notebook that is a statement rather than a sentence.
_STATEMENT = re.compile(
    r"[!%@#]|(?:import|from) \w|[\w.\[\]'\", ]+? = |[\w.]+\(.*\)\Z|\w+[._]\w[\w.]*\Z"
    r"|(?:class|def|for|if|try|while|with)\b.*:\Z"
)


class Look(Enum):
    """How a paragraph is set."""

    PROSE = auto()
    CODE = auto()
    ROWS = auto()


def look_of(paragraph: str, kind: str) -> Look:
    """How a paragraph of a document of that ``kind``, a format, is to be set."""
    if kind == "code":
        return Look.CODE
    if kind in _MESSAGES and all(map(_FIELD_OF_HEAD.match, paragraph.split("\n"))):
        return Look.ROWS
    if CELL_SEPARATOR in paragraph:
        lines = paragraph.split("\n")
        if kind in _TABLES or all(CELL_SEPARATOR in line for line in lines):
            return Look.ROWS
    if _INDENTED.search(paragraph):
        return Look.CODE
    if kind == "ipynb" and ("\n" in paragraph or _STATEMENT.match(paragraph)):
        return Look.CODE
    return Look.PROSE
