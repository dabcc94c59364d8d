"""The measures of a ranking, computed by ir-measures (MacAvaney, Macdonald & Ounis, ECIR 2022).

A document of grade 1 or more is relevant. nDCG takes the grade itself as gain and log2(rank + 1) as
discount (Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
2002). MAP is over the documents that a ranking holds, here at most a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import AP, RR, R, Success, nDCG

from search.evaluation.judged import JudgedQuery

#: A row for each query, a column for each measure.
Values = npt.NDArray[np.float64]

_MEASURES = {
    "nDCG@10": nDCG @ 10,
    "Recall@100": R @ 100,
    "MRR@10": RR @ 10,
    "MAP": AP,
    "Success@1": Success @ 1,
    "Success@5": Success @ 5,
}
#: What the columns of `measure` are called.
MEASURES = tuple(_MEASURES)
#: How many documents of a ranking are looked at.
DEPTH = 100


def measure(queries: Sequence[JudgedQuery], rankings: Mapping[str, Sequence[str]]) -> Values:
    """Each measure for each query.

    Args:
        queries: The questions with their judgements.
        rankings: Documents by query id, best first, none twice; a query that is missing found
            nothing.

    Returns:
        float64 of shape ``(len(queries), len(MEASURES))``, in the order of both.
    """
    grades: dict[str, dict[str, int]] = {}
    scores: dict[str, dict[str, int]] = {}
    for row, query in enumerate(queries):
        # Numbers in place of names and ranks in place of scores: the library's own rules for ties
        # and for odd characters then never come into play.
        ranking = rankings.get(query.id, ())[:DEPTH]
        numbers = {name: str(place) for place, name in enumerate([*ranking, *query.grades])}
        grades[str(row)] = {numbers[name]: grade for name, grade in query.grades.items()}
        scores[str(row)] = {numbers[name]: DEPTH - rank for rank, name in enumerate(ranking)}
    values = np.zeros((len(queries), len(MEASURES)))
    columns = {measure: place for place, measure in enumerate(_MEASURES.values())}
    for metric in ir_measures.iter_calc(list(columns), grades, scores):
        values[int(metric.query_id), columns[metric.measure]] = metric.value
    return values
