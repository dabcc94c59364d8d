"""What the API answers with, as types: they describe it in the OpenAPI document.

What the engine gives is described by the engine's own records; here stands what is added to them.
"""

from __future__ import annotations

from web.api.answers.collection import (
    Collections,
    CollectionShape,
    EncoderShape,
    Judged,
    Judgements,
    JudgementShape,
    KeptFile,
    KeywordIndex,
    RulesShape,
    StatusAnswer,
    VectorIndex,
)
from web.api.answers.documents import (
    DocumentAnswer,
    DocumentList,
    Listed,
    Location,
    PassageAnswer,
    PassageShape,
    SectionShape,
)
from web.api.answers.map import (
    MapAnswer,
    MapDocument,
    MapGrouping,
    MapPlace,
)
from web.api.answers.problem import (
    Problem,
)
from web.api.answers.searching import (
    BatchAnswer,
    FoundHit,
    Line,
    Meanings,
    SearchAnswer,
    Similar,
    Suggestions,
)

__all__ = [
    "BatchAnswer",
    "CollectionShape",
    "Collections",
    "DocumentAnswer",
    "DocumentList",
    "EncoderShape",
    "FoundHit",
    "Judged",
    "JudgementShape",
    "Judgements",
    "KeptFile",
    "KeywordIndex",
    "Line",
    "Listed",
    "Location",
    "MapAnswer",
    "MapDocument",
    "MapGrouping",
    "MapPlace",
    "Meanings",
    "PassageAnswer",
    "PassageShape",
    "Problem",
    "RulesShape",
    "SearchAnswer",
    "SectionShape",
    "Similar",
    "StatusAnswer",
    "Suggestions",
    "VectorIndex",
]
