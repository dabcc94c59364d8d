"""Exported encoders in the cache: made once, found again, and made anew when damaged."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np
import pytest
from conftest import PROJECT
from encoder_zoo import (
    TEXTS,
    Zoo,
    cache_folder_of,
    exports,
    in_bytes,
    is_plain,
    quick_trace,
    truncate,
)

from search.encoders import DEFAULT_MODEL, export, load_encoder
from search.encoders.cache import cache_folder
from search.encoders.onnx import OnnxEncoder
from search.encoders.transformer import TransformerEncoder
from search.errors import EncoderError

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")


def flip_a_weight(folder: Path) -> None:
    graph = bytearray((folder / "model.onnx").read_bytes())
    graph[len(graph) // 2] ^= 0xFF
    (folder / "model.onnx").write_bytes(graph)


def change_tokenizer(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text("utf-8")
    (folder / "tokenizer.json").write_text(text.replace('"house"', '"horse"'), "utf-8")


def change_manifest(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = msgspec.json.decode((folder / "encoder.json").read_bytes())
        for name, value in changes.items():
            manifest.pop(name) if value is None else manifest.__setitem__(name, value)
        (folder / "encoder.json").write_bytes(msgspec.json.encode(manifest))

    return change


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "graph truncated": truncate,
    "graph empty": lambda folder: (folder / "model.onnx").write_bytes(b""),
    "graph missing": lambda folder: (folder / "model.onnx").unlink(),
    "weight changed": flip_a_weight,
    "tokenizer missing": lambda folder: (folder / "tokenizer.json").unlink(),
    "tokenizer changed": change_tokenizer,
    "manifest missing": lambda folder: (folder / "encoder.json").unlink(),
    "manifest garbage": lambda folder: (folder / "encoder.json").write_bytes(b"\xff{garbage"),
    "manifest empty": lambda folder: (folder / "encoder.json").write_bytes(b""),
    "manifest of before": change_manifest(digests=None),
    "all missing": lambda folder: [path.unlink() for path in folder.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_export_is_made_again(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], Any]
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    quick_trace(monkeypatch, made)
    digest = made.encoder.spec.digest
    folder = cache_folder(tmp_path, digest)
    shutil.copytree(cache_folder_of(made), folder)
    damage(folder)
    with pytest.raises(EncoderError) as caught:
        OnnxEncoder(folder)
    assert is_plain(caught.value)
    for wanted in (digest, None):
        encoder = load_encoder(str(made.folder), tmp_path, wanted)
        np.testing.assert_array_equal(
            encoder.encode_passages(TEXTS), made.encoder.encode_passages(TEXTS)
        )
    assert exports(tmp_path) == [folder.name]


def test_the_export_of_another_model_is_not_taken(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    stranger = zoo("cls, lower-casing, cut off in front, short")
    in_bytes(monkeypatch, False)
    quick_trace(monkeypatch, made)
    other = cache_folder_of(stranger)
    shutil.copytree(other, cache_folder(tmp_path, made.encoder.spec.digest))
    encoder = load_encoder(str(made.folder), tmp_path)
    assert encoder.spec == made.encoder.spec
    np.testing.assert_array_equal(
        encoder.encode_passages(TEXTS), made.encoder.encode_passages(TEXTS)
    )


def test_an_export_is_found_by_digest_alone_and_goes_by_the_name_given(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr("search.encoders.locate", None)
    encoder = load_encoder("gone/model", made.folder.parent / "cache", made.encoder.spec.digest)
    assert encoder.spec == replace(made.encoder.spec, name="gone/model")


def test_a_copied_model_shares_the_export_under_its_own_name(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "_make", None)
    folder = shutil.copytree(made.folder, tmp_path / "a copy, größer")
    encoder = load_encoder(str(folder), made.folder.parent / "cache")
    assert encoder.spec == replace(made.encoder.spec, name=str(folder))


def test_a_run_that_is_killed_leaves_no_export(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: Any, path: Path) -> NoReturn:
        path.write_bytes(b"half a graph")
        raise KeyboardInterrupt

    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "trace_alone", die)
    with pytest.raises(KeyboardInterrupt):
        load_encoder(str(made.folder), tmp_path)
    assert exports(tmp_path) == []


def test_what_was_left_behind_is_swept_up_after_a_day(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    quick_trace(monkeypatch, made)
    for name in (".making-yesterday", ".making-now"):
        (tmp_path / "encoders" / name / "float32").mkdir(parents=True)
        (tmp_path / "encoders" / name / "float32" / "model.onnx").write_bytes(b"half")
    os.utime(tmp_path / "encoders" / ".making-yesterday", (1_000_000, 1_000_000))
    load_encoder(str(made.folder), tmp_path)
    target = cache_folder(tmp_path, made.encoder.spec.digest)
    assert exports(tmp_path) == sorted([".making-now", target.name])


@pytest.mark.parametrize("present", ["nothing", "good", "damaged", "file"])
def test_an_export_is_put_in_place(zoo: Zoo, tmp_path: Path, present: str) -> None:
    good = cache_folder_of(zoo("mean"))
    ours, target = tmp_path / "work" / "float32", tmp_path / "target"
    shutil.copytree(good, ours)
    if present in ("good", "damaged"):
        shutil.copytree(good, target)
        (target / "theirs").touch()
    if present == "damaged":
        truncate(target)
    if present == "file":
        target.touch()
    export._put_in_place(ours, target, zoo("mean").encoder.spec.digest)
    assert (target / "theirs").exists() == (present == "good")
    OnnxEncoder(target)


def test_two_that_repair_at_once_both_end_well(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = cache_folder_of(zoo("mean"))
    ours, target = tmp_path / "work" / "float32", tmp_path / "target"
    shutil.copytree(good, ours)
    shutil.copytree(good, target)
    truncate(target)
    rename = Path.rename

    def and_the_other_comes_first(path: Path, to: Path) -> Path:
        moved = rename(path, to)
        if path == target:  # the damaged one is out of the way, and theirs is in place
            shutil.copytree(good, target)
        return moved

    monkeypatch.setattr(Path, "rename", and_the_other_comes_first)
    export._put_in_place(ours, target, zoo("mean").encoder.spec.digest)
    OnnxEncoder(target)


def test_without_a_cache_the_model_runs_on_sentence_transformers(
    zoo: Zoo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = zoo("mean")
    (tmp_path / "file").touch()
    with caplog.at_level(logging.INFO, "wherein"):
        encoder = load_encoder(str(made.folder), tmp_path / "file")
    assert isinstance(encoder, TransformerEncoder)
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), made.passages(TEXTS), atol=1e-5)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    message = caplog.records[0].getMessage()
    assert "cannot be kept" in message
    assert message.endswith("so it runs on sentence-transformers, which is slower.")
    assert message.count(". ") == 0


def test_a_full_disk_is_a_warning_and_not_remembered(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "trace_alone", full)
    assert isinstance(load_encoder(str(made.folder), tmp_path), TransformerEncoder)
    assert "(No space left on device)" in caplog.records[-1].getMessage()
    assert exports(tmp_path) == []


def test_a_model_that_cannot_be_exported_is_tried_once(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = zoo("static").folder
    caplog.clear()  # making it may have happened just now
    loads: list[dict[str, Any]] = []
    load = export.load

    def noted(source: Any, **options: Any) -> Any:
        loads.append(options)
        return load(source, **options)

    monkeypatch.setattr(export, "load", noted)
    monkeypatch.setattr("search.encoders.transformer.load", noted)
    with caplog.at_level(logging.INFO, "wherein"):
        for _ in range(2):
            assert isinstance(load_encoder(str(folder), tmp_path), TransformerEncoder)
    # On the processor to export it; then wherever sentence-transformers thinks best.
    assert loads == [{"device": "cpu"}, {"device": None}, {"device": None}]
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    monkeypatch.setattr(export, "_version", lambda _: "999")
    load_encoder(str(folder), tmp_path)
    assert len(loads) == 5


WORKER = """
import json, logging, socket, sys
from pathlib import Path
def refuse(*address):
    raise AssertionError(address)
socket.socket.connect = socket.getaddrinfo = refuse
log = logging.getLogger("wherein")
log.addHandler(logging.StreamHandler())
log.setLevel(logging.INFO)
from search.encoders import load_encoder
encoder = load_encoder(sys.argv[1], Path(sys.argv[2]))
row = encoder.encode_query("Where is the river?").tolist()
root = logging.getLogger()
print(json.dumps([type(encoder).__name__, row, root.level, root.handlers, sorted(sys.modules)]))
"""


def start(model: str, cache_directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, model, str(cache_directory)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
    )


def finish(worker: subprocess.Popen[str]) -> tuple[str, list[float], set[str], str]:
    """Name of the encoder, the embedding, what was imported, what was shown to the user."""
    out, shown = worker.communicate()
    assert worker.returncode == 0, shown
    name, row, level, handlers, modules = json.loads(out)  # and so nothing else was printed
    assert (level, handlers) == (logging.WARNING, [])
    return name, row, {module.split(".")[0] for module in modules}, shown


def test_two_processes_export_at_once_say_one_sentence_and_the_next_needs_no_torch(
    zoo: Zoo, tmp_path: Path
) -> None:
    folder = shutil.copytree(zoo("mean").folder, tmp_path / "ein Modell, größer")
    directory = tmp_path / "a cache, größer"
    sentence = f"Making the encoder {folder} ready for this machine; this happens once.\n"
    rows = []
    for worker in [start(str(folder), directory) for _ in range(2)]:
        name, row, _, shown = finish(worker)
        assert name == "OnnxEncoder"
        assert shown in ("", sentence)  # nothing, if the other was ready before it had begun
        rows.append(row)
    name, row, modules, shown = finish(start(str(folder), directory))
    assert rows == [row, row]
    assert (name, shown) == ("OnnxEncoder", "")
    assert "onnxruntime" in modules
    heavy = {"torch", "transformers", "sentence_transformers", "onnx", "onnxscript", "openvino"}
    assert not modules & {*heavy, "huggingface_hub"}
    assert len(exports(directory)) == 1


def test_without_its_runtime_no_encoder_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "search.encoders.onnx", None)
    with pytest.raises(EncoderError, match="ONNX Runtime") as caught:
        load_encoder(DEFAULT_MODEL, tmp_path)
    assert is_plain(caught.value)
