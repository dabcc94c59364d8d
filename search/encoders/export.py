"""From a sentence-transformers model to the fast path: one ONNX graph, text pieces to unit vector.

The graph is exported once for a model and processor and kept in the cache folder. An export that
does not give the same embeddings as the model itself is thrown away, whatever the reason (a pooling
the tracer cannot follow, a prompt that is left out of pooling): the model then runs on
sentence-transformers. That is remembered too, so that it is not tried anew each time.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tokenizers

from search.encoders.base import Embeddings, Encoder, EncoderSpec
from search.encoders.cache import cache_folder, precision_here
from search.encoders.libraries import reason
from search.encoders.locate import ModelSource
from search.encoders.onnx import GRAPH, TOKENIZER, OnnxEncoder, write_manifest
from search.encoders.quantising import quantise, typical_feeds
from search.encoders.tracing import trace, trace_alone
from search.encoders.transformer import TransformerEncoder, fast_tokenizer, load
from search.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

#: Weights past this many bytes do not fit one ONNX file (protobuf ends at 2 GiB).
_LARGEST_MODEL = 1_800_000_000
#: How far embeddings may be from the model's, as 1 - cosine: on average, and for any one text.
_TOLERANCES = {"float32": (1e-4, 5e-4), "int8": (0.015, 0.06)}
#: Nor may that be more than this part of how far different texts are from one another; models
#: whose embeddings all lie close together would lose their ranking long before the above.
_SHARE_OF_SPREAD = 0.05
#: Longest input that faithfulness is tried with; past it a try takes longer than it is worth.
_LONGEST_PROBE = 1024
_STALE_SECONDS = 24 * 60 * 60
_ATTEMPTS = 5

_log = logging.getLogger("wherein")

_PROBES = (
    "Where is the key to the cellar kept?",
    "Water boils at a lower temperature on a high mountain than at the sea.",
    "The invoice was paid on 3 March, two weeks late.",
    "A short one.",
    "Bees tell one another the way to a meadow by dancing on the comb; the angle of the dance "
    "gives the direction against the sun, its length the distance, and its vigour the worth.",
    "def main() -> int: return 0",
)


class _NotExportable(Exception):
    """The model must run on sentence-transformers; says why, as the end of a sentence."""


class _Sample(NamedTuple):
    """Texts, and what the model makes of them."""

    texts: list[str]
    passages: Embeddings
    queries: Embeddings


def export(
    source: ModelSource, cache: Path, threads: int | None = None
) -> OnnxEncoder | TransformerEncoder:
    """Export ``source`` into the cache and open it; or the model itself where that cannot be.

    Args:
        source: The model.
        cache: Folder for exported graphs.
        threads: How many texts are encoded at once; as many as there are cores, by default.

    Raises:
        EncoderError: The model cannot be loaded at all.
    """
    target = cache_folder(cache, source.digest)
    if _refused_before(target):
        _log.debug("%s runs on sentence-transformers, as before.", source.name)
        return TransformerEncoder(source)
    try:
        with _workplace(target.parent) as folder:
            _log.info(
                "Making the encoder %s ready for this machine; this happens once.", source.name
            )
            made = _make(load(source, device="cpu"), source, folder)
            _put_in_place(made, target, source.digest)
            return OnnxEncoder(target, source.name, source.digest, threads)
    except OSError as error:
        problem = f"cannot be kept in {target.parent} ({error.strerror or reason(error)})"
    except _NotExportable as error:
        _refuse(target)
        problem = str(error)
    _log.warning(
        "The encoder %s %s, so it runs on sentence-transformers, which is slower.",
        source.name,
        problem,
    )
    return TransformerEncoder(source)


@contextlib.contextmanager
def _workplace(parent: Path) -> Iterator[Path]:
    """A folder to work in beside the exports; it goes when the work ends, however it ends."""
    parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent)
    with tempfile.TemporaryDirectory(
        dir=parent, prefix=".making-", ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def _sweep(parent: Path) -> None:
    """Remove what processes that were killed at work left behind."""
    for folder in parent.glob(".making-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, target: Path, digest: str) -> None:
    """Rename ``folder`` to ``target``; a good one that another process made meanwhile stays."""
    for attempt in range(_ATTEMPTS):
        try:
            folder.rename(target)
            return
        except OSError:
            if _opens(target, digest):
                return
            if attempt == _ATTEMPTS - 1:
                raise
        # Moved away whole, so that nobody else sees half of it.
        with contextlib.suppress(OSError):
            target.rename(folder.with_name(f"damaged-{attempt}"))


def _opens(folder: Path, digest: str) -> bool:
    try:
        OnnxEncoder(folder, digest=digest)
    except EncoderError:
        return False
    return True


def _refusal(target: Path) -> Path:
    return target.with_name(f"{target.name}.refused")


def _refused_before(target: Path) -> bool:
    try:
        return _refusal(target).read_text("utf-8") == _versions()
    except (OSError, ValueError):
        return False


def _refuse(target: Path) -> None:
    with contextlib.suppress(OSError):
        _refusal(target).write_text(_versions(), "utf-8")


def _versions() -> str:
    """The libraries that decide whether a model can be exported; newer ones are tried again."""
    names = ("onnxruntime", "onnxscript", "sentence-transformers", "torch", "transformers")
    return "".join(f"{name} {_version(name)}\n" for name in names)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _make(model: SentenceTransformer, source: ModelSource, workplace: Path) -> Path:
    """Export ``model`` into a folder inside ``workplace``: in 8 bits where they help and suffice.

    Raises:
        EncoderError: The model does not encode text.
        _NotExportable: It cannot be exported, or its export is not faithful.
    """
    tokenizer = fast_tokenizer(model)
    if tokenizer is None or not callable(model.tokenizer):
        raise _NotExportable("has a tokenizer of a kind of its own")
    model.float()
    if sum(p.numel() * p.element_size() for p in model.parameters()) > _LARGEST_MODEL:
        raise _NotExportable("is too large to be exported")
    reference = TransformerEncoder(source, model)
    sample = _sample(reference)
    pad_id = int(getattr(model.tokenizer, "pad_token_id", None) or 0)
    full, small = workplace / "float32", workplace / "int8"
    with _as_refusal():
        full.mkdir()
        _save_tokenizer(tokenizer, model, reference.spec, full / TOKENIZER)
    try:
        exported, is_mean = _traced(trace_alone, model, full, reference.spec, pad_id, sample)
    except _NotExportable:
        exported, is_mean = _traced(trace, model, full, reference.spec, pad_id, sample)
    if precision_here() == "float32":
        return full
    try:
        with _as_refusal():
            small.mkdir()
            shutil.copyfile(full / TOKENIZER, small / TOKENIZER)
            feeds = typical_feeds(small / TOKENIZER, reference.spec.passage_prompt, exported.inputs)
            quantise(full / GRAPH, small / GRAPH, feeds)
            write_manifest(small, reference.spec, "int8", pad_id, is_mean)
            return small if _faithful(OnnxEncoder(small), sample, "int8") else full
    except _NotExportable:
        return full


def _traced(
    way: Callable[[SentenceTransformer, Path], None],
    model: SentenceTransformer,
    folder: Path,
    spec: EncoderSpec,
    pad_id: int,
    sample: _Sample,
) -> tuple[OnnxEncoder, bool]:
    """Put the graph into ``folder``, where the tokenizer is already.

    Returns:
        The encoder, in full precision, and whether its embeddings are means of pieces.
    """
    with _as_refusal():
        way(model, folder / GRAPH)
        write_manifest(folder, spec, "float32", pad_id, is_mean=True)
        exported = OnnxEncoder(folder)
        # In full precision first, where it shows if something is left out; rounding may hide it.
        if not _faithful(exported, sample, "float32"):
            raise _NotExportable("gives other embeddings when it is exported")
        is_mean = _is_mean(exported, sample)
        write_manifest(folder, spec, "float32", pad_id, is_mean)
        return exported, is_mean


@contextlib.contextmanager
def _as_refusal() -> Iterator[None]:
    """Turn whatever the libraries raise, which has no common base, into a refusal."""
    try:
        yield
    except _NotExportable:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's own
        _log.debug("%s", error)
        raise _NotExportable(f"cannot be exported ({type(error).__name__})") from error


def _save_tokenizer(
    tokenizer: tokenizers.Tokenizer, model: SentenceTransformer, spec: EncoderSpec, path: Path
) -> None:
    """Save a copy that cuts texts off at the same end as the model's own."""
    copy = tokenizers.Tokenizer.from_str(tokenizer.to_str())
    side: str = getattr(model.tokenizer, "truncation_side", "right")
    copy.enable_truncation(spec.max_tokens, direction=side)
    copy.no_padding()
    copy.save(str(path))


def _sample(encoder: TransformerEncoder) -> _Sample:
    texts = list(_PROBES)
    if encoder.spec.max_tokens <= _LONGEST_PROBE:
        texts.append(" ".join(_PROBES) * (encoder.spec.max_tokens // 50 + 1))
    return _Sample(texts, encoder.encode_passages(texts), _queries(encoder, texts))


def _queries(encoder: Encoder, texts: list[str]) -> Embeddings:
    return np.stack([encoder.encode_query(text) for text in texts])


def _faithful(encoder: Encoder, sample: _Sample, precision: str) -> bool:
    mean, worst = _TOLERANCES[precision]
    for ours, theirs in (
        (encoder.encode_passages(sample.texts), sample.passages),
        (_queries(encoder, sample.texts), sample.queries),
    ):
        errors = 1 - (ours * theirs).sum(axis=1)
        spread = 1 - (theirs @ theirs.T)[~np.eye(len(theirs), dtype=bool)].mean()
        if not (errors.mean() <= min(mean, _SHARE_OF_SPREAD * spread) and errors.max() <= worst):
            return False
    return True


def _is_mean(encoder: OnnxEncoder, sample: _Sample) -> bool:
    """Whether embeddings are the means of the pieces' vectors, which the graph does not say."""
    pieces = encoder.passage_pieces(sample.texts)
    if not pieces or pieces[0].vectors.shape[1] != encoder.spec.dimension:
        return False
    means = np.stack([of_text.vectors.mean(axis=0) for of_text in pieces])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return bool(np.allclose(means, encoder.encode_passages(sample.texts), atol=1e-4))
