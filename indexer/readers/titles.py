"""Which titles and authors in a file's properties were given by a person."""

from __future__ import annotations

import re

from indexer.readers.base import one_line

_NOT_GIVEN = re.compile(
    r"\(?anonymous\)?|untitled.*|unbenannt.*|unnamed.*|sans titre.*"
    r"|ohne titel.*|senza titolo.*|sin título.*"
    r"|(?:word )?document ?\d*|dokument ?\d*|title|titel|template"
    r"|microsoft (?:word|powerpoint|excel) ?-.*"
    r"|(?:book|presentation|slide|powerpoint presentation) ?\d*"
    r"|.*\.(?:docx?|dot|pdf|tex|dvi|rtf|odt|indd|qxd|pptx?|xlsx?|html?|txt|pages|ps|fm|book)"
    r"|(?:about:blank|https?:|file:).*|[\W\d_]*",
    re.IGNORECASE | re.DOTALL,
)
_NO_AUTHOR = re.compile(
    r"\(?(?:anonymous|author|unknown|unspecified|none|n/?a)\)?|(?:windows |microsoft office )?user"
    r"|(?:pc|system )?admin(?:istrator)?|administrateur|benutzer|utilisateur|owner|root|default"
    r"|(?:file|https?):.*|[\W\d_]*",
    re.IGNORECASE,
)


def real_title(text: object) -> str:
    """The title if a person gave it; "" for file names, "untitled", defaults of programs."""
    title = one_line(str(text or ""))
    return "" if _NOT_GIVEN.fullmatch(title) else title


def real_author(text: object) -> str:
    """The author if one is named; "" for "anonymous", "user" and the like."""
    author = one_line(str(text or ""))
    return "" if _NO_AUTHOR.fullmatch(author) else author
