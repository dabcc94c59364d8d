"""All terms of a forward index, to look for such as are like a word or have one in them."""

from __future__ import annotations

import threading

from search.keywords.forward import Forward
from search.spelling import Vocabulary


class Lexicon:
    """The terms that passages hold, read when they are first asked for; safe for several threads.

    Args:
        forward: What knows them.
    """

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._guard = threading.Lock()
        self._lines = ""  # all terms, a line each
        self._vocabulary: Vocabulary | None = None

    def vocabulary(self) -> Vocabulary:
        """Them all, to look for those that are spelt much like another."""
        with self._guard:
            if self._vocabulary is None:
                self._vocabulary = Vocabulary(self._forward.terms())
            return self._vocabulary

    def terms_with(self, parts: set[str]) -> set[str]:
        """Those that have one of ``parts`` in them."""
        with self._guard:
            if not self._lines:
                self._lines = "\n".join(("", *self._forward.terms(), ""))
        found = set()
        for part in parts:
            at = self._lines.find(part)
            while at >= 0:
                end = self._lines.index("\n", at)
                found.add(self._lines[self._lines.rindex("\n", 0, at) + 1 : end])
                at = self._lines.find(part, end)
        return found
