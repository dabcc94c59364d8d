"""LaTeX within a paragraph: macros, accents and formulas as readable text, with pylatexenc."""

from __future__ import annotations

import re
import time

from pylatexenc.latex2text import LatexNodes2Text

# What pylatexenc drops or shows as a sign of its own; of references the key is kept.
_BEFORE = (
    (re.compile(r"~?\\(?:no)?[Cc]ite\w*\*?\s*(?:\[[^\]]*\]\s*){0,2}\{([^{}]*)\}"), r" [\1]"),
    (re.compile(r"~?\\(?:eq|page|auto|name|[cCv])?ref\*?\s*\{([^{}]*)\}"), r" \1"),
    (re.compile(r"\\(?:label|index|glsadd|vspace|hspace|bibliographystyle)\*?\s*\{[^{}]*\}"), ""),
    (
        re.compile(
            r"\\(?:includegraphics|input|include|bibliography)\*?\s*(?:\[[^\]]*\])?"
            r"\s*\{[^{}]*\}"
        ),
        "",
    ),
    (re.compile(r"\\href\s*\{[^{}]*\}\s*\{"), "{"),
    (re.compile(r"\\(?:texttt|url|path|nolinkurl|lstinline|code)(?:\[[^\]]*\])?\s*\{"), "{"),
    (re.compile(r"\\(?:textcolor|colorbox)\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\S(?![A-Za-z])\s*"), "§ "),
)
_MACRO = re.compile(r"\\[A-Za-z@]+\*?\s?|\\(.)|[{}$~]", re.DOTALL)
# Longer paragraphs are none, and pylatexenc's time grows with nesting rather than with length.
_LENGTH = 20_000
_DEPTH = 40


class Inline:
    """Turns paragraphs into plain text; when it has taken long enough, in a plainer way.

    Args:
        seconds: How long all paragraphs together may be gone through with pylatexenc.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._converter = LatexNodes2Text(math_mode="text", keep_comments=False)

    def plain(self, text: str) -> str:
        """The words and formulas of a piece of LaTeX, on one line but for forced line breaks."""
        for pattern, put in _BEFORE:
            text = pattern.sub(put, text)
        simple = len(text) <= _LENGTH and text.count("{") - text.count("\\{") <= _DEPTH * 10
        if "\\" not in text and "$" not in text and "{" not in text:
            return _quotes(text).replace("~", " ")
        if simple and _depth(text) <= _DEPTH and time.monotonic() < self._until:
            try:
                shown: str = self._converter.latex_to_text(text, tolerant_parsing=True)
            except Exception:  # macros with fewer arguments than they have by right
                return _without_macros(text)
            return shown
        return _without_macros(text)


def _depth(text: str) -> int:
    """How deep braces and environments nest, at the most."""
    deepest = depth = 0
    for char in re.findall(r"[{}]|\\begin|\\left|\\end|\\right", text):
        depth += 1 if char in ("{", "\\begin", "\\left") else -1
        deepest = max(deepest, depth)
    return max(deepest, len(re.findall(r"\\[a-z]+\s*(?=\\)", text)) // 4)


def _without_macros(text: str) -> str:
    """The text without the names of macros, what stands in their braces kept."""
    return _quotes(_MACRO.sub(lambda match: match[1] or " ", text))


def _quotes(text: str) -> str:
    text = text.replace("``", "“").replace("''", "”")
    return text.replace("---", "—").replace("--", "–")
