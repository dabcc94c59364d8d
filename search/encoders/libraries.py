"""Manners for the libraries underneath: they keep quiet, and their errors fit one sentence."""

from __future__ import annotations

import logging
import warnings

_LONGEST_REASON = 160
_LOGGERS = (
    "huggingface_hub",
    "onnx_ir",
    "onnxruntime",
    "onnxscript",
    "sentence_transformers",
    "torch",
    "transformers",
)
#: Modules that warnings are put down to; torch copies its trees with `copyreg`.
_WARNERS = (
    r"(accelerate|copyreg|huggingface_hub|onnx|onnx_ir|onnxruntime|onnxscript|safetensors"
    r"|sentence_transformers|torch|transformers)(\.|$)"
)


def hush() -> None:
    """Keep the libraries' warnings and log lines off the user's screen, from now on.

    Nothing is put back later: what is changed and restored around a call is changed for all
    threads, and two that overlap restore each other's state.
    """
    warnings.filterwarnings("ignore", module=_WARNERS)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if logger.level < logging.ERROR:
            logger.setLevel(logging.ERROR)


def reason(error: BaseException) -> str:
    """What ``error`` says, as the end of a sentence: one line, not too long, no full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if len(text) > _LONGEST_REASON:
        text = text[:_LONGEST_REASON].rsplit(" ", 1)[0] + "…"
    return text.rstrip(".:;, ")
