"""The words of one generation's passages, scored by BM25: a view of the store.

"Cheap candidates, exact scores": an engine finds passages from its posting lists
(`search.keywords.postings`); every passage found, or brought in by the other leg, is then scored
over *all* terms from the forward index that lies beside (`search.keywords.forward`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.analysis import Alternative, AskedWord, ask
from search.analysis.stopwords import stop_words
from search.asking import Asked, Wanted, distinct_present, meant_by, wanted_words, with_meant
from search.fusion import COMMON_WORDS, greatest_bm25
from search.keywords.common import in_common
from search.keywords.forward import Forward, Scores
from search.keywords.lexicon import Lexicon
from search.keywords.stamps import Stamp
from search.keywords.view import KeywordView
from search.reading import Ids

#: How many of the passages found are scored exactly, as a multiple of those asked for.
_MARGIN = 2
#: Up to so many passages that a filter leaves are scored without asking the engine.
_SCORED_AT_ONCE = 5_000
#: How many words are taken for one of which only the beginning is known.
_BEGUN = 24
#: Of how many queries it is remembered what their words weigh.
_WEIGHED = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """The rows that a search has scored; much the same ones are asked for right after it."""

    asked: tuple[AskedWord | str, ...]
    rows: Ids
    scores: Scores

    def of(self, asked: tuple[AskedWord | str, ...], rows: Ids) -> tuple[Scores, Ids]:
        """Scores of rows, 0 for those that are not known, and the places of these."""
        if not len(self.rows) or asked != self.asked:
            return np.zeros(len(rows)), np.arange(len(rows))
        order = np.argsort(self.rows)
        at = order[np.searchsorted(self.rows, rows, sorter=order).clip(max=len(order) - 1)]
        known = self.rows[at] == rows
        return np.where(known, self.scores[at], 0.0), np.flatnonzero(~known)


class KeywordIndex(KeywordView):
    """What a keyword view is asked, whatever its engine; safe to search from several threads."""

    def _show(self, forward: Forward, shows: Stamp) -> None:
        super()._show(forward, shows)
        self._lexicon = Lexicon(forward)
        self._scored = _Scored((), np.empty(0, np.int64), np.empty(0, np.float64))
        self._weighed: dict[tuple[AskedWord | str, ...], tuple[list[Wanted], float]] = {}

    def ask(self, text: str) -> Asked:
        """What of a query is to be searched for here, in all languages there are."""
        asked = ask(text, self._stamp.languages)
        return with_meant(asked, self._forward.frequency, self._lexicon.vocabulary)

    def example(self, term: str) -> int | None:
        """The lowest number of a passage that holds ``term``, or None if none does."""
        if not self._forward.frequency(term):
            return None
        return self._postings.first(self._forward, term)

    def spelt_like(self, word: AskedWord, few: int, times: int) -> tuple[str, ...]:
        """Terms spelt much like a word that few passages hold, which many more do.

        Args:
            word: As `ask` gives it.
            few: How many passages are few.
            times: How many times as many are many more.

        Returns:
            The most frequent first; none if the word is not rare.
        """
        frequency = self._forward.frequency
        own = sum(frequency(form.text) for form in word.alternatives if form.counted)
        if not 0 < own <= few:
            return ()
        near = meant_by(word, frequency, self._lexicon.vocabulary)
        return tuple(term for term in near if frequency(term) >= times * own)

    def beginning(self, start: str) -> AskedWord:
        """A word of which only the beginning is known: the most frequent words that begin so."""
        frequency = self._forward.frequency
        (asked, *_) = ask(start, self._stamp.languages) or [AskedWord(start, (Alternative(start),))]
        begun = self._forward.beginning(start)
        ranked = sorted(begun, key=lambda term: (-frequency(term), term))[:_BEGUN]
        forms = dict.fromkeys((*asked.alternatives, *map(Alternative, ranked)))
        return AskedWord(f"{start}*", tuple(forms))

    def may_hold(self, word: str, most: int) -> Ids | None:
        """The passages in whose text ``word`` can stand as it is, and others.

        These are all that hold a term which has the word in it, or what is left of it by stemming
        in one of the languages: as a term of its own, or within that of an identifier.

        Args:
            word: A word of letters, case-folded, as `search.phrases` knows it.
            most: How many postings may be read.

        Returns:
            Their numbers, int64, ascending; None if the postings do not tell, or are too many.
        """
        languages, forward = self._stamp.languages, self._forward
        if any(word in stop_words(language) for language in (*languages, "")):
            return None
        parts = {word}
        for form in (word, word.removesuffix("s")):  # of capitals, plurals are no others
            for asked in ask(form, languages):
                parts.update(other.text.removeprefix("~") for other in asked.alternatives)
        found = sorted(self._lexicon.terms_with(parts))
        if sum(map(forward.frequency, found)) > most:
            return None
        rows = self._postings.holders(forward, found)
        return np.sort(forward.numbers[rows[forward.live[rows]]])

    def search(
        self,
        asked: Sequence[AskedWord | str],
        limit: int,
        budget: int | None = None,
        allowed: Ids | None = None,
    ) -> tuple[Ids, Scores]:
        """The passages that fit the words best.

        Args:
            asked: Words as `ask` gives them, or index terms; one given twice weighs twice.
            limit: How many passages at the most.
            budget: How many postings may be read; None for as many as suit the engine. The rarest
                words are read first, the first of them always; words beyond the budget still count
                in the scores.
            allowed: The only passages that may be found, int64, ascending; or None for all.

        Returns:
            Passage numbers (int64) and BM25 scores above 0 (float64), best first; equal scores by
            number.
        """
        forward = self._forward
        wanted = self._weigh(asked)
        scores = None
        if allowed is not None and len(allowed) <= _SCORED_AT_ONCE:
            found, _ = forward.located(allowed)
        elif wanted:
            budget = self._postings.budget if budget is None else budget
            found, scores = self._postings.best(forward, wanted, limit * _MARGIN, budget, allowed)
        else:
            found = np.empty(0, np.int64)
        if scores is None:
            scores = forward.scores(wanted, found)
        ids = forward.numbers[found]
        self._scored = _Scored(tuple(asked), found, scores)
        order = np.lexsort((ids, -scores))[:limit]
        order = order[scores[order] > 0.0]
        return ids[order], scores[order]

    def finds_all(
        self,
        asked: Sequence[AskedWord | str],
        budget: int | None = None,
        allowed: Ids | None = None,
    ) -> bool:
        """Whether `search` looks at every passage that holds one of the words.

        Args:
            asked: As `search` takes it, and so the others.
            budget: As `search` takes it.
            allowed: The only passages that may be found, int64, ascending; or None for all.
        """
        if allowed is not None and len(allowed) <= _SCORED_AT_ONCE:
            return True
        budget = self._postings.budget if budget is None else budget
        return sum(word.frequency for word in self._weigh(asked)) <= budget

    def scores(self, asked: Sequence[AskedWord | str], ids: Ids) -> Scores:
        """BM25 of the words in each of the passages ``ids``, float64; 0 for one not indexed.

        Args:
            asked: As `search` takes it.
            ids: Passage numbers, int64.
        """
        result = np.zeros(len(ids), dtype=np.float64)
        rows, known = self._forward.located(ids)
        values, left = self._scored.of(tuple(asked), rows)
        values[left] = self._forward.scores(self._weigh(asked), rows[left])
        result[known] = values
        return result

    def likeness(self, ids: Ids, best: Ids, say: Scores) -> Scores:
        """How much passages have of the words that the best ones have in common.

        Args:
            ids: Numbers of the passages, int64.
            best: Numbers of the best ones, int64.
            say: How much each of these counts, float64.

        Returns:
            Their BM25 scores for these words as parts of the greatest possible one, float64.
        """
        result = np.zeros(len(ids), dtype=np.float64)
        found, there = self._forward.located(best)
        common = in_common(self._forward, found, say[there], COMMON_WORDS)
        rows, known = self._forward.located(ids)
        greatest = greatest_bm25(np.array([word.weight for word in common]))
        if common:
            result[known] = self._forward.scores(common, rows) / greatest
        return result

    def shares(self, asked: Sequence[AskedWord | str], ids: Ids) -> list[dict[str, float]]:
        """What each word gives to the `scores` of the passages ``ids``.

        Args:
            asked: As `search` takes it.
            ids: Numbers of passages, int64.

        Returns:
            For each passage the words it holds, by one of their terms, and their BM25 shares.
        """
        wanted = self._weigh(asked)
        rows, known = self._forward.located(ids)
        lines, words, values = self._forward.shares(wanted, rows)
        found: list[dict[str, float]] = [{} for _ in ids]
        places = np.flatnonzero(known)[lines]
        for place, word, value in zip(
            places.tolist(), words.tolist(), values.tolist(), strict=True
        ):
            found[place][wanted[word].alternatives[0].text] = value
        return found

    def sample(self, count: int, words: int) -> list[list[str]]:
        """Terms that stand together, such as a query could have.

        Args:
            count: From how many passages at the most; they are spread over all there are.
            words: How many from each at the most.
        """
        return [self._forward.some_terms(row, words) for row in self._forward.spread(count)]

    def greatest_score(self, asked: Sequence[AskedWord | str]) -> float:
        """The BM25 score of the words that no passage can exceed, see `fusion.greatest_bm25`."""
        return self._weighing(asked)[1]

    def _weigh(self, asked: Sequence[AskedWord | str]) -> list[Wanted]:
        """The distinct words that occur, rarest first."""
        return self._weighing(asked)[0]

    def _weighing(self, asked: Sequence[AskedWord | str]) -> tuple[list[Wanted], float]:
        """What `_weigh` and `greatest_score` give; one query asks for them several times."""
        key = tuple(asked)
        known = self._weighed.get(key)
        if known is None:
            forward = self._forward
            wanted = wanted_words(asked, forward.frequency, len(forward))
            greatest = greatest_bm25(np.array([word.weight for word in wanted]))
            known = distinct_present(wanted), greatest
            if len(self._weighed) >= _WEIGHED:
                self._weighed.clear()
            self._weighed[key] = known
        return known
