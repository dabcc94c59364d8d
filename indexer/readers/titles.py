"""Which titles in a file's properties were given by a person."""

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


def real_title(text: object) -> str:
    """The title if a person gave it; "" for file names, "untitled", defaults of programs."""
    title = one_line(str(text or ""))
    return "" if _NOT_GIVEN.fullmatch(title) else title
