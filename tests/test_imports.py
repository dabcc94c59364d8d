"""Imports point one way, and nothing heavy is loaded where it is not needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, run_index

from search.settings import Settings

ALLOWED = {"search": {"search"}, "indexer": {"indexer", "search"}, "web": {"web", "search"}}
OURS = set(ALLOWED)
HEAVY = ("torch", "transformers", "sentence_transformers", "onnx", "onnxscript", "flask", "docx")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add((node.module or "").split(".")[0])
    return found & OURS


@pytest.mark.parametrize("package", sorted(OURS))
def test_imports_point_from_web_and_indexer_to_search(package: str) -> None:
    modules = list((PROJECT / package).rglob("*.py"))
    assert modules
    for path in modules:
        assert imported(path) <= ALLOWED[package], path


def all_after(code: str, *arguments: str) -> set[str]:
    """Modules loaded after running ``code`` in a fresh process."""
    code += "\nimport sys; print('LOADED', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


def modules_after(code: str, *arguments: str) -> set[str]:
    """Top-level modules loaded after running ``code`` in a fresh process."""
    return {name.split(".")[0] for name in all_after(code, *arguments)}


HELP = """
import sys
sys.argv = ['wherein', '--help']
import indexer.cli
try: indexer.cli.main()
except SystemExit: pass
"""


def test_help_loads_almost_nothing() -> None:
    everything = all_after(HELP)
    # 170 with Python 3.11, of which Python itself takes 40; each takes about half a millisecond.
    assert len(everything) < 200
    loaded = {name.split(".")[0] for name in everything}
    assert "click" in loaded
    assert not loaded & {*HEAVY, "numpy", "faiss", "whoosh", "onnxruntime", "rich", "pydantic"}


def test_readers_are_loaded_when_they_are_needed() -> None:
    loaded = modules_after("import indexer.readers, indexer.walk")
    assert not loaded & {"lxml", "selectolax", "docx", "docutils", "pypdf", "markdown_it"}


SEARCH = """
import sys, pathlib
sys.argv = ['wherein', 'search', 'bees', '--home', sys.argv[1]]
import indexer.cli
try: indexer.cli.main()
except SystemExit as end: assert not end.code, end.code
"""


def test_searching_with_the_fake_loads_no_model_library(settings: Settings, folder: Path) -> None:
    (folder / "a.txt").write_text("bees")
    run_index(settings, folder)
    loaded = modules_after(SEARCH, str(settings.home))
    assert {"faiss", "whoosh"} <= loaded
    assert not loaded & {*HEAVY, "onnxruntime", "tokenizers", "rich", "pydantic", "pypdf"}


@pytest.mark.model
def test_searching_a_built_collection_loads_neither_torch_nor_sentence_transformers(
    tmp_path: Path, folder: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("Bees dance on the comb.")
    real = Settings(home=tmp_path / "home", cache=model_cache)
    run_index(real, folder)
    monkeypatch.setenv("WHEREIN_CACHE", str(model_cache))
    everything = all_after(SEARCH, str(real.home))
    # 570 with Python 3.11.
    assert len(everything) < 650
    loaded = {name.split(".")[0] for name in everything}
    assert {"onnxruntime", "tokenizers", "faiss", "whoosh"} <= loaded
    assert not loaded & set(HEAVY)
    # Of what is at hand, but costs much: what NumPy's `unique` and `union1d` bring with them, and
    # what only indexing needs.
    assert not everything & {"numpy.ma", "indexer.pipeline", "indexer.readers", "web"}
