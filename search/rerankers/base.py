"""What a reranker is."""

from __future__ import annotations

from typing import Protocol


class Reranker(Protocol):
    """Tells how well passages answer a question.

    Attributes:
        name: What the user calls it.
        parallel: How many passages it looks at at once; `score` may be called from so many threads.
    """

    name: str
    parallel: int

    def score(self, question: str, passage: str) -> float:
        """How well a passage answers; the greater the better, on a scale of the model's own.

        Raises:
            EncoderError: The model failed.
        """
