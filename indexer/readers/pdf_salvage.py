"""A PDF whose end is missing, made readable again as far as it goes.

The table of contents of a PDF stands at its end. When a file was cut off, the pages before the cut
are still there, but nothing leads to them. Here a new end is written that lists them.
"""

from __future__ import annotations

import re

_PAGE = re.compile(
    rb"(?<!\d)(\d{1,9})\s+(\d{1,5})\s+obj\b(?:(?!endobj).){0,1000}?/Type\s*/Page\b", re.S
)
_HIGHEST = 8_000_000


def with_new_end(data: bytes) -> bytes | None:
    """The PDF with an end that names all the pages found in it, or None if there are none."""
    # A page changed later on is there twice; the last one counts, in the place of the first.
    pages = dict.fromkeys((match[1], match[2]) for match in _PAGE.finditer(data))
    if not pages:
        return None
    kids = b" ".join(b"%s %s R" % page for page in pages)
    return data + (
        b"\nendstream endobj\n"
        b"%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n"
        b"%d 0 obj\n<< /Type /Pages /Count %d /Kids [%s] >>\nendobj\n"
        b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n0\n%%%%EOF\n"
    ) % (_HIGHEST, _HIGHEST + 1, _HIGHEST + 1, len(pages), kids, _HIGHEST + 2, _HIGHEST)
