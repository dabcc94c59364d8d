"""What addresses of pages may say, checked; the sentences about it are `search.queries`' own.

People edit addresses by hand and follow old links, so what a page does not know it leaves aside.
The API's parameters are in `web.api.asked`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict

from search.errors import QueryError
from search.models import Mode, Query
from search.queries import parse
from web.problems import RequestError
from web.refusals import refusal

#: Largest body of a request in bytes.
BODY_LIMIT = 64 * 1024


class SearchParams(BaseModel):
    """Parameters of the search page.

    Attributes:
        q: What is looked for.
        k: How many passages at the most.
        mode: "hybrid", "semantic" or "keyword".
        per_document: How many passages of one document at the most.
        offset: How many of the best passages to pass over.
        min_score: Least score of a passage, or None.
        explain: Whether each hit is to say how it came by its score.
    """

    model_config = ConfigDict(extra="forbid")

    q: str
    k: int = 10
    mode: str = str(Mode.HYBRID)
    per_document: int = 2
    offset: int = 0
    min_score: float | None = None
    explain: bool = False

    def query(self) -> Query:
        """The query they make.

        Raises:
            RequestError: One of them is impossible; it is named.
        """
        try:
            return parse(
                self.q,
                self.mode,
                self.k,
                self.per_document,
                offset=self.offset,
                min_score=self.min_score,
                explain=self.explain,
            )
        except QueryError as error:
            name = _NAMES.get(error.argument, error.argument)
            raise RequestError("invalid-parameter", error.message, error.remedy, name) from error


class PlaceParams(BaseModel):
    """Parameters of a document's page: which passage of it, found how.

    Attributes:
        start: First character of the passage.
        end: One past its last character.
        part: Which part of a very long document, counted from 1.
        q: The query that found it.
        mode: The mode that found it.
        view: "text" to have the text of a document that could be shown in its own form.
    """

    model_config = ConfigDict(extra="ignore")

    start: int | None = None
    end: int | None = None
    part: int | None = None
    q: str = ""
    mode: str = str(Mode.HYBRID)
    view: str = ""

    def query(self) -> Query | None:
        """The query that led here, or None if there is none that could have."""
        try:
            return parse(self.q, self.mode)
        except QueryError:
            return None


#: What the parameters are called that have another name than `parse`'s arguments.
_NAMES = {"text": "q", "limit": "k"}


def search_from_page(arguments: MultiDict[str, str]) -> SearchParams:
    """Parameters of the search page; what it does not know it leaves aside.

    Raises:
        RequestError: One is of the wrong type; it is named.
    """
    known = {name: arguments[name] for name in SearchParams.model_fields if arguments.get(name)}
    try:
        return SearchParams.model_validate({"q": "", **known})
    except ValidationError as error:
        raise refusal(error, SearchParams.model_fields) from None


def place_from_arguments(arguments: MultiDict[str, str]) -> PlaceParams:
    """Parameters of a document's page.

    Raises:
        RequestError: One is of the wrong type; it is named.
    """
    try:
        return PlaceParams.model_validate(arguments.to_dict())
    except ValidationError as error:
        raise refusal(error, PlaceParams.model_fields) from None
