"""Which passages say the same: boilerplate that stands in many documents."""

from __future__ import annotations

import regex
import xxhash

#: Shorter passages are too easily alike by chance to be taken for one another.
_LEAST_WORDS = 8

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")


def fingerprint(text: str) -> int | None:
    """A number that is the same for passages with the same words in the same order.

    Punctuation, white space and letter case do not count. Numbers do: two invoices that differ in
    nothing else do not say the same.

    Returns:
        64 bits as a signed integer, or None for a passage of fewer than eight words.
    """
    words = _WORD.findall(text.casefold())
    if len(words) < _LEAST_WORDS:
        return None
    digest = xxhash.xxh3_64_intdigest(" ".join(words).encode("utf-8", "replace"))
    return digest - (1 << 64) if digest >= 1 << 63 else digest
