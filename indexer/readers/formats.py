"""The formats that are read, each declared once; other packages can add theirs.

A package adds a format with an entry point of the group ``wherein.readers`` that names a `Format`::

    [project.entry-points."wherein.readers"]
    palmdoc = "my_package:PALMDOC"
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from indexer.readers.base import Opener, Reader

_log = logging.getLogger("wherein")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that can be read.

    Attributes:
        name: What documents of it are called in filters, such as "pdf".
        label: What it is called in messages, such as "PDF" or "Word document".
        suffixes: How names of such files end, in lower case, with the dot.
        module: The module that reads it; imported when the first such file turns up. It has a
            function ``read``, a `Reader`, or, if it holds other files, ``unpack``, an `Opener`.
        holds_files: Whether there are other files in it: archives, messages with attachments.
        binary: Whether its files are anything else than plain text.
        recognise: Whether a file's first 64 KiB show that it is of this format, whatever its name;
            None where only the name tells.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    module: str
    holds_files: bool = False
    binary: bool = False
    recognise: Callable[[bytes], bool] | None = None

    def reader(self) -> Reader:
        """The function that reads files of this format."""
        reader: Reader = _function(self.module, "read")
        return reader

    def opener(self) -> Opener:
        """The function that takes files of this format apart."""
        opener: Opener = _function(self.module, "unpack")
        return opener


def _function(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


_HERE = "indexer.readers."

_CODE = (
    ".bash .c .cc .cpp .cs .cxx .go .h .hh .hpp .hxx .java .js .jsx .mjs .php .py .pyi .rb .rs .sh"
    " .ts .tsx"
)

_BUILT_IN = (
    Format("asciidoc", "AsciiDoc file", (".adoc", ".asciidoc"), _HERE + "asciidoc"),
    Format("code", "source code", tuple(_CODE.split()), _HERE + "code"),
    Format("csv", "table", (".csv", ".tab", ".tsv"), _HERE + "csv"),
    Format("doc", "Word document", (".doc", ".dot"), _HERE + "doc", binary=True),
    Format(
        "docx", "Word document", (".docm", ".docx", ".dotm", ".dotx"), _HERE + "docx", binary=True
    ),
    Format("epub", "e-book", (".epub",), _HERE + "epub", binary=True),
    Format("html", "HTML page", (".htm", ".html", ".xhtml"), _HERE + "html"),
    Format("ipynb", "notebook", (".ipynb",), _HERE + "ipynb"),
    Format("json", "JSON file", (".json",), _HERE + "json"),
    Format("jsonl", "JSON Lines file", (".jsonl", ".ndjson"), _HERE + "jsonl"),
    Format("latex", "LaTeX file", (".latex", ".tex"), _HERE + "latex"),
    Format("mail", "message", (".eml", ".mht", ".mhtml"), _HERE + "mail", holds_files=True),
    Format("markdown", "Markdown file", (".markdown", ".md", ".mkd"), _HERE + "markdown"),
    Format("mbox", "mailbox", (".mbox",), _HERE + "mbox", holds_files=True),
    Format("msg", "message", (".msg",), _HERE + "msg", holds_files=True, binary=True),
    Format("odp", "presentation", (".fodp", ".odp", ".otp"), _HERE + "odp", binary=True),
    Format("ods", "spreadsheet", (".fods", ".ods", ".ots"), _HERE + "ods", binary=True),
    Format("odt", "text document", (".fodt", ".odt", ".ott"), _HERE + "odt", binary=True),
    Format("org", "Org file", (".org",), _HERE + "org"),
    Format(
        "packed",
        "compressed file",
        (".bz2", ".gz", ".xz", ".zst"),
        _HERE + "packed",
        holds_files=True,
        binary=True,
    ),
    Format("pdf", "PDF", (".pdf",), _HERE + "pdf", binary=True),
    Format("ppt", "presentation", (".pps", ".ppt"), _HERE + "ppt", binary=True),
    Format(
        "pptx",
        "presentation",
        (".potm", ".potx", ".ppsm", ".ppsx", ".pptm", ".pptx"),
        _HERE + "pptx",
        binary=True,
    ),
    Format("rst", "reStructuredText file", (".rst",), _HERE + "rst"),
    Format("rtf", "RTF document", (".rtf",), _HERE + "rtf"),
    Format("subtitles", "subtitles", (".srt", ".vtt"), _HERE + "subtitles"),
    Format(
        "tar",
        "archive",
        (".tar", ".tgz", ".tbz2", ".txz", ".tzst"),
        _HERE + "tar",
        holds_files=True,
        binary=True,
    ),
    Format("text", "text file", (".log", ".text", ".txt"), _HERE + "text"),
    Format("xls", "spreadsheet", (".xls", ".xlt"), _HERE + "xls", binary=True),
    Format(
        "xlsx",
        "spreadsheet",
        (".xlsb", ".xlsm", ".xlsx", ".xltm", ".xltx"),
        _HERE + "xlsx",
        binary=True,
    ),
    Format("xml", "XML file", (".dita", ".ditamap", ".opml", ".xml"), _HERE + "xml"),
    Format("yaml", "YAML file", (".yaml", ".yml"), _HERE + "yaml"),
    Format("zip", "archive", (".zip",), _HERE + "zip", holds_files=True, binary=True),
)


@cache
def formats() -> dict[str, Format]:
    """All formats by name; those of other packages stand before ours of the same name."""
    known = {entry.name: entry for entry in _BUILT_IN}
    for point in entry_points(group="wherein.readers"):
        try:
            added = point.load()
        except Exception:
            _log.warning("The reader %r of %s cannot be loaded.", point.name, point.value)
            continue
        if isinstance(added, Format):
            known[added.name] = added
        else:
            _log.warning("The reader %r names %r, which is no Format.", point.name, point.value)
    return known


@cache
def by_suffix() -> dict[str, Format]:
    """The formats by the suffixes of their files."""
    return {suffix: entry for entry in formats().values() for suffix in entry.suffixes}
