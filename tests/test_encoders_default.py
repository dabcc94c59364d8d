"""The built-in model itself, and the manners of the libraries underneath."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from encoder_zoo import (
    SENTENCES,
    TEXTS,
    Made,
    cosines,
    in_bytes,
    quick_trace,
    sentence_transformer,
)

from search.calibration import UNRELATED
from search.encoders import DEFAULT_MODEL, load_encoder
from search.encoders.libraries import hush, reason
from search.encoders.locate import locate
from search.encoders.onnx import OnnxEncoder

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")


# The real model


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The built-in model in full precision, and the model itself."""
    root = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        in_bytes(patch, False)
        encoder = load_encoder(DEFAULT_MODEL, root / "cache")
    return Made(root / "model", encoder, sentence_transformer(locate(DEFAULT_MODEL).folder))


@pytest.fixture(scope="module")
def default(full: Made, model_cache: Path) -> Made:
    """The built-in model in 8 bits."""
    with pytest.MonkeyPatch.context() as patch:
        in_bytes(patch, True)
        quick_trace(patch, full)
        return replace(full, encoder=load_encoder(DEFAULT_MODEL, model_cache))


@pytest.mark.model
def test_the_built_in_model_in_8_bits_is_close_to_itself(default: Made) -> None:
    assert default.encoder.precision == "int8"
    assert default.encoder.spec.name == DEFAULT_MODEL
    assert (default.encoder.spec.dimension, default.encoder.spec.max_tokens) == (384, 256)
    texts = [*SENTENCES, *(f"{a} {b}" for a, b in UNRELATED), *TEXTS]
    near = cosines(default.encoder.encode_passages(texts), default.passages(texts))
    assert near.mean() >= 0.995
    assert near.min() >= 0.96


@pytest.mark.model
def test_the_built_in_model_in_full_precision_is_itself(full: Made) -> None:
    assert isinstance(full.encoder, OnnxEncoder)
    assert full.encoder.precision == "float32"
    texts = [*SENTENCES, *TEXTS]
    assert cosines(full.encoder.encode_passages(texts), full.passages(texts)).min() >= 0.9999
    queries = np.stack([full.encoder.encode_query(text) for text in texts])
    assert cosines(queries, full.queries(texts)).min() >= 0.9999


@pytest.mark.model
def test_the_built_in_model_knows_what_answers_what(default: Made) -> None:
    questions = np.stack([default.encoder.encode_query(question) for question, _ in UNRELATED])
    answers = default.encoder.encode_passages([answer for _, answer in UNRELATED])
    best = (questions @ answers.T).argmax(axis=1)
    assert (best == np.arange(len(UNRELATED))).sum() >= 11


@pytest.mark.model
def test_pieces_of_the_built_in_model_lie_in_the_text(default: Made) -> None:
    (starts,) = default.encoder.piece_starts(["Où est le château? 東京 naïveté"])
    assert starts[0] == 0
    assert {3, 7, 10, 17, 19, 20, 22} <= set(starts.tolist())


@pytest.mark.model
def test_an_embedding_depends_on_its_text_alone(model_cache: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, model_cache)
    texts = ["Bees dance on the comb.", "A much longer text " * 30, "", "Short."]
    together = encoder.encode_passages(texts)
    for row, text in zip(together, texts, strict=True):
        assert (encoder.encode_passages([text])[0] == row).all()
    assert (encoder.encode_query(texts[0]) == together[0]).all()


# Manners


def test_hushing_leaves_everything_that_is_not_the_libraries_alone(
    recwarn: pytest.WarningsRecorder,
) -> None:
    import warnings

    warnings.simplefilter("always")
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("wherein").level)
    hush()
    hush()
    assert (root.level, list(root.handlers), logging.getLogger("wherein").level) == before
    assert logging.getLogger("torch").level >= logging.ERROR
    warnings.warn("ours", UserWarning, stacklevel=1)
    warnings.warn_explicit("theirs", UserWarning, "file.py", 1, module="torch.onnx._internal")
    assert [str(warning.message) for warning in recwarn] == ["ours"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("It failed.\nTraceback:\n  …"), "It failed"),
        (ValueError("\n\n  Later: \n"), "Later"),
        (ValueError(), "ValueError"),
        (RuntimeError("long " * 100), ("long " * 32).strip() + "…"),
        (RuntimeError("x" * 500), "x" * 160 + "…"),
    ],
)
def test_a_reason_is_the_end_of_a_sentence(error: Exception, said: str) -> None:
    assert reason(error) == said
