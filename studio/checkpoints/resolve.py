"""From the name a person gives to the folder training starts from, or the sentence why there is none yet."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from studio.checkpoints.builtin import builtin_folder, find_builtin_folder
from studio.checkpoints.catalogue import Checkpoint, find_in_catalogue, load_catalogue
from studio.checkpoints.hub import HubFacts, look_up, offline_error, recall
from studio.checkpoints.inspect import describe_folder
from studio.checkpoints.store import converted_path, find_fetched, read_note
from studio.errors import InvalidInput, NotFound, StudioError, Unavailable
from studio.settings import Settings

FindModel = Callable[[str], Path | None]

BUILT_IN = "built in"
DOWNLOADED = "downloaded"
NEEDS_NETWORK = "needs the network"
NEEDS_CONVERSION = "needs a conversion"
LOCAL_FOLDER = "a folder here"
OWN_MODEL = "your model"
STATES = (BUILT_IN, DOWNLOADED, NEEDS_NETWORK, NEEDS_CONVERSION, LOCAL_FOLDER, OWN_MODEL)

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
STAND_IN = "bert-base-uncased"
NAME_SHOWN = 80
UNKNOWN_SIZE = "Its size is known once the hub was asked; the plan assumes that of BERT base."


@dataclass(frozen=True)
class Resolved:
    """A checkpoint found by name.

    ``id`` finds the same one from any directory: that of a folder is its whole path.
    ``source`` is one of builtin, hub, folder, model; ``folder`` is None until it is here. Where it is not
    ``ready``, ``sentence`` and ``hint`` say why and what to do; ``needs_agreement`` means its weights are a
    pickle that may be converted once the user agreed. ``notes`` tell what was done to one that is ready.
    ``known`` is False where the checkpoint's numbers are those of a stand-in.
    """

    id: str
    source: str
    checkpoint: Checkpoint
    state: str
    folder: Path | None = None
    sentence: str = ""
    hint: str = ""
    needs_agreement: bool = False
    notes: tuple[str, ...] = ()
    known: bool = True

    @property
    def ready(self) -> bool:
        """Whether training can start from it at once."""
        return self.folder is not None and not self.needs_agreement


def resolve(wanted: str, settings: Settings, find_model: FindModel | None = None) -> Resolved:
    """Find a checkpoint by catalogue id, own model's name, folder or hub id, without using the network.

    Raises NotFound where nothing goes by this name, and InvalidInput for a folder the studio cannot train.
    """
    name = wanted.strip()
    known = find_in_catalogue(name)
    if known is not None:
        return resolve_known(known, settings)
    own = find_model(name) if find_model is not None and name else None
    if own is not None:
        described = replace(describe_folder(own), id=name, title=name)
        return Resolved(name, "model", described, OWN_MODEL, own)
    if is_path(name):
        return resolve_folder(read_path(name), settings)
    if HUB_ID.fullmatch(name):
        return resolve_hub_id(name, settings)
    raise unknown_name(name)


def is_path(name: str) -> bool:
    """Say whether a name means a folder: it starts like a path, or such a folder is there."""
    if name.startswith(("/", "~", "./", "../")):
        return True
    try:
        return (Path(name) / "config.json").is_file()
    except (OSError, ValueError):  # too long for a file's name, or with a zero byte
        return False


def read_path(name: str) -> Path:
    """The whole path of a folder; NotFound where no folder can have this name."""
    try:
        folder = Path(name).expanduser().resolve()
        folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound(
            f"'{shorten(name)}' is not the path of a folder on this machine.",
            "Write the whole path, such as /data/encoders/my-encoder.",
        ) from error
    return folder


def shorten(name: str) -> str:
    """A name as a sentence can carry it."""
    return name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…"


def unknown_name(name: str) -> NotFound:
    """Say that nothing goes by a name, with the nearest that does."""
    near = difflib.get_close_matches(name[:NAME_SHOWN].lower(), list(load_catalogue()), n=1, cutoff=0.6)
    guess = f"Did you mean '{near[0]}'? " if near else ""
    return NotFound(
        f"No checkpoint, folder or model is called '{shorten(name)}'.",
        f"{guess}Take one from the list, a hub id such as 'google-bert/bert-base-cased', or a folder's path.",
    )


def resolve_known(checkpoint: Checkpoint, settings: Settings) -> Resolved:
    """Resolve a checkpoint of the catalogue."""
    if checkpoint.builtin and find_builtin_folder() is not None:
        folder = builtin_folder(settings.checkpoints_dir)
        return Resolved(checkpoint.id, "builtin", checkpoint, BUILT_IN, folder)
    return resolve_remote(checkpoint, settings)


def resolve_hub_id(repo: str, settings: Settings) -> Resolved:
    """Resolve a hub id that the catalogue does not list."""
    here = find_fetched(repo, settings)
    if here is not None:
        return resolve_remote(replace(describe_folder(here), id=repo, title=repo, repo=repo), settings)
    facts = recall(repo, settings)
    if facts is not None:
        return resolve_remote(replace(facts.describe(), repo=repo), settings)
    unknown = replace(
        load_catalogue()[STAND_IN], id=repo, title=repo, repo=repo, family="unknown", language="unknown",
        cased=None, licence="", licence_source="", good_for="", bad_for=UNKNOWN_SIZE, download_bytes=0,
    )  # fmt: skip
    found = replace(resolve_remote(unknown, settings), known=False)
    return replace(found, sentence=f"{found.sentence} {UNKNOWN_SIZE}") if not settings.offline else found


def resolve_remote(checkpoint: Checkpoint, settings: Settings) -> Resolved:
    """Resolve a checkpoint of the hub: here already, or to be fetched."""
    folder = find_fetched(checkpoint.repo, settings)
    if folder is not None:
        note = read_note(folder)
        notes = note.notes if note else ()
        return Resolved(checkpoint.id, "hub", checkpoint, DOWNLOADED, folder, notes=notes)
    reason: StudioError = needs_network(checkpoint, settings)
    if checkpoint.pickle_only and not settings.offline:
        reason = pickle_error(checkpoint.title)
    return Resolved(
        checkpoint.id, "hub", checkpoint, NEEDS_NETWORK, None, reason.message, reason.hint,
        needs_agreement=checkpoint.pickle_only,
    )  # fmt: skip


def resolve_folder(folder: Path, settings: Settings) -> Resolved:
    """Resolve a folder of this machine; one with a pickle is ready once its converted copy is."""
    name = str(folder)
    checkpoint = replace(describe_folder(folder), id=name, title=folder.name, download_bytes=0)
    if not checkpoint.pickle_only:
        return Resolved(name, "folder", checkpoint, LOCAL_FOLDER, folder)
    copy = converted_path(folder, settings)
    note = read_note(copy)
    if note is not None:
        return Resolved(name, "folder", checkpoint, LOCAL_FOLDER, copy, notes=note.notes)
    reason = pickle_error(checkpoint.title)
    return Resolved(
        name,
        "folder",
        checkpoint,
        NEEDS_CONVERSION,
        folder,
        reason.message,
        reason.hint,
        needs_agreement=True,
    )


def pickle_error(title: str) -> InvalidInput:
    """Ask for agreement before a pickle is read."""
    return InvalidInput(
        f"'{title}' comes only as a pickle, a kind of file that can hide programs.",
        "Agree to its conversion: a process of its own reads nothing but the weights, once, and keeps them "
        "as safetensors.",
        shell_hint="Agree to it with --allow-pickle.",
    )


def needs_network(checkpoint: Checkpoint, settings: Settings) -> StudioError:
    """Say that a checkpoint must be fetched, or that it cannot be while offline."""
    if settings.offline:
        return offline_error(checkpoint.title)
    host = settings.hub_endpoint.split("://", 1)[-1]
    size = f": {round_megabytes(checkpoint.download_bytes)}" if checkpoint.download_bytes else ""
    return Unavailable(
        f"'{checkpoint.title}' is not on this machine yet.", f"Training fetches it from {host} first{size}."
    )


def round_megabytes(size: int) -> str:
    """Write a size in MB or GB with two or three digits.

    >>> round_megabytes(53_932_032), round_megabytes(1_421_438_976)
    ('54 MB', '1.42 GB')
    """
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def state_of(checkpoint: Checkpoint, settings: Settings) -> str:
    """Return the state of a catalogue checkpoint on this machine: one of STATES."""
    if checkpoint.builtin and find_builtin_folder() is not None:
        return BUILT_IN
    return DOWNLOADED if find_fetched(checkpoint.repo, settings) else NEEDS_NETWORK


def check_reachable(resolved: Resolved, settings: Settings, allow_pickle: bool = True) -> HubFacts | None:
    """Check, before a job is queued, that it will be able to have a checkpoint that is not ready.

    Returns what the hub says, or None where the hub is not needed. Raises NotFound, InvalidInput or
    Unavailable with the sentence for a missing, gated, unreachable, offline, unfit or too large checkpoint,
    and for a pickle where ``allow_pickle`` is False.
    """
    if resolved.ready:
        return None
    if resolved.source != "hub":
        if not allow_pickle:
            raise pickle_error(resolved.checkpoint.title)
        return None
    facts = look_up(str(resolved.checkpoint.repo), settings)
    if facts.weights == "pickle" and not allow_pickle:
        raise pickle_error(resolved.checkpoint.title)
    refuse_full_disk(facts, settings)
    return facts


def refuse_full_disk(facts: HubFacts, settings: Settings) -> None:
    """Raise Unavailable where the download, and a pickle's copy, would not fit on the disk."""
    settings.checkpoints_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.checkpoints_dir).free
    needed = facts.download_bytes * (2 if facts.weights == "pickle" else 1)
    if needed > free:
        raise Unavailable(
            f"'{facts.repo}' needs {round_megabytes(needed)}, and the disk has {round_megabytes(free)} left.",
            f"Make room where {settings.checkpoints_dir} lies, or choose a smaller checkpoint.",
        )
