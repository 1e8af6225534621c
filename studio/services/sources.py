"""Tables from elsewhere: web addresses, hub datasets, and folders that the operator opened."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jobs.durable import temporary_name
from studio.data.importing import ImportRequest
from studio.data.readers import Progress
from studio.data.sources import Fetched, ServerTable, SourceRules, fetch_source, is_address, list_tables
from studio.data.splits import SplitPlan
from studio.settings import Settings

__all__ = ["SourceService", "is_address", "with_source"]


class SourceService:
    """The verbs on sources."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def rules(self) -> SourceRules:
        """What this installation allows."""
        settings = self._settings
        return SourceRules(
            max_bytes=settings.max_upload_bytes,
            private_hosts=settings.private_url_hosts,
            folders=settings.data_folders,
            hub_endpoint=settings.hub_endpoint,
            hub_token=settings.hub_token,
            offline=settings.offline,
        )

    def tables(self) -> list[ServerTable]:
        """Tables in the folders of this machine that the operator opened."""
        return list_tables(self._settings.data_folders)

    def fetch(self, address: str, folder: Path, progress: Progress | None = None) -> Fetched:
        """Bring a table into a folder, which is made; one that is on this machine stays where it is.

        Raises InvalidInput, NotFound, TooLarge or Unavailable, each with a sentence; the folder is gone then.
        """
        folder.mkdir(parents=True)
        try:
            return fetch_source(address, self.rules, folder, progress or no_progress)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @contextmanager
    def fetched(self, address: str, progress: Progress | None = None) -> Iterator[Fetched]:
        """The table at an address, for as long as the block lasts."""
        folder = temporary_name(self._settings.uploads_dir / "fetched")
        try:
            yield self.fetch(address, folder, progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def no_progress(_share: float, _sentence: str) -> None:
    """For callers who do not ask."""


def with_source(request: ImportRequest, fetched: Fetched) -> ImportRequest:
    """The request on a fetched table; splits it came with are kept unless another way is asked for."""
    plan = request.division
    if fetched.split_column and plan.kind == "ratios":
        plan = SplitPlan("column", plan.ratios, plan.seed, fetched.split_column, plan.stratified)
    return replace(request, path=fetched.path, file_name=fetched.name, plan=plan)
