"""Ask a model hub about a checkpoint, and say in plain words why it cannot be had."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, get_session, hf_hub_url
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from studio.checkpoints.catalogue import Checkpoint
from studio.checkpoints.inspect import (
    BPE_FILES,
    PICKLE,
    PICKLE_INDEX,
    SAFETENSORS,
    SAFETENSORS_INDEX,
    TOKENIZER_FILES,
    check_files,
    describe_config,
    parse_config,
    read_optional_json,
)
from studio.checkpoints.store import folder_name
from studio.errors import InvalidInput, NotFound, StudioError, Unavailable
from studio.settings import Settings

constants.HF_HUB_DISABLE_TELEMETRY = True
constants.DOWNLOAD_CHUNK_SIZE = 256 * 1024  # a broken download loses at most this much

TIMEOUT_SECONDS = 10.0
USE_WHAT_IS_HERE = "Choose a checkpoint that is here, such as minilm-l6 (English only)"
SMALL_FILES = (
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    *TOKENIZER_FILES,
    *BPE_FILES,
)


@dataclass(frozen=True)
class HubFile:
    """One file of a hub repository; ``sha256`` is known for the large ones only."""

    name: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class HubFacts:
    """What a hub says of one checkpoint at one revision; ``files`` are those the studio would fetch."""

    repo: str
    revision: str
    config: Mapping[str, Any]
    weights: str
    files: tuple[HubFile, ...]

    @property
    def download_bytes(self) -> int:
        """Bytes that fetching it moves."""
        return sum(file.size for file in self.files)

    def describe(self) -> Checkpoint:
        """Describe it as a checkpoint."""
        return describe_config(self.config, self.repo, (self.weights,), self.download_bytes)


def look_up(repo: str, settings: Settings) -> HubFacts:
    """Ask the hub for a checkpoint that the studio can train.

    Raises NotFound where the hub has none by this name, InvalidInput where the studio cannot train it,
    and Unavailable where it is gated, or the hub cannot be reached, each with its own sentence.
    """
    if settings.offline:
        raise offline_error(repo)
    with translated_errors(repo, settings):
        api = HfApi(endpoint=settings.hub_endpoint, token=settings.hub_token or False)
        info = api.model_info(repo, files_metadata=True, timeout=TIMEOUT_SECONDS)
        config = read_hub_config(repo, str(info.sha), settings)
    files = {
        one.rfilename: HubFile(one.rfilename, one.size or 0, sha256_of_file(one))
        for one in info.siblings or ()
    }
    weights = check_files(config, files, repo)
    facts = HubFacts(repo, str(info.sha), config, weights, tuple(choose_files(files, weights)))
    remember(facts, settings)
    return facts


def sha256_of_file(sibling: Any) -> str | None:
    """Return the sha256 the hub states for a large file."""
    return sibling.lfs.sha256 if sibling.lfs else None


def read_hub_config(repo: str, revision: str, settings: Settings) -> dict[str, Any]:
    """Fetch config.json alone; raises InvalidInput where the repository has none."""
    url = hf_hub_url(repo, "config.json", revision=revision, endpoint=settings.hub_endpoint)
    response = get_session().get(url, headers=hub_headers(settings), timeout=TIMEOUT_SECONDS)
    try:
        hf_raise_for_status(response)
    except RemoteEntryNotFoundError as error:
        raise InvalidInput(
            f"'{repo}' has no config.json: it is no transformers model.", "Choose another checkpoint."
        ) from error
    return parse_config(response.content, repo)


def hub_headers(settings: Settings) -> dict[str, str]:
    """Write a request's headers: with the studio's token if it has one, never another of the machine."""
    return build_hf_headers(token=settings.hub_token or False, library_name="encoder-studio")


def choose_files(files: Mapping[str, HubFile], weights: str) -> Iterator[HubFile]:
    """Choose config, tokenizer and one set of weights, small files first."""
    single, index = (SAFETENSORS, SAFETENSORS_INDEX) if weights == "safetensors" else (PICKLE, PICKLE_INDEX)
    ending = single.rsplit(".", 1)[1]
    stem = single.rsplit(".", 1)[0]
    yield from (files[name] for name in dict.fromkeys(SMALL_FILES) if name in files)
    if single in files:
        yield files[single]
        return
    yield files[index]
    yield from (file for name, file in sorted(files.items()) if is_shard(name, stem, ending))


def is_shard(name: str, stem: str, ending: str) -> bool:
    """Say whether a file name is one part of weights cut in several.

    >>> is_shard("model-00001-of-00002.safetensors", "model", "safetensors")
    True
    """
    return name.startswith(f"{stem}-") and "-of-" in name and name.endswith(f".{ending}") and "/" not in name


@contextmanager
def translated_errors(repo: str, settings: Settings) -> Iterator[None]:
    """Turn every error of the hub and the network into a StudioError with its own sentence."""
    try:
        yield
    except StudioError:
        raise
    except OfflineModeIsEnabled as error:
        raise offline_error(repo) from error
    except HFValidationError as error:
        raise NotFound(
            f"'{repo}' is no name of a hub checkpoint.",
            "A hub checkpoint is called like 'google-bert/bert-base-cased'.",
        ) from error
    except HfHubHTTPError as error:
        raise answered_error(error, repo, settings) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ConnectionError, ValueError) as error:
        raise unreachable_error(settings) from error
    except OSError as error:
        raise broken_error(error, repo) from error


def answered_error(error: HfHubHTTPError, repo: str, settings: Settings) -> StudioError:
    """Say what the hub's refusal means."""
    if isinstance(error, GatedRepoError):
        return Unavailable(
            f"'{repo}' is gated: its owners want you to agree to their terms first.",
            f"Agree at {settings.hub_endpoint}/{repo}, set HF_TOKEN to your token, start the studio again.",
        )
    if isinstance(error, DisabledRepoError):
        return Unavailable(f"The hub has switched '{repo}' off.", f"{USE_WHAT_IS_HERE}.")
    if isinstance(error, RepositoryNotFoundError):
        return NotFound(
            f"The hub has no checkpoint '{repo}', or it is a private one.",
            "Check the spelling. For a private one set HF_TOKEN to your token and start the studio again.",
        )
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        return NotFound(f"The hub has '{repo}', but not the files of a model.", "Choose another checkpoint.")
    status = error.response.status_code
    if status in (401, 403):
        return Unavailable(
            f"The hub does not let this studio read '{repo}'.", "Check HF_TOKEN, and start the studio again."
        )
    if status == 429:
        return Unavailable("The hub asks for fewer requests for a while.", "Try again in some minutes.")
    return Unavailable(
        f"The hub at {settings.hub_endpoint} answered with an error ({status}).",
        f"Try later. {USE_WHAT_IS_HERE}.",
    )


def unreachable_error(settings: Settings) -> Unavailable:
    """Say that nobody answers."""
    return Unavailable(
        f"The hub at {settings.hub_endpoint} cannot be reached.",
        f"Check the network, a proxy or HF_ENDPOINT. {USE_WHAT_IS_HERE}.",
    )


def broken_error(error: OSError, repo: str) -> Unavailable:
    """Say that a download ended early, or that the disk took no more."""
    if error.errno == errno.ENOSPC:
        return Unavailable(f"The disk is full: '{repo}' did not fit.", "Make room, and start again.")
    return Unavailable(
        f"The download of '{repo}' broke off.",
        "Start again: what has arrived is kept, and it goes on from there.",
    )


def offline_error(repo: str) -> Unavailable:
    """Say that the studio was told to stay offline."""
    return Unavailable(
        f"'{repo}' is not on this machine, and the studio works offline.",
        f"{USE_WHAT_IS_HERE}, or unset HF_HUB_OFFLINE and start the studio again.",
    )


def facts_path(repo: str, settings: Settings) -> Path:
    """Where the last answer on a repository is kept."""
    return settings.checkpoints_dir / "known" / f"{folder_name(repo)}.json"


def remember(facts: HubFacts, settings: Settings) -> None:
    """Keep the hub's answer, so that the plan of a training knows sizes without asking again."""
    path = facts_path(facts.repo, settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(facts)), encoding="utf-8")


def recall(repo: str, settings: Settings) -> HubFacts | None:
    """Return the hub's last answer on a repository, or None."""
    kept = read_optional_json(facts_path(repo, settings))
    if not kept:
        return None
    return HubFacts(**{**kept, "files": tuple(HubFile(**file) for file in kept["files"])})
