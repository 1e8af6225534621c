"""Say what a folder of model files is, from its config.json and file names alone; nothing is run."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from studio.checkpoints.catalogue import (
    BYTES_PER_WEIGHT,
    CONFIG_KEYS,
    DISTILBERT_KEYS,
    OFFSET_POSITIONS,
    Checkpoint,
)
from studio.checkpoints.parameters import COUNTERS, parameters_from_config, parameters_in_file
from studio.errors import InvalidInput

SAFETENSORS = "model.safetensors"
SAFETENSORS_INDEX = "model.safetensors.index.json"
PICKLE = "pytorch_model.bin"
PICKLE_INDEX = "pytorch_model.bin.index.json"
FOREIGN_WEIGHTS = ("tf_model.h5", "flax_model.msgpack", "model.onnx", "model_state.pdparams", "rust_model.ot")
SENTENCEPIECE_FILES = ("spm.model", "spiece.model", "sentencepiece.bpe.model")
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", *SENTENCEPIECE_FILES)
BPE_FILES = ("vocab.json", "merges.txt")
DECODERS = {
    "bloom", "codegen", "ctrl", "falcon", "gemma", "gemma2", "gemma3", "gemma3_text", "gpt2", "gpt_neo",
    "gpt_neox", "gptj", "llama", "mistral", "mixtral", "mpt", "olmo", "openai-gpt", "opt", "phi", "phi3",
    "qwen2", "qwen3", "stablelm", "xglm",
}  # fmt: skip
CHOOSE_ENCODER = "Choose an encoder, such as one of the BERT, RoBERTa, DeBERTa, ELECTRA or ERNIE families."
CHOOSE_FOLDER = "Choose the folder that holds config.json, the weights and the tokenizer files of one model."


def read_config(folder: Path) -> dict[str, Any]:
    """Read a folder's config.json; raises InvalidInput where there is none, or it is not readable."""
    path = folder / "config.json"
    if not folder.is_dir():
        raise InvalidInput(f"There is no folder '{folder}'.", "Check the path.")
    if (folder / "adapter_config.json").is_file() and not path.is_file():
        raise InvalidInput(
            f"'{folder.name}' holds only an adapter, not a whole model.",
            "Merge the adapter into its model first, or choose the model it was made for.",
        )
    if not path.is_file():
        raise InvalidInput(f"There is no config.json in '{folder.name}'.", CHOOSE_FOLDER)
    return parse_config(path.read_bytes(), folder.name)


def parse_config(raw: bytes, name: str) -> dict[str, Any]:
    """Parse the bytes of a config.json; raises InvalidInput where they are not a JSON object."""
    try:
        config = json.loads(raw)
    except ValueError as error:
        raise InvalidInput(f"The config.json of '{name}' is not readable.", CHOOSE_FOLDER) from error
    if not isinstance(config, dict):
        raise InvalidInput(f"The config.json of '{name}' describes no model.", CHOOSE_FOLDER)
    return config


def refuse_remote_code(config: Mapping[str, Any], name: str) -> None:
    """Raise InvalidInput for a model that brings its own program."""
    if config.get("auto_map"):
        raise InvalidInput(
            f"'{name}' brings its own program code, which the studio does not run.",
            "Choose a checkpoint of a family that transformers knows, such as BERT or RoBERTa.",
        )


def refuse_other_architectures(config: Mapping[str, Any], name: str) -> None:
    """Raise InvalidInput for a decoder, a vision model, or a family the studio does not train."""
    family = config.get("model_type")
    if not family:
        raise InvalidInput(
            f"The config.json of '{name}' does not say what kind of model it is.", CHOOSE_FOLDER
        )
    if family in DECODERS or config.get("is_encoder_decoder") or config.get("is_decoder"):
        raise InvalidInput(
            f"'{name}' is a {family} model, which writes texts and is no encoder.", CHOOSE_ENCODER
        )
    if family not in COUNTERS:
        raise InvalidInput(
            f"'{name}' is a {family} model, a family the studio does not train.", CHOOSE_ENCODER
        )


def weight_format(names: Collection[str], name: str) -> str:
    """Return "safetensors" or "pickle", the better one the files hold; raises InvalidInput without any."""
    if SAFETENSORS in names or SAFETENSORS_INDEX in names:
        return "safetensors"
    if PICKLE in names or PICKLE_INDEX in names:
        return "pickle"
    foreign = [one for one in FOREIGN_WEIGHTS if one in names]
    if foreign:
        raise InvalidInput(
            f"The weights of '{name}' come only as {foreign[0]}, which the studio does not read.",
            "Choose a checkpoint with a model.safetensors or pytorch_model.bin file.",
        )
    raise InvalidInput(f"'{name}' holds no weights.", CHOOSE_FOLDER)


def reads_sentencepiece() -> bool:
    """Whether the packages that read a sentencepiece tokenizer are installed."""
    return all(find_spec(name) is not None for name in ("sentencepiece", "google", "google.protobuf"))


def refuse_without_tokenizer(names: Collection[str], name: str, sentencepiece: bool) -> None:
    """Raise InvalidInput where no file says how texts become tokens, or none that can be read here."""
    if "tokenizer.json" in names or "vocab.txt" in names or all(one in names for one in BPE_FILES):
        return
    if not any(one in names for one in SENTENCEPIECE_FILES):
        raise InvalidInput(
            f"'{name}' has no tokenizer: neither tokenizer.json nor vocab.txt is there.",
            "Add the tokenizer files of the model it was made from to the folder.",
        )
    if not sentencepiece:
        raise InvalidInput(
            f"The tokenizer of '{name}' needs the package sentencepiece, which is not installed.",
            "Run `pip install sentencepiece protobuf`, and start the studio again.",
        )


def check_files(config: Mapping[str, Any], names: Collection[str], name: str) -> str:
    """Check that config and file names make an encoder the studio can train; return its weight format."""
    refuse_remote_code(config, name)
    refuse_other_architectures(config, name)
    found = weight_format(names, name)
    refuse_without_tokenizer(names, name, reads_sentencepiece())
    return found


def describe_config(
    config: Mapping[str, Any], name: str, formats: tuple[str, ...], download_bytes: int = 0
) -> Checkpoint:
    """Describe the encoder of a config.json that check_files let pass."""
    family = config["model_type"]
    keys = DISTILBERT_KEYS if family == "distilbert" else CONFIG_KEYS
    try:
        layers, hidden, heads, intermediate, vocabulary = (int(config[key]) for key in keys)
        parameters = parameters_from_config(config)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"The config.json of '{name}' lacks {error.args[0]!r}, or holds no number there.", CHOOSE_FOLDER
        ) from error
    positions = int(config.get("max_position_embeddings", 512))
    return Checkpoint(
        id=name,
        title=name,
        family=str(family),
        architecture=str(family),
        language="unknown",
        cased=None,
        layers=layers,
        hidden=hidden,
        heads=heads,
        intermediate=intermediate,
        vocabulary=vocabulary,
        parameters=parameters,
        max_tokens=positions - 2 if family in OFFSET_POSITIONS else positions,
        download_bytes=download_bytes or parameters * BYTES_PER_WEIGHT,
        formats=formats,
        config=dict(config),
    )


def describe_folder(folder: Path) -> Checkpoint:
    """Describe the encoder in a folder.

    ``formats`` of the answer is ("pickle",) where its weights must be converted first.
    Raises InvalidInput, each case with its own sentence, where the studio cannot train what is there.
    """
    config = read_config(folder)
    names = {path.name for path in folder.iterdir() if path.is_file()}
    found = check_files(config, names, folder.name)
    refuse_remote_code(read_optional_json(folder / "tokenizer_config.json"), folder.name)
    return describe_config(config, folder.name, (found,))


def read_optional_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that may be missing or broken as an empty one."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


__all__ = ["describe_folder", "parameters_from_config", "parameters_in_file", "read_config"]
