"""Tiny sentence-transformers models with random weights, written to disk in a fraction of a second.

They understand nothing. What they are good for: each is built like some real family of models, and
sentence-transformers says what its embeddings must be.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors

WIDTH = 32
_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "for",
    "on",
    "was",
    "with",
    "that",
    "it",
    "as",
    "at",
    "by",
    "from",
    "this",
    "not",
    "are",
    "or",
    "an",
    "have",
    "be",
    "were",
    "which",
    "you",
    "his",
    "but",
    "had",
    "has",
    "they",
    "one",
    "all",
    "can",
    "will",
    "if",
    "about",
    "time",
    "out",
    "up",
    "into",
    "than",
    "them",
    "only",
    "water",
    "house",
    "river",
    "bridge",
    "where",
    "when",
    "how",
    "long",
    "deep",
    "key",
    "first",
    "red",
    "light",
    "query",
    "passage",
]
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_MODULE = "sentence_transformers.models"


@dataclass(frozen=True)
class Tiny:
    """How a model is built.

    Attributes:
        pooling: One of sentence-transformers' ways to pool.
        dense: Width of a dense layer after pooling, 0 for none.
        normalize: Whether the last module normalises.
        prompts: By name.
        default_prompt: Name of the prompt for texts that are neither query nor document.
        include_prompt: Whether the prompt's pieces take part in pooling.
        max_tokens: Longest input; None leaves it to the tokenizer and the positions.
        cased: Whether the tokenizer keeps capitals and accents.
        lower: Whether sentence-transformers is told to lower-case.
        family: "bert", or "roberta", which has no token types and byte-level pieces.
        truncation_side: Which end of a long text is cut off.
        truncate: Embeddings are cut to this width, 0 for not.
        spread: Standard deviation of the weights.
        outlier: What the weights of one channel are multiplied by. What they are multiplied with
            is nought, but in 8 bits nothing is left of the weights beside them.
        seed: Of the weights.
    """

    pooling: str = "mean"
    dense: int = 0
    normalize: bool = True
    prompts: Mapping[str, str] | None = None
    default_prompt: str | None = None
    include_prompt: bool = True
    max_tokens: int | None = 64
    cased: bool = False
    lower: bool = False
    family: str = "bert"
    truncation_side: str = "right"
    truncate: int = 0
    spread: float = 0.2
    outlier: float = 1.0
    seed: int = 1


def build(folder: Path, tiny: Tiny = Tiny()) -> Path:
    """Write the model into ``folder``, which is made, and return it."""
    write_transformer(folder, tiny)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules += [("2_Dense", "Dense")] * bool(tiny.dense)
    modules += [("3_Normalize", "Normalize")] * tiny.normalize
    _write(
        folder / "modules.json",
        [
            {"idx": number, "name": str(number), "path": path, "type": f"{_MODULE}.{name}"}
            for number, (path, name) in enumerate(modules)
        ],
    )
    limit = {} if tiny.max_tokens is None else {"max_seq_length": tiny.max_tokens}
    _write(folder / "sentence_bert_config.json", {**limit, "do_lower_case": tiny.lower})
    pooling = {"word_embedding_dimension": WIDTH, "include_prompt": tiny.include_prompt}
    _write(folder / "1_Pooling" / "config.json", {**pooling, **_pooling_modes(tiny.pooling)})
    if tiny.dense:
        _write_dense(folder / "2_Dense", tiny)
    settings: dict[str, Any] = {"prompts": dict(tiny.prompts or {})}
    if tiny.default_prompt:
        settings["default_prompt_name"] = tiny.default_prompt
    if tiny.truncate:
        settings["truncate_dim"] = tiny.truncate
    _write(folder / "config_sentence_transformers.json", settings)
    return folder


def build_cross(folder: Path, labels: int = 1) -> Path:
    """Write a cross-encoder that gives so many scores a pair."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification
    from transformers.utils.logging import disable_progress_bar

    write_transformer(folder)
    disable_progress_bar()
    config = BertConfig.from_pretrained(folder, num_labels=labels)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: Any = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    return folder


def write_transformer(folder: Path, tiny: Tiny = Tiny()) -> Path:
    """Write only what the transformers library writes: configuration, weights and tokenizer."""
    import torch
    from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel
    from transformers.utils.logging import disable_progress_bar

    roberta = tiny.family == "roberta"
    tokenizer = _byte_level() if roberta else _word_pieces(tiny.cased)
    shape: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 512 + 2 * roberta,
        "type_vocab_size": 1 if roberta else 2,
        "initializer_range": tiny.spread,
    }
    with torch.random.fork_rng():
        torch.manual_seed(tiny.seed)
        if roberta:
            model: Any = RobertaModel(
                RobertaConfig(**shape, pad_token_id=1, bos_token_id=0, eos_token_id=2)
            )
        else:
            model = BertModel(BertConfig(**shape))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if tiny.outlier != 1 and name.endswith("attention.output.LayerNorm.weight"):
                weights[0] = 0
            if name.endswith("intermediate.dense.weight"):
                weights[:, 0] *= tiny.outlier
    disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"] if roberta else _SPECIAL
    roles = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    _write(
        folder / "tokenizer_config.json",
        {
            **dict(zip(roles, names, strict=True)),
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 512,
            "truncation_side": tiny.truncation_side,
            "model_input_names": ["input_ids", "attention_mask"]
            + ["token_type_ids"] * (not roberta),
        },
    )
    return folder


def build_static(folder: Path) -> Path:
    """Write a model without a transformer: the mean of its pieces' vectors, no limit of length."""
    import torch
    from safetensors.torch import save_file

    tokenizer = _word_pieces(cased=False)
    tokenizer.post_processor = processors.Sequence([])
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    weights = torch.randn(tokenizer.get_vocab_size(), WIDTH)
    save_file({"embedding.weight": weights}, folder / "model.safetensors")
    module = {"idx": 0, "name": "0", "path": "", "type": f"{_MODULE}.StaticEmbedding"}
    _write(folder / "modules.json", [module])
    return folder


def build_words(folder: Path) -> Path:
    """Write a model whose tokenizer is none of the tokenizers library's: whole words, counted."""
    vocabulary = sorted({*_WORDS, *string.ascii_lowercase})
    modules = [("", "BoW"), ("1_Dense", "Dense")]
    _write(
        folder / "modules.json",
        [
            {"idx": number, "name": str(number), "path": path, "type": f"{_MODULE}.{name}"}
            for number, (path, name) in enumerate(modules)
        ],
    )
    _write(
        folder / "config.json",
        {
            "vocab": vocabulary,
            "word_weights": {},
            "unknown_word_weight": 1,
            "cumulative_term_frequency": True,
        },
    )
    _write_dense(folder / "1_Dense", Tiny(dense=WIDTH), width=len(vocabulary))
    return folder


def _pooling_modes(pooling: str) -> dict[str, bool]:
    names = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}
    return {f"pooling_mode_{name}": mode == pooling for mode, name in names.items()}


def _write_dense(folder: Path, tiny: Tiny, width: int = WIDTH) -> None:
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(tiny.seed)
        layer = torch.nn.Linear(width, tiny.dense)
    folder.mkdir(parents=True)
    weights = {f"linear.{name}": values for name, values in layer.state_dict().items()}
    # The older format, as lies beside the newer one of the transformer in many a real model.
    torch.save(weights, folder / "pytorch_model.bin")
    _write(
        folder / "config.json",
        {
            "in_features": width,
            "out_features": tiny.dense,
            "bias": True,
            "activation_function": "torch.nn.modules.activation.Tanh",
        },
    )


def _word_pieces(cased: bool) -> Tokenizer:
    letters = string.ascii_letters if cased else string.ascii_lowercase
    single = [*letters, *string.digits, *string.punctuation]
    pieces = [*_SPECIAL, *single, *(f"##{letter}" for letter in [*letters, *string.digits])]
    vocabulary = {piece: number for number, piece in enumerate([*pieces, *_WORDS])}
    tokenizer = Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=not cased)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def _byte_level() -> Tokenizer:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate([*special, *alphabet])}
    tokenizer = Tokenizer(tokenizers.models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")
