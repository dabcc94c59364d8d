"""From the judgements that a collection keeps to the files that an evaluation reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from search.engine import display_path
from search.evaluation.naming import names_in
from search.reading import Reading


@dataclass(frozen=True, slots=True)
class Kept:
    """Judgements in the forms that `read_topics` and `read_judgements` take.

    Attributes:
        queries: A line for each question: its id, a tab and the question.
        qrels: A line for each judgement, TREC's four columns with tabs between them; or, where
            passages are judged, a header and the columns that it names.
        gone: How many judgements are left out since their document is gone.
    """

    queries: tuple[str, ...]
    qrels: tuple[str, ...]
    gone: int


def kept_judgements(reading: Reading, *, passages: bool = False) -> Kept:
    """The judgements of a collection.

    Documents are called as `search.evaluation.naming` finds them. Of a document that several
    passages were judged of, the best one counts, as it does when the document is found.

    Args:
        reading: The collection's store.
        passages: Judge each passage for itself, by what it says, and not the whole document.
    """
    judgements = reading.judgements()
    names = _names(reading, {each.document for each in judgements})
    known = [each for each in judgements if each.document in names]
    grades: dict[tuple[str, str, str], int] = {}
    for each in known:
        quote = " ".join(each.text.split()) if passages else ""
        place = (query_id(each.query), names[each.document], quote)
        grades[place] = max(grades.get(place, 0), each.relevance)
    if passages:
        lines = ["query-id\tdocument\tscore\tquote"] if grades else []
        lines += [f"{q}\t{name}\t{grade}\t{quote}" for (q, name, quote), grade in grades.items()]
    else:
        lines = [f"{q}\t0\t{name}\t{grade}" for (q, name, _), grade in grades.items()]
    queries = dict.fromkeys(each.query for each in known)
    return Kept(
        tuple(f"{query_id(query)}\t{query}" for query in queries),
        tuple(lines),
        len(judgements) - len(known),
    )


def query_id(query: str) -> str:
    """What a question is called, the same each time that judgements are written."""
    return hashlib.blake2b(query.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _names(reading: Reading, documents: Iterable[int]) -> dict[int, str]:
    """What documents are called; by their number where a path would not fit into a column."""
    names = names_in(reading)
    found: dict[int, str] = {}
    for document in documents:
        files = reading.files_of(document)
        if not files:
            continue
        name = names.by_path[display_path(files[0].location)]
        found[document] = name if name.isprintable() and name == name.strip() else str(document)
    return found
