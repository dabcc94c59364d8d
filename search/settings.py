"""Every setting, declared once: its name, type, default and what it is for.

A setting is read, in this order, from a command's option, from the environment (``WHEREIN_`` and
the name in capitals) and from its default here. `docs/settings.md` lists them all; a test holds
the two together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from search.errors import SettingError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


#: The least that limits may be set to.
_LEAST = {
    "workers": 1,
    "waiting": 1,
    "rate_limit": 0,
    "max_file_mb": 1,
    "max_unpacked_mb": 1,
    "upload_mb": 1,
    "reader_seconds": 1,
    "reader_memory_mb": 200,
    "encoder_threads": 1,
    "rerank_ms": 1,
}
#: The only values that some may have.
_CHOICES = {
    "access": ("auto", "keys"),
    "log_format": ("text", "json"),
    "vector_index": ("auto", "exact", "hnsw"),
}


def _setting(default: Any, help_text: str) -> Any:
    if callable(default):
        return field(default_factory=default, metadata={"help": help_text})
    return field(default=default, metadata={"help": help_text})


def _data_directory() -> Path:
    return platformdirs.user_data_path("wherein", appauthor=False)


def _cache_directory() -> Path:
    return platformdirs.user_cache_path("wherein", appauthor=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with their defaults.

    Raises:
        SettingError: A value is impossible.
    """

    home: Path = _setting(_data_directory, "Folder that holds the collections.")
    cache: Path = _setting(_cache_directory, "Folder that holds encoders made ready for this CPU.")
    collection: str = _setting("default", "Name of the collection to use.")
    model: str | None = _setting(
        None,
        "Encoder: all-MiniLM-L6-v2 (built in), the folder of a sentence-transformers model, or "
        "the name of one on its hub. Left out, the collection's own, or the built-in one.",
    )
    passage_pieces: int | None = _setting(
        None,
        "Longest passage, in pieces of the encoder's tokenizer. Left out, the collection's own, "
        "or as many of 200 as the encoder reads.",
    )
    keyword_engine: str | None = _setting(
        None,
        "What finds passages by their words: whoosh (built in) or tantivy (for large collections; "
        "needs wherein[tantivy]). Left out, the collection's own, or whoosh.",
    )
    vector_index: str | None = _setting(
        None,
        "How passages near in meaning are found: exact (all are compared), hnsw (by a graph of "
        "neighbours) or auto (by a graph from 50,000 passages on). Left out, the collection's own, "
        "or auto.",
    )
    rerank: str | None = _setting(
        None,
        "Cross-encoder that puts the first 20 passages in order: the folder of a "
        "sentence-transformers model, or the name of one on its hub. Left out, none does.",
    )
    rerank_ms: int = _setting(
        500, "Milliseconds that reranking may take; what is not done by then keeps its place."
    )
    encoder_threads: int | None = _setting(
        None,
        "How many texts are encoded at once. Left out, as many as there are processor cores; fewer "
        "leave room for other programs.",
    )
    map_layout: str | None = _setting(
        None,
        "How the map of the collection is laid out: pca (at once), umap or pacmap (clearer groups; "
        "need umap-learn or pacmap). Left out, as it was before, or pca.",
    )
    host: str = _setting("127.0.0.1", "Address the server listens on.")
    port: int = _setting(8000, "Port the server listens on; 0 takes a free one.")
    threads: int = _setting(4, "How many requests the server answers at once.")
    workers: int = _setting(1, "How many processes the server runs, each with its own threads.")
    waiting: int = _setting(
        64, "How many requests may wait in each process; further ones are told to try again."
    )
    access: str = _setting(
        "auto",
        "Who may ask the server: auto (whoever is on this machine, and elsewhere those with a key) "
        "or keys (only those with a key).",
    )
    allow_origin: str = _setting(
        "", "Web sites whose scripts may ask the API, such as https://example.org, by spaces."
    )
    rate_limit: int = _setting(
        600,
        "How many requests a minute one key or address may make; ten times as many from this "
        "machine, and 0 for any number.",
    )
    log_format: str = _setting("text", "How the server writes its log: text or json.")
    language: str | None = _setting(
        None, "Language of the pages: en or de. Left out, the one that the browser asks for."
    )
    upload_folder: Path | None = _setting(
        None,
        "Folder that files dropped on the page of the collection, or sent to the API, are put "
        "into and indexed from. Left out, the server takes none.",
    )
    upload_mb: int = _setting(
        2000, "Most megabytes that the files in the upload folder may have together."
    )
    max_file_mb: int = _setting(
        200, "Documents larger than this many megabytes are not read; archives may be larger."
    )
    max_unpacked_mb: int = _setting(
        4000, "Most megabytes that the files in one archive may have together."
    )
    reader_seconds: int = _setting(
        60, "Seconds a file may take to be read; large ones have more, up to ten times as many."
    )
    reader_memory_mb: int = _setting(1000, "Megabytes of memory that reading one file may take.")

    def __post_init__(self) -> None:
        """Check what the types alone do not say."""
        if not _NAME.fullmatch(self.collection):
            raise SettingError(
                f"{self.collection!r} cannot name a collection.",
                "Use up to 64 letters, digits, dots, dashes and underscores, "
                "a letter or digit first.",
            )
        if not 0 <= self.port <= 65535:
            raise SettingError(f"There is no port {self.port}.", "Use one from 0 to 65535.")
        if self.threads < 1:
            raise SettingError("The server needs at least one thread.", "Use --threads 4.")
        if self.language not in (None, "en", "de"):
            raise SettingError(
                f"There are no pages in the language {self.language!r}.", "Use en or de."
            )
        if self.passage_pieces is not None and not 16 <= self.passage_pieces <= 8192:
            raise SettingError(
                f"Passages of {self.passage_pieces} pieces are not made.", "Use 16 to 8192."
            )
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in (None, *choices):
                raise SettingError(
                    f"{name} cannot be {getattr(self, name)!r}.", f"Use {' or '.join(choices)}."
                )
        for name, least in _LEAST.items():
            if getattr(self, name) is not None and getattr(self, name) < least:
                raise SettingError(
                    f"{name} is {getattr(self, name)}, which is too little.",
                    f"Use at least {least}, or leave it out.",
                )

    @property
    def collections(self) -> Path:
        """The folder with one sub-folder for each collection."""
        return self.home / "collections"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **given: Any
    ) -> Settings:
        """Settings from the environment, overruled by those ``given`` that are not None.

        Args:
            environment: Where to look for ``WHEREIN_…``; the process's own by default.
            given: Values by setting name, as a command's options give them.

        Raises:
            SettingError: A value is impossible, or not of its setting's type.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for item in fields(cls):
            text = environment.get(f"WHEREIN_{item.name.upper()}")
            if text:
                values[item.name] = _convert(item.name, str(item.type), text)
        values.update({name: value for name, value in given.items() if value is not None})
        for name in ("home", "cache", "upload_folder"):
            if name in values:
                values[name] = Path(values[name]).expanduser().absolute()
        return cls(**values)

    def with_(self, **changes: Any) -> Settings:
        """A copy with some settings changed."""
        return replace(self, **changes)


def _convert(name: str, type_name: str, text: str) -> Any:
    if not type_name.startswith("int"):
        return text
    try:
        return int(text)
    except ValueError:
        raise SettingError(
            f"WHEREIN_{name.upper()} is {text!r}, which is not a whole number.",
            "Set it to one, or unset it.",
        ) from None
