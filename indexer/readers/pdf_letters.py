"""The letters of a PDF's fonts as one would type them to search for them.

Compatibility normalisation (NFKC, Unicode Standard Annex 15) is done for those characters of which
it only changes the looks: ligatures, letters in the form they take in a word, wide and narrow ones,
radicals that stand for the ideograph. It is not done where it would change what is said, as in
"10²" or "½".
"""

from __future__ import annotations

import re
import unicodedata

_FORMS = re.compile(
    "[\u017f\u0132\u0133\u2e9f\u2ef3\u2f00-\u2fd5\uf900-\ufaff\ufb00-\ufdfb\ufe70-\ufefc"
    "\uff01-\uffdc\U0001d400-\U0001d7ff]+"
)
# Where a font does not say which letters it has, pypdf gives the names or codes of its shapes.
_NAMELESS = re.compile(
    r"(?:/(?:[GgCc][0-9A-Fa-f]{1,4}|[A-Z][0-9A-Z]{1,2})(?=[/\s]|$)\s?){3,}"
    r"|[\ue000-\uf06f\uf071-\uf09f\uf0e0-\uf8ff]+"
)
# TeX's older fonts draw accents before the letters they belong to; others use them as apostrophes.
_TEX_FONT = re.compile(r"(?:^|[/+])CM[A-Z]{1,6}\d")
_ACCENTS = {
    "\u00a8": "\u0308",
    "\u00b4": "\u0301",
    "\u00b8": "\u0327",
    "\u02c6": "\u0302",
    "\u02c7": "\u030c",
    "\u02d8": "\u0306",
    "\u02da": "\u030a",
    "\u02dc": "\u0303",
    "\u02dd": "\u030b",
}
_ACCENTED = re.compile(rf"([{''.join(_ACCENTS)}])([^\W\d_])")
_DOTLESS = {"ı": "i", "ȷ": "j"}
_SPACED = re.compile(
    r"(?<!\S)(?<!\s\w\s)(?<!^\w\s)[^\W\d_](?: [^\W\d_]){6,13}(?!\S)(?! [^\W\d_](?!\S))"
)
_SPACED_LINE = re.compile(r"\s*[^\W\d_](?:\s+[^\W\d_]){4,}\s*")
_WORD_GAP = re.compile(r"\s{2,}")
_BAD = frozenset(("Cc", "Cn", "Co", "Cs"))


def readable(text: str, font: str = "") -> str:
    """Text set in a font of that name, in the letters one would type to search for it."""
    text = _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if _TEX_FONT.search(font):
        text = _ACCENTED.sub(_composed, text)
    # The encoding most fonts have draws a bullet for codes without a character of their own.
    text = _NAMELESS.sub(" ", text.replace("\x7f", "•").replace("\u200b", ""))
    return unicodedata.normalize("NFC", text)


def _composed(match: re.Match[str]) -> str:
    letter = _DOTLESS.get(match[2], match[2])
    made = unicodedata.normalize("NFC", letter + _ACCENTS[match[1]])
    return made if len(made) == 1 else match[0]


def without_letter_spacing(text: str) -> str:
    """A line with words put together that were s p a c e d out for emphasis.

    Words spaced out are parted by more than one space. Where they are not, nothing says where one
    ends and the next begins; what is longer than a word and not a whole line stays as it is.
    """
    if _SPACED_LINE.fullmatch(text):
        words = ["".join(word.split()) for word in _WORD_GAP.split(text.strip())]
        return " ".join(words) if _are_words(words) else text
    return _SPACED.sub(lambda match: _join(match[0]), text)


def _join(spaced: str) -> str:
    word = spaced.replace(" ", "")
    return word if _are_words([word]) else spaced


def _are_words(letters: list[str]) -> bool:
    """Whether letters make words: all of one case, and not in the order of the alphabet."""
    return all(
        (word.isupper() or word[1:].islower() or len(word) == 1) for word in letters
    ) and any(list(word) != sorted(word) for word in letters)


def is_gibberish(text: str) -> bool:
    """Whether text is rather the numbers of a font's shapes than the letters they show."""
    shown = [char for char in text if not char.isspace()]
    bad = sum(unicodedata.category(char) in _BAD for char in shown)
    worded = sum(unicodedata.category(char)[0] in "LMN" for char in shown)
    return not shown or 10 * bad > len(shown) or 2 * worded < len(shown)
