"""What a server does to take little memory."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from web import memory

#: Six threads at once ask glibc for a little memory, after one asked for much and gave it back.
#: Says how many heaps there are then, and how many bytes the system gave for them.
_THREADS = """
import ctypes, re, sys, tempfile, threading
from web.memory import hold_on_to_little

if sys.argv[1:]:
    hold_on_to_little()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.fopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
for size in (8, 16, 24):
    libc.free(libc.malloc(size << 20))  # by itself, glibc keeps blocks of that size from now on
libc.free(libc.malloc(20 << 20))
together = threading.Barrier(6)

def take():
    together.wait()
    libc.malloc(1000)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.NamedTemporaryFile() as file:
    stream = libc.fopen(file.name.encode(), b"w")
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    told = file.read().decode()
print(told.count("<heap nr="), re.findall('system type="current" size="([0-9]+)"', told)[-1])
"""


def heaps(*arguments: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", _THREADS, *arguments], capture_output=True, text=True, check=True
    )
    number, size = map(int, done.stdout.split())
    return number, size


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_threads_share_two_heaps_that_give_back_what_is_free() -> None:
    number, size = heaps()
    if number <= 2:
        pytest.skip("this C library makes no heap for each thread")
    fewer, less = heaps("limited")
    assert fewer <= 2
    assert less < size - (10 << 20)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delattr(memory.ctypes, "CDLL")
    memory.hold_on_to_little()


def test_what_is_there_once_settled_is_not_gone_through_again() -> None:
    before = gc.get_freeze_count()
    try:
        memory.settle()
        assert gc.get_freeze_count() > before
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()
