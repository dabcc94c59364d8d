"""So many compute at once, the others in the order they came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from search.turns import Turns

_PATIENCE = 30.0


def _queued(turns: Turns, count: int) -> None:
    """Return when so many wait."""
    ticking = threading.Event()
    for _ in range(3_000):
        if turns.waiting == count:
            return
        ticking.wait(0.01)
    raise AssertionError(f"{turns.waiting} wait, not {count}")


def _held(turns: Turns, pool: ThreadPoolExecutor, until: threading.Event) -> Future[None]:
    """Have a thread take a turn, and keep it until it is told otherwise."""
    taken = threading.Event()

    def hold() -> None:
        with turns.turn():
            taken.set()
            assert until.wait(_PATIENCE)

    holding = pool.submit(hold)
    assert taken.wait(_PATIENCE)
    return holding


def test_those_who_wait_go_on_in_the_order_they_came() -> None:
    turns, done, came = Turns(1), threading.Event(), list[int]()

    def come(number: int) -> Callable[[], None]:
        def mine() -> None:
            with turns.turn():
                came.append(number)

        return mine

    with ThreadPoolExecutor(12) as pool:
        _held(turns, pool, done)
        for number in range(10):
            pool.submit(come(number))
            _queued(turns, number + 1)
        assert not came
        done.set()
    assert came == [*range(10)]
    assert turns.waiting == 0


def test_no_more_at_once_than_said() -> None:
    turns, done, guard = Turns(2), threading.Event(), threading.Lock()
    inside = most = 0

    def enter() -> None:
        nonlocal inside, most
        with turns.turn():
            with guard:
                inside += 1
                most = max(most, inside)
            assert done.wait(_PATIENCE)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        entering = [pool.submit(enter) for _ in range(8)]
        _queued(turns, 6)
        done.set()
    assert [one.result() for one in entering] == [None] * 8
    assert most == 2


def test_a_turn_ends_however_the_block_does() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"), turns.turn():
        raise ValueError("broken")
    with turns.turn():
        assert turns.waiting == 0
