"""The exceptions Wherein raises, every one a sentence that says what to do about it.

::

    WhereinError                 anything a caller may want to catch
    ├── UsageError               the caller asked for what cannot be (exit code 2, HTTP 400)
    │   ├── QueryError           the query text, its mode or the number of hits
    │   └── SettingError         a setting, an option or an environment variable
    ├── CollectionError          the collection on disk
    │   ├── CollectionMissing    there is none of that name
    │   ├── CollectionLocked     another process is writing to it
    │   ├── CollectionMismatch   it was made with another model, splitter or format
    │   ├── FormatOutdated       its tables are older than this program, and it was opened to read
    │   └── StorageError         the disk is full, read-only or damaged
    ├── DocumentMissing          no such document in the collection
    ├── EncoderError             the encoder cannot be loaded or run
    └── ReadError                one file cannot be read; recorded by the indexer, never ends a run

Exceptions of other libraries are turned into these where the library is called, so that no caller
of ours has to know which library that was.
"""


class WhereinError(Exception):
    """Base of all of Wherein's exceptions.

    Args:
        message: What is wrong, one sentence.
        remedy: What the user can do about it, one sentence; may be empty.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """The message and the remedy, as they are shown to a person."""
        return f"{self.message} {self.remedy}".rstrip()


class UsageError(WhereinError):
    """The caller asked for something that cannot be done as asked."""


class QueryError(UsageError):
    """The query text, its mode or the number of hits asked for is not usable.

    Args:
        message: What is wrong, one sentence.
        remedy: What the user can do about it.
        argument: Which argument of `search.queries.parse` is at fault.
    """

    def __init__(self, message: str, remedy: str, argument: str) -> None:
        super().__init__(message, remedy)
        self.argument = argument


class SettingError(UsageError):
    """A setting, an option or an environment variable has an impossible value."""


class CollectionError(WhereinError):
    """Something is the matter with the collection on disk."""


class CollectionMissing(CollectionError):
    """There is no collection of that name."""


class CollectionLocked(CollectionError):
    """Another process is writing to the collection."""


class CollectionMismatch(CollectionError):
    """The collection was made with another model, splitter or file format."""


class FormatOutdated(CollectionError):
    """The collection's tables are those of an older version; opening it to write mends that."""


class StorageError(CollectionError):
    """The disk is full, read-only or damaged."""


class DocumentMissing(WhereinError):
    """No document of that number is in the collection."""


class EncoderError(WhereinError):
    """The encoder cannot be loaded or run."""


class ReadError(WhereinError):
    """One file cannot be read. The indexer records the message as the reason and goes on."""
