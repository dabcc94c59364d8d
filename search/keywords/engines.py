"""Which engines there are, and which one a collection is to use."""

from __future__ import annotations

from pathlib import Path

from search.errors import CollectionMismatch, SettingError
from search.keywords.postings import Postings
from search.storage import flush, flush_folder, storage_errors

#: The engines, the default first.
ENGINES = ("whoosh", "tantivy")
#: The file in a collection's folder that names another than the default, and its draft.
CHOICE = "keyword-engine"
CHOICE_DRAFT = f"{CHOICE}.draft"


def engine_in(folder: Path) -> str | None:
    """The engine whose index lies in ``folder``, or None if none does."""
    if (folder / "meta.json").is_file():
        return "tantivy"
    if folder.is_dir() and any(folder.glob("_MAIN_*.toc")):
        return "whoosh"
    return None


def load_engine(name: str) -> type[Postings]:
    """The engine called ``name``.

    Raises:
        CollectionMismatch: It is not installed.
    """
    if name == "whoosh":
        from search.keywords.whoosh_postings import WhooshPostings

        return WhooshPostings
    try:
        import tantivy  # noqa: F401
    except ImportError:
        raise CollectionMismatch(
            "The keyword engine Tantivy is not installed here.",
            "Install it with: pip install 'wherein[tantivy]', or have the index made by the "
            "built-in one: wherein index --keyword-engine whoosh",
        ) from None
    from search.keywords.tantivy_postings import TantivyPostings

    return TantivyPostings


def chosen_engine(collection: Path) -> str:
    """The engine that the collection in the folder ``collection`` is to use.

    Raises:
        StorageError: The folder cannot be read.
    """
    with storage_errors(collection):
        try:
            name = (collection / CHOICE).read_text("utf-8", "replace").strip()
        except FileNotFoundError:
            return ENGINES[0]
    return name if name in ENGINES else ENGINES[0]


def choose_engine(collection: Path, name: str | None) -> None:
    """Have the collection in the folder ``collection`` use the engine called ``name``.

    Its view is made anew the next time that the collection is published.

    Args:
        collection: The collection's folder.
        name: One of `ENGINES`; None leaves it as it is, and only sees whether that is installed.

    Raises:
        SettingError: There is no such engine.
        CollectionMismatch: It is not installed.
        StorageError: The disk is full or read-only; the choice before still holds.
    """
    before = chosen_engine(collection)
    if name not in (None, *ENGINES):
        raise SettingError(
            f"There is no keyword engine {name!r}.", f"Use one of: {', '.join(ENGINES)}."
        )
    load_engine(name or before)
    if name in (None, before):
        return
    with storage_errors(collection):
        draft = collection / CHOICE_DRAFT
        draft.write_text(f"{name}\n", "utf-8")
        flush(draft)
        draft.replace(collection / CHOICE)
        flush_folder(collection)
