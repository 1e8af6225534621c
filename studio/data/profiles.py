"""What was found out of a dataset after its import, in one file beside its rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.durable import replacing
from studio.data.dataset import Profile
from studio.data.problems import Problem

HEAD = b"profile"


def write_profile(path: Path, profile: Profile) -> None:
    """Write to a temporary name, make it durable, then give it its name.

    The marks of all splits stand one below the other in the only column; the rest is JSON in the schema.
    """
    head = {
        "problems": [problem.to_json() for problem in profile.problems],
        "mark_codes": list(profile.mark_codes),
        "rows": {split: len(marks) for split, marks in profile.marks.items()},
        "token_lengths": profile.token_lengths,
    }
    marks = np.concatenate([np.empty(0, np.int64), *profile.marks.values()]).astype(np.int64)
    schema = pa.schema([pa.field("marks", pa.int64())], metadata={HEAD: json.dumps(head).encode()})
    with replacing(path) as waiting:
        pq.write_table(pa.Table.from_arrays([pa.array(marks)], schema=schema), waiting, compression="zstd")


def read_profile(path: Path) -> Profile:
    """Read what write_profile wrote."""
    table = pq.read_table(path)
    head = json.loads(table.schema.metadata[HEAD])
    ends = np.cumsum(list(head["rows"].values()))
    parts = np.split(table["marks"].to_numpy(), ends[:-1]) if len(ends) else []
    return Profile(
        problems=tuple(Problem.from_json(problem) for problem in head["problems"]),
        mark_codes=tuple(head["mark_codes"]),
        marks=dict(zip(head["rows"], parts, strict=True)),
        token_lengths=head["token_lengths"],
    )
