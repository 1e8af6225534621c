"""The process that brings a hub dataset here: an order on stdin, messages on stdout, as lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import httpx2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)

from studio.errors import InvalidInput, NotFound, StudioError, TooLarge, Unavailable

TIMEOUT_SECONDS = 20.0
ROWS_AT_ONCE = 10_000
SPLIT_COLUMNS = ("split", "split_name", "hub_split")
LISTED_CONFIGS = 12
FILE_HINT = "Download one of its files and import that."
UNREAD = (datasets.Image, datasets.Audio, datasets.Video)


def main() -> int:
    """Carry out one order; the last message is the table's path or an error."""
    order = json.load(sys.stdin)
    try:
        say(**bring(order))
    except StudioError as error:
        say(error={"kind": type(error).__name__, "message": error.message, "hint": error.hint})
    return 0


def say(**message: Any) -> None:
    """One message."""
    print(json.dumps(message), flush=True)


def bring(order: dict[str, Any]) -> dict[str, Any]:
    """Fetch, turn into a table and write it; where it is, what it is called and where its splits are."""
    repo, folder = order["repo"], Path(order["folder"])
    say(share=0.0, sentence=f"Asking the hub for {repo}")
    try:
        revision, sizes = look_up(order)
        config = choose_config(order, revision, sizes)
        builder = datasets.load_dataset_builder(
            repo, config, revision=revision, token=order["token"] or False, cache_dir=str(folder / "cache")
        )
        size = sum(sizes.get(name, 0) for name in data_files(builder, revision))
        refuse_large(order, size)
        say(share=0.1, sentence=f"Fetching {repo}")
        builder.download_and_prepare()
        tables = builder.as_dataset()
    except (HfHubHTTPError, HFValidationError) as error:
        raise answered(error, order) from error
    except datasets.exceptions.DatasetNotFoundError as error:
        raise NotFound(f"The hub has no dataset '{repo}' with tables in it.", FILE_HINT) from error
    except datasets.exceptions.DatasetsError as error:
        raise InvalidInput(f"The files of '{repo}' do not fit together as one table.", FILE_HINT) from error
    except (httpx2.HTTPError, ImportError, OSError, RuntimeError, ValueError) as error:
        raise unread(error, order) from error
    path = folder / f"{repo.replace('/', '--')}.parquet"
    column = write_table(tables, path, order)
    return {"path": str(path), "name": path.name, "split_column": column}


def look_up(order: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """The newest revision, and the sizes of its files."""
    api = HfApi(endpoint=order["endpoint"], token=order["token"] or False)
    info = api.dataset_info(order["repo"], files_metadata=True, timeout=TIMEOUT_SECONDS)
    return str(info.sha), {one.rfilename: one.size or 0 for one in info.siblings or ()}


def choose_config(order: dict[str, Any], revision: str, sizes: dict[str, int]) -> str | None:
    """The configuration asked for, or the only one; InvalidInput lists them where that is not clear."""
    repo = order["repo"]
    script = f"{repo.rsplit('/', 1)[-1]}.py"
    if script in sizes:
        raise InvalidInput(
            f"'{repo}' is made by a program ({script}), which the studio does not run.",
            "Look for a copy of it with data files, or download the data and import that.",
        )
    names = datasets.get_dataset_config_names(repo, revision=revision, token=order["token"] or False)
    if order["config"] in names or (len(names) <= 1 and not order["config"]):
        return order["config"] or (names[0] if names else None)
    if not order["config"] and "default" in names:
        return "default"
    listed = ", ".join(names[:LISTED_CONFIGS]) + (" ..." if len(names) > LISTED_CONFIGS else "")
    what = f"has no configuration '{order['config']}'" if order["config"] else "has several configurations"
    raise InvalidInput(f"'{repo}' {what}.", f"Write hf:{repo}#CONFIG with one of: {listed}.")


def data_files(builder: Any, revision: str) -> Iterator[str]:
    """The paths, inside the repository, of the files that the table is made of."""
    for files in (builder.config.data_files or {}).values():
        for file in files:
            yield str(file).rpartition(f"@{revision}/")[2]


def refuse_large(order: dict[str, Any], size: int) -> None:
    """TooLarge where it is more than may be fetched."""
    if size > order["max_bytes"]:
        raise TooLarge(
            f"'{order['repo']}' has {size // 2**20:,} MB; {order['max_bytes'] // 2**20:,} MB may be fetched.",
            "Import a part of it, or raise STUDIO_MAX_UPLOAD_MB.",
        )


def write_table(tables: Any, path: Path, order: dict[str, Any]) -> str:
    """Write all splits as one Parquet file of text cells; the name of the column with the splits."""
    features = {name: kind for split in tables.values() for name, kind in split.features.items()}
    names = [name for name, kind in features.items() if not isinstance(kind, UNREAD)]
    column = next(name for name in SPLIT_COLUMNS if name not in names)
    schema = pa.schema([(name, pa.large_string()) for name in [*names, column]])
    rows, done = sum(len(split) for split in tables.values()), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for split_name, split in tables.items():
            for start in range(0, len(split), ROWS_AT_ONCE):
                part = split.with_format("arrow")[start : start + ROWS_AT_ONCE]
                cells = [as_text(part, name, split.features.get(name)) for name in names]
                cells.append(pa.array([str(split_name)] * len(part), pa.large_string()))
                writer.write_table(pa.Table.from_arrays(cells, schema=schema))
                done += len(part)
                refuse_large(order, path.stat().st_size)
                say(share=0.8 + 0.2 * done / rows, sentence=f"Writing {done:,} of {rows:,} rows")
    return column


def as_text(part: pa.Table, name: str, kind: Any) -> pa.Array:
    """One column as text cells: names of classes, lists and records as JSON, "" where there is nothing."""
    if kind is None:
        return pa.array([""] * len(part), pa.large_string())
    column = part.column(name).combine_chunks()
    if isinstance(kind, datasets.ClassLabel):
        names = pa.array(kind.names, pa.large_string())
        known = pc.if_else(pc.greater_equal(column, 0), column, pa.scalar(None, column.type))
        return pc.fill_null(names.take(known), "")
    if (
        pa.types.is_nested(column.type)
        or pa.types.is_binary(column.type)
        or pa.types.is_large_binary(column.type)
    ):
        values = [json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()]
        return pa.array(["" if value == "null" else value for value in values], pa.large_string())
    return pc.fill_null(column.cast(pa.large_string()), "")


def answered(error: Exception, order: dict[str, Any]) -> StudioError:
    """What the hub's refusal means."""
    repo = order["repo"]
    if isinstance(error, GatedRepoError):
        return Unavailable(
            f"'{repo}' is gated: its owners want you to agree to their terms first.",
            f"Agree at {order['endpoint']}/datasets/{repo}, set HF_TOKEN and start the studio again.",
        )
    if isinstance(error, DisabledRepoError):
        return Unavailable(f"The hub has switched '{repo}' off.", "Choose another dataset.")
    if isinstance(error, RepositoryNotFoundError | HFValidationError):
        return NotFound(
            f"The hub has no dataset '{repo}', or it is a private one.",
            "Check the spelling. For a private one set HF_TOKEN to your token and start the studio again.",
        )
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else "?"
    return Unavailable(
        f"The hub at {order['endpoint']} answered with an error ({status}).", "Try again later."
    )


def unread(error: Exception, order: dict[str, Any]) -> StudioError:
    """What any other failure means, by the chain of what caused it."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and isinstance(cause, Exception):
        causes.append(cause)
    refused = next((one for one in causes if isinstance(one, HfHubHTTPError)), None)
    if refused:
        return answered(refused, order)
    if "script" in str(error):
        return InvalidInput(f"'{order['repo']}' is made by a program, which is not run.", FILE_HINT)
    if any(isinstance(one, ConnectionError | httpx2.HTTPError) for one in causes):
        return Unavailable(
            f"The hub at {order['endpoint']} cannot be reached.", "Check the network, a proxy or HF_ENDPOINT."
        )
    return InvalidInput(f"'{order['repo']}' cannot be read as a table ({type(error).__name__}).", FILE_HINT)


if __name__ == "__main__":
    sys.exit(main())
