"""What can be said of collections, and what was judged in one, as types."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class CollectionShape(BaseModel):
    """A collection.

    Attributes:
        name: What it is called.
        served: Whether it is the one that this server answers for.
    """

    name: str
    served: bool


class Collections(BaseModel):
    """The collections of this home folder.

    Attributes:
        collections: By name.
    """

    collections: list[CollectionShape]


class RulesShape(BaseModel):
    """Which files beneath a folder are looked at.

    Attributes:
        include: If any, only what one of these globs matches.
        exclude: What one of these matches is left out.
        follow: Whether links are followed.
        hidden: Whether hidden and ignored files are looked at too.
    """

    include: list[str]
    exclude: list[str]
    follow: bool
    hidden: bool


class EncoderShape(BaseModel):
    """The model that passages were embedded with.

    Attributes:
        name: What it is called.
        dimension: Length of its vectors.
        digest: SHA-256 of its files.
    """

    name: str
    dimension: int
    digest: str


class VectorIndex(BaseModel):
    """How passages are searched by meaning.

    Attributes:
        asked_for: The kind of index that was asked for.
        kind: The kind it is: every vector compared, or a graph of near ones.
        rows: How many vectors it holds.
        dead: How many of them belong to passages that are gone.
        parts: How many files it consists of.
        covered: How many vectors the graph covers.
        breadth: How broadly the graph is searched; null without one.
        recall: How many of the nearest the graph finds, measured when it was made; null without
            one.
        bytes: Room on the disk.
    """

    asked_for: str
    kind: Literal["exact", "hnsw"]
    rows: int
    dead: int
    parts: int
    covered: int
    breadth: int | None
    recall: float | None
    bytes: int


class KeywordIndex(BaseModel):
    """How passages are searched by words.

    Attributes:
        engine: What searches them.
        median_ms: Half of the queries took no longer, when it was measured.
        p95_ms: And 95 of a hundred.
        better: The engine that would be quicker by now; null if this one will do.
    """

    engine: str
    median_ms: float
    p95_ms: float
    better: str | None


class StatusAnswer(BaseModel):
    """What can be said of a collection as a whole.

    Attributes:
        collection: Its name.
        folder: Where it is kept.
        files: How many files are documents; those with the same content are one document.
        documents: How many documents there are.
        passages: How many passages they were cut into.
        roots: What was asked to be indexed.
        rules: By what rules, for each root.
        kinds: How many documents there are of each format.
        languages: How many there are in each language.
        encoder: The model that passages were embedded with.
        passage_pieces: Longest passage, in pieces of the model's tokenizer.
        near: Least cosine at which a passage counts as near a question.
        generation: The last write.
        published: The last one that can be searched.
        vector_index: How passages are searched by meaning; null if that index is to be made anew.
        keyword_index: How they are searched by words; null likewise.
        bytes: Room on the disk.
        scanned: Files most of whose pages hold no text, and what to tell of them.
        failures: Files that could not be read, with reason and remedy.
    """

    collection: str
    folder: str
    files: int
    documents: int
    passages: int
    roots: list[str]
    rules: dict[str, RulesShape]
    kinds: dict[str, int]
    languages: dict[str, int]
    encoder: EncoderShape
    passage_pieces: int
    near: float
    generation: int
    published: int
    vector_index: VectorIndex | None
    keyword_index: KeywordIndex | None
    bytes: int
    scanned: dict[str, str]
    failures: dict[str, str]


class JudgementShape(BaseModel):
    """What somebody thinks of a passage as an answer.

    Attributes:
        q: What was looked for.
        document_id: The document.
        start: First character of the passage in the document's text, as it was when judged.
        end: One past its last.
        text: The passage, as it was when judged.
        relevance: 0: it does not answer; 1 to 3: it does, the better the more.
        judged_at: When, in seconds since 1970.
    """

    q: str
    document_id: int
    start: int
    end: int
    text: str
    relevance: int
    judged_at: int


class Judgements(BaseModel):
    """What was judged so far.

    Attributes:
        judgements: By query and document.
    """

    judgements: list[JudgementShape]


class Judged(BaseModel):
    """What became of a judgement.

    Attributes:
        judgement: As it is kept; null once it was taken back.
    """

    judgement: JudgementShape | None


class KeptFile(BaseModel):
    """A file that was sent, as it was put away; a run that indexes it was begun.

    Attributes:
        name: What it is called in the folder for uploads; with a number if another file had its
            name already.
        size: Its size in bytes.
        new: Whether it was put there; false if the very same file was there already.
    """

    name: str
    size: int
    new: bool
