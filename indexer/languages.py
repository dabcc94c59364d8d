"""What language a text is written in, guessed from its letters.

Guessing is left to py3langid (Lui & Baldwin, "langid.py: An Off-the-shelf Language Identification
Tool", ACL 2012, in a kept fork), which brings its model along.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

#: How much of a text is looked at, in characters; the middle of what there is.
_SAMPLE = 4_000
#: Fewer letters than this tell no language.
_LEAST = 20
#: Guesses less certain than this are not taken.
_SURE = 0.8


def language_of(text: str) -> str:
    """The language of ``text`` as an ISO 639-1 code such as "de", or "" if it cannot be told."""
    start = max(0, (len(text) - _SAMPLE) // 2)
    sample = " ".join(text[start : start + _SAMPLE].split())
    if sum(map(str.isalpha, sample)) < _LEAST:
        return ""
    try:
        code, certainty = identifier().classify(sample)
    except OSError:  # no room to unpack the model; a document without its language is still one
        return ""
    return str(code) if certainty >= _SURE and len(code) == 2 else ""


def tidy_language(declared: str) -> str:
    """The ISO 639-1 code in what a file declares, such as "en-GB" or "de_DE"; "" if none."""
    code = declared.strip().replace("_", "-").partition("-")[0].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


@cache
def identifier() -> Any:
    """The model, loaded; that takes half a second once.

    Raises:
        OSError: There is no room for temporary files.
    """
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
