"""Where numbers stand in a list that mostly counts up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.numbering import Numbering

_NUMBERS = st.sets(st.integers(0, 60)) | st.builds(
    lambda first, count, gone: set(range(first, first + count)) - gone,
    st.integers(0, 20),
    st.integers(0, 60),
    st.sets(st.integers(0, 80), max_size=4),
)


@given(_NUMBERS, st.lists(st.integers(-5, 90)))
def test_places_are_those_in_the_list(numbers: set[int], wanted: list[int]) -> None:
    ascending = sorted(numbers)
    places, known = Numbering(np.array(ascending, np.int64)).places(np.array(wanted, np.int64))
    assert known.tolist() == [number in numbers for number in wanted]
    assert [ascending[place] for place in places[known]] == [n for n in wanted if n in numbers]
    assert all(0 <= place < max(1, len(ascending)) for place in places.tolist())


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_least_and_the_greatest_numbers_are_unknown(number: int) -> None:
    for numbers in ([5, 6, 7], [5, 7, 8]):
        _, known = Numbering(np.array(numbers, np.int64)).places(np.array([number], np.int64))
        assert not known.any()
