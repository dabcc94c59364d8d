"""What requests to the API may say: one model an address, which checks them and describes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from search.errors import QueryError
from search.models import Query
from search.queries import HITS_LIMIT, OFFSET_LIMIT, QUERY_LIMIT, parse
from search.rows import RELEVANCE_MOST
from web.problems import RequestError

#: Most passages of a streamed answer.
STREAM_LIMIT = 2_000
#: Most queries in one request, …
BATCH_LIMIT = 20
#: … passages in one request for meanings, and passages that feedback may name each way.
NAMED_LIMIT = 50
#: Most documents on one page of their list, and completions of one text.
PAGE_LIMIT = 200
SUGGESTIONS_LIMIT = 20
#: Longest name of a file that is looked at.
FILE_NAME_LIMIT = 1_000
#: Numbers of documents and passages lie below; as many digits as an address may have.
NUMBER_LIMIT = 10**18 - 1

Text = Annotated[str, Field(min_length=1, max_length=QUERY_LIMIT)]
Mode = Literal["hybrid", "semantic", "keyword"]
Number = Annotated[int, Field(ge=0, le=NUMBER_LIMIT)]
Named = Annotated[list[Number], Field(max_length=NAMED_LIMIT)]
Most = Annotated[int, Field(ge=1, le=HITS_LIMIT)]
Cursor = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class Asked(BaseModel):
    """Parameters of a request; any other is refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Asked):
    """No parameters."""


class QueryParams(Asked):
    """Parameters that say what is looked for.

    Attributes:
        q: What is looked for, in the query language: a question, a sentence, a few words.
        mode: By meaning and by words together, by meaning alone, or by words alone.
    """

    q: Text
    mode: Mode = "hybrid"

    def query(self) -> Query:
        """The query they make.

        Raises:
            RequestError: There is nothing in it to search for.
        """
        return question(self.q, self.mode)


class SearchParams(QueryParams):
    """Parameters of a search.

    Attributes:
        k: How many passages at the most; more than 200 only in an answer streamed as JSON Lines.
        per_document: How many passages of one document at the most.
        offset: How many of the best passages to pass over.
        min_score: Least score of a passage.
        explain: Whether each hit says how it came by its score, and the answer how long each stage
            took.
        highlight: What is marked in hits: words that match, or also what carried their meaning.
        cursor: Where an earlier answer to the same question ended, its next_cursor; in place of an
            offset.
    """

    k: Annotated[int, Field(ge=1, le=STREAM_LIMIT)] = 10
    per_document: Annotated[int, Field(ge=1, le=10_000)] = 2
    offset: Annotated[int, Field(ge=0, le=OFFSET_LIMIT)] = 0
    min_score: Annotated[float, Field(allow_inf_nan=False)] | None = None
    explain: bool = False
    highlight: Literal["words", "meaning"] = "words"
    cursor: Cursor | None = None

    def query(self) -> Query:
        """The query they make, for one page of hits.

        Raises:
            RequestError: There is nothing in it to search for.
        """
        return question(
            self.q,
            self.mode,
            min(self.k, HITS_LIMIT),
            self.per_document,
            self.offset,
            self.min_score,
            self.explain,
        )


class BatchParams(Asked):
    """Several searches in one request.

    Attributes:
        queries: Parameters of each.
    """

    queries: Annotated[list[SearchParams], Field(min_length=1, max_length=BATCH_LIMIT)]


def _which(value: object) -> str:
    is_batch = isinstance(value, BatchParams) or (isinstance(value, dict) and "queries" in value)
    return "~batch" if is_batch else "~one"


SearchBody = Annotated[
    Annotated[SearchParams, Tag("~one")] | Annotated[BatchParams, Tag("~batch")],
    Discriminator(_which),
]


class ListParams(Asked):
    """Parameters of the list of documents.

    Attributes:
        k: How many documents at the most.
        cursor: Where an earlier page of the list ended, its next_cursor.
    """

    k: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 50
    cursor: Cursor | None = None


class SimilarParams(Asked):
    """Parameters of a search for what is alike.

    Attributes:
        k: How many at the most.
    """

    k: Most = 10


class FeedbackBody(Asked):
    """Passages that were liked or not.

    Attributes:
        liked: Numbers of passages to find more like.
        unliked: Numbers of passages to keep away from.
        k: How many passages at the most.
    """

    liked: Annotated[list[Number], Field(min_length=1, max_length=NAMED_LIMIT)]
    unliked: Named = []
    k: Most = 10


class MeaningsParams(QueryParams):
    """Passages on display, of which it is asked what carried their meaning.

    Attributes:
        passages: Numbers of the passages.
    """

    passages: Annotated[list[Number], Field(min_length=1, max_length=NAMED_LIMIT)]


class FacetParams(Asked):
    """A search whose documents are to be counted.

    Attributes:
        q: What is looked for; left out, the whole collection is counted.
    """

    q: Annotated[str, Field(max_length=QUERY_LIMIT)] = ""

    def query(self) -> Query:
        """The query they make.

        Raises:
            RequestError: There is nothing in it to search for.
        """
        return question(self.q) if self.q else Query("")


class SuggestParams(Asked):
    """A text that is being typed.

    Attributes:
        text: What stands in the box so far.
        k: How many completions at the most.
    """

    text: Annotated[str, Field(max_length=QUERY_LIMIT)]
    k: Annotated[int, Field(ge=1, le=SUGGESTIONS_LIMIT)] = 8


class ExplainParams(QueryParams):
    """A search, and the document that was expected.

    Attributes:
        document: Number of the document.
    """

    document: Number


class JudgementBody(Asked):
    """What somebody thinks of a hit.

    Attributes:
        q: What was looked for.
        passage_id: The passage that was found.
        relevance: 0: it does not answer; 1: it does; up to 3: it answers well. Null takes an
            earlier judgement back.
    """

    q: Text
    passage_id: Number
    relevance: Annotated[int, Field(ge=0, le=RELEVANCE_MOST)] | None


class FileParams(Asked):
    """What is said of a file that is sent.

    Attributes:
        name: Its name, with a suffix that tells what it is, and without a folder.
    """

    name: Annotated[str, Field(min_length=1, max_length=FILE_NAME_LIMIT)]


def question(
    text: str,
    mode: str = "hybrid",
    limit: int = 10,
    per_document: int = 2,
    offset: int = 0,
    min_score: float | None = None,
    explain: bool = False,
) -> Query:
    """A query, of parameters that were found to be in range.

    Args:
        text: What is looked for.
        mode: How.
        limit: How many hits at the most.
        per_document: How many of one document.
        offset: How many to pass over.
        min_score: Least score of a hit.
        explain: Whether hits say how they came about.

    Raises:
        RequestError: There is nothing in the text to search for.
    """
    try:
        return parse(
            text,
            mode,
            limit,
            per_document,
            offset=offset,
            min_score=min_score,
            explain=explain,
        )
    except QueryError as error:
        raise RequestError("unanswerable", error.message, error.remedy, "q") from error
