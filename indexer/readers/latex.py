"""LaTeX: sections, lists, tables, formulas and code, without the commands that lay them out.

The structure is found with patterns (`indexer.readers.latex_writer`); only what stands within a
paragraph goes to pylatexenc. No file that another one names is fetched: it is indexed on its own.
"""

from __future__ import annotations

import re

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.latex_inline import Inline
from indexer.readers.latex_source import argument, show_signs, take_code, without_definitions
from indexer.readers.latex_writer import Writer
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

# How long pylatexenc may take for all paragraphs of a file.
_SECONDS = 10.0
_THANKS = re.compile(r"\\(?:thanks|footnote|inst|email|orcidID)\s*(?:\{[^{}]*\})?")
_AND = re.compile(r"\\(?:and|And|AND)(?![A-Za-z])")
_CODING = re.compile(rb"\\usepackage\[(\w+)\]\{inputenc\}")
_PACKAGE = re.compile(
    r"\\(?:usepackage\s*\[([^\]]*)\]\s*\{babel\}|set(?:main|default)language\s*\{(\w+)\})"
)
_LANGUAGES = {
    "german": "de",
    "ngerman": "de",
    "naustrian": "de",
    "french": "fr",
    "francais": "fr",
    "spanish": "es",
    "italian": "it",
    "dutch": "nl",
    "portuguese": "pt",
    "brazilian": "pt",
    "russian": "ru",
    "polish": "pl",
    "english": "en",
    "british": "en",
    "american": "en",
}


def read(data: bytes, _name: str) -> Document:
    """Read a LaTeX file.

    Raises:
        ReadError: If the bytes are no text.
    """
    declared = _CODING.search(data[:20_000])
    text = decode(data, declared[1].decode("ascii", "replace") if declared else "")
    if text is None:
        raise ReadError("The LaTeX file holds something else than text.")
    text, codes = take_code(re.sub(r"\r\n|\r", "\n", text))
    preamble, begin, body = text.partition("\\begin{document}")
    if not begin:
        preamble, body = "", text
    inline = Inline(_SECONDS)

    def shown(words: str) -> str:
        return one_line(show_signs(inline.plain(words)))

    builder = DocumentBuilder("latex")
    Writer(builder, inline, codes).write(without_definitions(body.partition("\\end{document}")[0]))
    authors = _AND.split(_THANKS.sub("", argument(text, "author")))
    # Below the name stands where the author works.
    people = (shown(author.strip().partition("\\\\")[0]) for author in authors)
    return builder.build(
        real_title(shown(argument(text, "title"))) or builder.first_heading,
        author=", ".join(filter(None, people)),
        date=iso_date(shown(argument(text, "date"))),
        language=_language(preamble),
    )


def _language(preamble: str) -> str:
    """The main language babel or polyglossia is loaded with: of several, the last."""
    match = _PACKAGE.search(preamble)
    options = re.findall(r"\w+", (match[1] or match[2] or "")) if match else []
    return next((_LANGUAGES[name] for name in reversed(options) if name in _LANGUAGES), "")
