"""What an archive must show before a collection is made of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from search.archive import ArchiveManifest, unsound
from search.distrust import distrusting, fresh_objects, manifest_of, number_of, objects
from search.encoders import DEFAULT_MODEL, HashingEncoder
from search.errors import CollectionMismatch, UsageError
from search.schema import APPLICATION_ID, FORMAT

#: `schema_digest` of databases of older formats that archives were made of, by format. Before
#: FORMAT is raised, that of today's tables is noted here; the first one archived is 2.
OLDER_SCHEMAS = {
    2: "b535b9bff08aa0492faf34882945f2c538f0833a055308b2d076a472e3430df2",
    3: "84dde26342ad8b76b80aab7e3d06a1c6c31ac6a8172382e0c14862c27c20b6dd",
}
FIRST_FORMAT = 2

_SAFE_MODELS = (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}", HashingEncoder.NAME)
#: Numbers of documents and passages lie below; the keyword index keeps 32 bits of them.
_MOST_ROWS = 1 << 32
_MOST_DIMENSIONS = 1 << 16
_LONGEST_NAME = 4096


def schema_digest(declared: dict[tuple[str, str], str]) -> str:
    """SHA-256 (hex) of what a database declares, as `search.inspection.objects` gives it."""
    return hashlib.sha256(msgspec.json.encode(sorted(declared.items()))).hexdigest()


def require_plausible(path: Path, manifest: ArchiveManifest) -> None:
    """Refuse what an archive cannot truly say of its collection.

    Args:
        path: The archive, to name it in errors.
        manifest: What it says of itself.

    Raises:
        UsageError: It cannot be.
        CollectionMismatch: The collection's format is newer than this program.
    """
    if manifest.format > FORMAT:
        raise CollectionMismatch(
            f"The archive {path} holds a collection of format {manifest.format}; this Wherein "
            f"reads formats up to {FORMAT}.",
            "Upgrade with: pip install --upgrade wherein",
        )
    encoder, splitter = manifest.collection.encoder, manifest.collection.splitter
    texts = (encoder.name, encoder.digest, encoder.query_prompt, encoder.passage_prompt)
    if (
        manifest.format < FIRST_FORMAT
        or not 1 <= encoder.dimension <= _MOST_DIMENSIONS
        or encoder.max_tokens < 1
        or splitter.pieces < 1
        or not -1.0 <= manifest.collection.near <= 1.0
        or any(len(text) > _LONGEST_NAME for text in texts)
        or not encoder.name.isprintable()
    ):
        raise unsound(path, "what it says of its collection cannot be")


def require_trusted(name: str, model: str | None) -> None:
    """Refuse a model that is neither built in nor the one that the user named.

    Whoever searches a collection loads the model it names, be it a folder of this machine or one
    to be fetched from the network; an archive from elsewhere must not bring that about unsaid.

    Args:
        name: The model that an archive names.
        model: The one that the user named, or None.

    Raises:
        UsageError: It is neither.
    """
    if name not in _SAFE_MODELS and name != model:
        raise UsageError(
            f"The archive's embeddings were made with the model {name!r}, which is not built in; "
            "searching the collection will load it, or fetch it from the network.",
            f"If you trust that model, import with: --model {name}",
        )


def require_ours(unpacked: Path, path: Path, manifest: ArchiveManifest) -> None:
    """Make sure that a database has our tables and nothing else, before it is asked anything.

    Args:
        unpacked: The database.
        path: The archive it comes from.
        manifest: What the archive says of it.

    Raises:
        UsageError: It is not ours, or not the one the manifest speaks of.
        StorageError: It is damaged.
        CollectionLocked: Another process holds it.
    """
    with distrusting(unpacked) as connection:
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        mark = connection.execute("PRAGMA application_id").fetchone()
        declared = objects(connection)
        own = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name LIKE 'sqlite\\_%' ESCAPE '\\' "
            "AND NOT (type = 'index' AND sql IS NULL) AND name != 'sqlite_sequence'"
        ).fetchone()
        if number == FORMAT:
            ours = declared == fresh_objects()
        else:
            ours = schema_digest(declared) == OLDER_SCHEMAS.get(number)
        if (number, mark) != (manifest.format, (APPLICATION_ID,)) or not ours or own != (0,):
            raise unsound(path, "its database has not the tables of a collection")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise unsound(path, "its database is damaged")
        if manifest_of(connection) != manifest.collection:
            raise unsound(path, "its database was made with another model than it says")
        (highest,) = connection.execute(
            "SELECT max((SELECT ifnull(max(id), 0) FROM documents), "
            "(SELECT ifnull(max(id), 0) FROM passages), "
            "(SELECT ifnull(max(seq), 0) FROM sqlite_sequence))"
        ).fetchone()
        if max(highest, number_of(connection, "generation")) >= _MOST_ROWS:
            raise unsound(path, "its numbers are too high")
        (odd,) = connection.execute(
            "SELECT count(*) FROM (SELECT path FROM files UNION ALL SELECT path FROM roots) "
            "WHERE length(path) = 0 OR instr(path, x'00') = 1 OR "
            "(instr(path, x'00') AND instr(substr(path, instr(path, x'00') + 1), x'00'))"
        ).fetchone()
        if odd or any(b"\0" in path for (path,) in connection.execute("SELECT path FROM roots")):
            raise unsound(path, "it names files that cannot be")
