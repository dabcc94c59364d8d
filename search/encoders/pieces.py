"""From text to pieces: what a tokenizer may be given, and where its pieces lie."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

#: Up to so many characters are cut here and now: to share them out takes longer.
_SHORT = 1_000

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with U+FFFD for every lone surrogate, which tokenizers refuse; as long as before."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


class Pieces:
    """Tells where pieces lie, with a tokenizer of its own that nothing else reconfigures.

    Args:
        tokenizer: The tokenizer, in the format of ``tokenizer.json``.
    """

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def starts(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """For each text, the character offset at which each of its pieces begins, ascending.

        Returns:
            For each text, int64 of shape ``(pieces,)``.
        """
        tidied = [encodable(text) for text in texts]
        if sum(map(len, tidied)) <= _SHORT:
            encodings = [self._tokenizer.encode(text, add_special_tokens=False) for text in tidied]
        else:
            encodings = self._tokenizer.encode_batch(tidied, add_special_tokens=False)
        return [
            np.array([start for start, _ in encoding.offsets], dtype=np.int64)
            for encoding in encodings
        ]
