"""From a word to its stem, in the language of its text.

Stemming is Snowball's (Porter, "Snowball: A language for stemming algorithms", 2001), which has
the languages listed here. A word in another script than its text's language is written in goes to
the stemmer that is usual for its script: an English name in a Russian text to English.
"""

from __future__ import annotations

import bisect
import re
import threading

import Stemmer

from search.analysis.english import regular

#: What a text is taken for whose language is not known.
ENGLISH = "en"
#: Snowball's name of each language that it stems, by ISO 639-1 code.
_ALGORITHMS = {
    "ar": "arabic",
    "bs": "serbian",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hr": "serbian",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
#: The last character of each script that is told apart, and its usual language.
_SCRIPTS = (
    ("\u024f", ENGLISH),
    ("\u036f", ""),
    ("\u03ff", "el"),
    ("\u052f", "ru"),
    ("\u058f", "hy"),
    ("\u05ff", ""),
    ("\u06ff", "ar"),
    ("\u08ff", ""),
    ("\u097f", "hi"),
    ("\u0b7f", ""),
    ("\u0bff", "ta"),
    ("\u1dff", ""),
    ("\u1eff", ENGLISH),
    ("\u1fff", "el"),
)
_LAST = [last for last, _ in _SCRIPTS]
_USUAL = [*(usual for _, usual in _SCRIPTS), ""]
#: Languages of a script other than Latin, and that script's usual language.
_WRITTEN_LIKE = {
    "be": "ru",
    "bg": "ru",
    "el": "el",
    "fa": "ar",
    "hi": "hi",
    "hy": "hy",
    "ar": "ar",
    "kk": "ru",
    "ky": "ru",
    "mk": "ru",
    "mn": "ru",
    "mr": "hi",
    "ne": "hi",
    "ps": "ar",
    "ru": "ru",
    "sr": "ru",
    "ta": "ta",
    "ug": "ar",
    "uk": "ru",
    "ur": "ar",
}
#: Languages of yet other scripts; what is Latin in their texts is taken for English.
_FAR = frozenset(
    {"am", "as", "bn", "dz", "gu", "he", "ja", "ka", "km", "kn", "ko", "lo", "ml", "my", "or"}
    | {"pa", "si", "te", "th", "yi", "zh"}
)

#: Articles and pronouns that lean on the next word.
_ELISION = re.compile(r"(?:[cdjlmnstv]|qu|jusqu|lorsqu|puisqu|[ds]?all|dell|nell|sull|quell|un)'")
_ELIDING = frozenset(("ca", "fr", "it"))


class _Stemmers(threading.local):
    """The stemmers of a thread: they keep a cache and are not safe to share."""

    def __init__(self) -> None:
        self.made: dict[str, Stemmer.Stemmer] = {}

    def of(self, language: str) -> Stemmer.Stemmer:
        if language not in self.made:
            self.made[language] = Stemmer.Stemmer(_ALGORITHMS[language])
        return self.made[language]


_stemmers = _Stemmers()


def bare(word: str, language: str) -> str:
    """``word`` without what is only leaned against it: elided articles, endings after a name.

    Args:
        word: A word, tidied.
        language: What its text is written in, as an ISO 639-1 code.
    """
    if "'" not in word:
        return word
    if language in _ELIDING:
        return _ELISION.sub("", word) or word
    return word.partition("'")[0] if language == "tr" else word


def stem(word: str, language: str) -> str:
    """The stem of ``word``, tidied and bare, in a text of ``language``; "" is taken for English."""
    chosen = _language_of(word, language)
    if chosen == ENGLISH:
        return str(_stemmers.of(ENGLISH).stemWord(regular(word)))
    return str(_stemmers.of(chosen).stemWord(word)) if chosen in _ALGORITHMS else word


def _language_of(word: str, language: str) -> str:
    """The language to stem in: the text's own, unless the word is in another script."""
    usual = _USUAL[bisect.bisect_left(_LAST, word[0])]
    if usual == ENGLISH:
        written_so = language and language not in _WRITTEN_LIKE and language not in _FAR
        return language if written_so or (language == "sr") else ENGLISH
    return language if _WRITTEN_LIKE.get(language) == usual else usual
