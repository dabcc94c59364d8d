"""JSON: its values as lines, each with where it lies.

What is no JSON, such as a template or a file that was cut off, is read as plain text: its words are
there to be found all the same.
"""

from __future__ import annotations

from indexer.readers.base import DocumentBuilder
from indexer.readers.data import TEXT_LIMIT, write_data
from indexer.readers.encoding import decode
from indexer.readers.json_leaves import BrokenJsonError, json_leaves
from indexer.readers.text import write_text
from search.errors import ReadError
from search.models import Document


def read(data: bytes, _name: str) -> Document:
    """Read a JSON file.

    Raises:
        ReadError: If the bytes are no text, or the values are nested too deeply.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The JSON file holds something else than text.")
    for several in (False, True):
        try:
            return write_data(DocumentBuilder("json"), json_leaves(text, several=several))
        except BrokenJsonError:
            continue
    builder = DocumentBuilder("json")
    write_text(builder, text[:TEXT_LIMIT])
    return builder.build()
