"""What a library does by itself: the least that a reader of the same format must do too."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import logging
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

#: Takes a file's bytes, gives its text, in whatever form the library has it.
Extract = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Plain:
    """A library's own way to get at the text of a format.

    Attributes:
        name: What it is called in the table.
        extract: Does it.
    """

    name: str
    extract: Extract


def _pdf(data: bytes) -> object:
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def _docx(data: bytes) -> object:
    import docx

    book = docx.Document(io.BytesIO(data))
    tables = [[cell.text for cell in row.cells] for table in book.tables for row in table.rows]
    return [paragraph.text for paragraph in book.paragraphs], tables


def _pptx(data: bytes) -> object:
    import pptx

    slides = pptx.Presentation(io.BytesIO(data)).slides
    return [s.text_frame.text for slide in slides for s in slide.shapes if s.has_text_frame]


def _sheets(data: bytes) -> object:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def _html(data: bytes) -> object:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(data).text()


def _xml(data: bytes) -> object:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return list(etree.fromstring(data, parser).itertext())


def _open_document(data: bytes) -> object:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _xml(archive.read("content.xml"))


def _epub(data: bytes) -> object:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pages = [name for name in archive.namelist() if name.endswith(("html", "htm"))]
        return [_html(archive.read(name)) for name in pages]


def _mail(data: bytes) -> object:
    message = email.message_from_bytes(data, policy=email.policy.default)
    return [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]


def _mbox(data: bytes) -> object:
    return [_mail(part) for part in data.split(b"\nFrom ")]


def _markdown(data: bytes) -> object:
    from markdown_it import MarkdownIt

    return MarkdownIt().enable("table").render(data.decode("utf-8", "replace"))


def _rst(data: bytes) -> object:
    from docutils.core import publish_doctree

    quiet = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False}
    return publish_doctree(data.decode(), settings_overrides=quiet).astext()


def _yaml(data: bytes) -> object:
    import yaml

    return list(yaml.safe_load_all(data))


def _rtf(data: bytes) -> object:
    from striprtf.striprtf import rtf_to_text

    return rtf_to_text(data.decode("cp1252", "replace"))


def _csv(data: bytes) -> object:
    return list(csv.reader(io.StringIO(data.decode("utf-8", "replace"))))


def _zip(data: bytes) -> object:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def _tar(data: bytes) -> object:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [file.read() for entry in archive if (file := archive.extractfile(entry))]


def _lines(data: bytes) -> object:
    return [json.loads(line) for line in data.splitlines()]


#: By format; what is not here is compared with decoding the bytes.
PLAIN = {
    "csv": Plain("csv", _csv),
    "docx": Plain("python-docx", _docx),
    "epub": Plain("zipfile, selectolax", _epub),
    "html": Plain("selectolax", _html),
    "ipynb": Plain("json", json.loads),
    "json": Plain("json", json.loads),
    "jsonl": Plain("json", _lines),
    "mail": Plain("email", _mail),
    "markdown": Plain("markdown-it-py", _markdown),
    "mbox": Plain("email", _mbox),
    "odp": Plain("zipfile, lxml", _open_document),
    "ods": Plain("calamine", _sheets),
    "odt": Plain("zipfile, lxml", _open_document),
    "pdf": Plain("pypdf", _pdf),
    "pptx": Plain("python-pptx", _pptx),
    "rst": Plain("docutils", _rst),
    "rtf": Plain("striprtf", _rtf),
    "tar": Plain("tarfile", _tar),
    "xlsx": Plain("calamine", _sheets),
    "xml": Plain("lxml", _xml),
    "yaml": Plain("PyYAML", _yaml),
    "zip": Plain("zipfile", _zip),
}
DECODING = Plain("decoding", lambda data: data.decode("utf-8", "replace"))


def extracted(plain: Plain, data: bytes) -> bool:
    """Whether the library by itself got through a file.

    Raises:
        ImportError: It is not installed.
    """
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain.extract(data)
    except ImportError:
        raise
    except Exception:
        return False
    finally:
        logging.disable(logging.NOTSET)
    return True
