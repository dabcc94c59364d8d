"""A collection made from the corpus of an evaluation, by the same pipeline as any other.

A corpus already is titles and texts, so that no reader is needed; from the splitter on everything
is as `wherein index` does it. The collection is kept in the cache folder under a digest of all it
depends on, so that asking it again need not index it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from indexer.batch import Batch
from indexer.languages import language_of
from indexer.opening import manifest_for
from indexer.progress import Progress
from indexer.readers.base import DocumentBuilder
from search.builds import exists
from search.collection_writer import CollectionWriter
from search.encoders import DEFAULT_MODEL, load_encoder
from search.encoders.cache import RECIPE
from search.engine import Engine
from search.errors import UsageError
from search.evaluation.lines import fault, numbered_lines, shown
from search.models import Document, Hit
from search.rows import FileRecord
from search.schema import FORMAT
from search.settings import Settings

#: Longest document of a corpus with its title, in bytes of JSON.
_LONGEST_DOCUMENT = 64_000_000
#: Most bytes of a corpus; it is read line by line.
_LARGEST_CORPUS = 1_000_000_000_000
#: Raised when the way documents are made of a corpus changes.
_RECIPE = 2


class _Line(msgspec.Struct):
    """A line of corpus.jsonl; what else stands in it is left aside."""

    id: str | int = msgspec.field(name="_id")
    text: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in BEIR's layout that was looked through.

    Attributes:
        path: The file corpus.jsonl.
        size: Its size in bytes.
        digest: SHA-256 of what it holds.
        ids: The ids of its documents.
    """

    path: Path
    size: int
    digest: str
    ids: frozenset[str]


def look_through(path: Path) -> Corpus:
    """Check a corpus and find out which documents it has.

    Args:
        path: The file corpus.jsonl.

    Returns:
        The corpus.

    Raises:
        UsageError: It cannot be read or holds no document, a line is malformed, or two documents
            share an id.
    """
    digest = hashlib.sha256()
    ids: set[str] = set()
    size = 0
    for number, name, line, _ in _entries(path):
        if name in ids:
            raise fault(path, number, f"document {shown(name)} was there before.")
        ids.add(name)
        data = line.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
        size += len(data)
    if not ids:
        raise UsageError(
            f"{path} holds no documents.",
            'Put one on each line, as {"_id": "1", "title": "…", "text": "…"}.',
        )
    return Corpus(path, size, digest.hexdigest(), frozenset(ids))


def open_corpus(
    corpus: Corpus, settings: Settings, progress: Progress, *, rebuild: bool = False
) -> Engine:
    """The engine of a corpus, which is indexed first unless an index of it is kept.

    Args:
        corpus: The corpus.
        settings: Model, passage length and cache folder.
        progress: Watches the indexing.
        rebuild: Index it anew even if an index of it is kept.

    Returns:
        The engine; whoever asked for it closes it.

    Raises:
        UsageError: The corpus changed meanwhile.
        EncoderError: The encoder cannot be loaded.
        CollectionLocked: Another process is indexing the same corpus.
        StorageError: The disk is full or read-only.
        CollectionError: The index that is kept cannot be opened, see
            `search.collection.Collection`.
    """
    encoder = load_encoder(settings.model or DEFAULT_MODEL, settings.cache)
    manifest = manifest_for(encoder, settings.passage_pieces)
    recipes = (_RECIPE, RECIPE, FORMAT, version("wherein"))
    depends_on = (recipes, corpus.digest, msgspec.to_builtins(manifest))
    key = hashlib.sha256(msgspec.json.encode(depends_on)).hexdigest()[:32]
    folder = settings.cache / "evaluations" / key
    if rebuild or not exists(folder):
        with (
            CollectionWriter.create(folder, manifest) as writer,
            closing(Batch(writer.store, encoder, manifest.splitter.pieces, progress)) as batch,
        ):
            progress.begin(len(corpus.ids), corpus.size)
            for _, name, line, entry in _entries(corpus.path):
                document = _document(entry)
                identity = name.encode()
                record = FileRecord(_path_of(name), len(line), 0, identity, None, None)
                if document.text:
                    batch.add_document(document, identity, [record])
                progress.opened(len(line.encode()))
            batch.commit()
            writer.activate()
    return Engine(folder, settings.cache, encoder)


def corpus_name(hit: Hit) -> str:
    """The id in its corpus of a hit's document."""
    return name_at(hit.path)


def name_at(path: str) -> str:
    """The id in its corpus of the document that is kept under a path."""
    return unquote(Path(path).parent.name.removesuffix(_SUFFIX))


#: Keeps ids such as ".." from meaning something in a path.
_SUFFIX = ".entry"
#: A file's name is searched for; the id of a document in a corpus is no such name.
_NAMELESS = "-"


def _path_of(name: str) -> Path:
    """The path a document of a corpus is kept under; nothing lies there."""
    return Path("/corpus", quote(name, safe="") + _SUFFIX, _NAMELESS)


def _entries(path: Path) -> Iterator[tuple[int, str, str, _Line]]:
    """Number, document id, text and content of each line of a corpus."""
    for number, line in numbered_lines(path, _LONGEST_DOCUMENT, _LARGEST_CORPUS):
        try:
            entry = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise fault(path, number, f"it is no document in JSON ({error}).") from None
        name = str(entry.id).strip()
        if not name:
            raise fault(path, number, "its _id is empty.")
        yield number, name, line, entry


def _document(entry: _Line) -> Document:
    title, text = entry.title or "", entry.text or ""
    builder = DocumentBuilder("text")
    builder.block(text if text.strip() else title, preformatted=True)
    return builder.build(title, language=language_of(f"{title}\n{text}"))
