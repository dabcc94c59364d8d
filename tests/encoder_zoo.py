"""Tiny models of each family, and what the tests of encoders have in common.

The fixtures that give them stand in `encoder_fixtures`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny_models import Tiny, build, build_static, build_words, write_transformer

from search.calibration import UNRELATED
from search.encoders import cache, export
from search.encoders.cache import cache_folder
from search.errors import EncoderError

PROMPTS = {"query": "query: ", "document": "passage: "}
#: One model of each family, by what is special about it.
TINY = {
    "mean": Tiny(),
    "cls, lower-casing, cut off in front, short": Tiny(
        pooling="cls",
        cased=True,
        lower=True,
        truncation_side="left",
        truncate=20,
        max_tokens=32,
    ),
    "prompts, 16 pieces, max, dense": Tiny(
        prompts=PROMPTS, max_tokens=16, pooling="max", dense=24, normalize=False
    ),
    "roberta": Tiny(family="roberta", max_tokens=None),
    "mean, prompts, narrower": Tiny(prompts=PROMPTS, truncate=20),
}
#: Those whose embeddings are means of pieces.
MEANS = ["mean", "plain", "roberta", "mean, prompts, narrower"]
#: Those that must run on sentence-transformers.
OTHERS = {
    "prompt not pooled": Tiny(
        prompts={"query": "query: ", "passage": "passage: "},
        default_prompt="query",
        include_prompt=False,
    )
}
SENTENCES = [sentence for pair in UNRELATED for sentence in pair]
TEXTS = [
    "The house stands by the river.",
    "",
    "   ",
    "Ünïcödé, STRASSE und Straße: naïve façade",
    "東京は大きい。 Привет, мир! مرحبا",
    "family 👩‍👩‍👧 and flag 🇩🇪 🤷🏽",
    "nul\x00 bell\x07 zero\u200bwidth \ufeffmark \ufffd",
    "  leading and trailing \n\n\t space  ",
    "x" * 300,
    "one two three four five " * 100,
    "query: passage: [SEP] [MASK] </s>",
    *SENTENCES[:6],
]


@dataclass(frozen=True)
class Made:
    """A tiny model on disk, the encoder Wherein makes of it, and the model itself."""

    folder: Path
    encoder: Any
    model: Any

    def passages(self, texts: list[str], **options: Any) -> Any:
        return self.model.encode_document(
            texts, normalize_embeddings=True, show_progress_bar=False, **options
        )

    def queries(self, texts: list[str]) -> Any:
        return self.model.encode_query(texts, normalize_embeddings=True, show_progress_bar=False)


Zoo = Callable[[str], Made]


BUILDERS: dict[str, Callable[[Path], Path]] = {
    "plain": write_transformer,
    "static": build_static,
    "words": build_words,
    **{
        name: lambda folder, tiny=tiny: build(folder, tiny)  # type: ignore[misc]
        for name, tiny in {**TINY, **OTHERS}.items()
    },
}
EXPORTED = ["plain", *TINY]
NOT_EXPORTED = ["static", "words", *OTHERS]


def sentence_transformer(folder: Path) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)  # more only wait for one another, with so little to do
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def in_bytes(monkeypatch: pytest.MonkeyPatch, able: bool) -> None:
    monkeypatch.setattr(cache, "has_int8_dot_products", lambda: able)


def cosines(ours: Any, theirs: Any) -> Any:
    return (ours * theirs).sum(axis=1)


def is_plain(error: EncoderError) -> bool:
    """Whether the message is one line that ends as a sentence does, and the remedy another."""
    end = r"[^\n]+(\.|: (pip|wherein) [a-z0-9 -]+)"
    return bool(re.fullmatch(end, error.message) and re.fullmatch(end, error.remedy))


def exports(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "encoders").iterdir())


def cache_folder_of(made: Made) -> Path:
    """Where `zoo` has put the export."""
    with pytest.MonkeyPatch.context() as patch:
        in_bytes(patch, False)
        return cache_folder(made.folder.parent / "cache", made.encoder.spec.digest)


def quick_trace(monkeypatch: pytest.MonkeyPatch, made: Made) -> None:
    """Let exporting `made` take no time: its graph is copied from the export that there is."""
    graph = cache_folder_of(made) / "model.onnx"
    monkeypatch.setattr(export, "trace_alone", lambda _, path: shutil.copyfile(graph, path))


def offline(monkeypatch: pytest.MonkeyPatch, hub: Path, is_offline: bool = True) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", is_offline)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))


def truncate(folder: Path) -> None:
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:-1000])
