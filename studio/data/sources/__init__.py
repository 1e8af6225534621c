"""Tables from elsewhere: a web address, a Hugging Face dataset, a folder that the operator allowed."""

from studio.data.sources.fetching import fetch_source, is_address
from studio.data.sources.folders import ServerTable, list_tables
from studio.data.sources.rules import Fetched, SourceRules

__all__ = ["Fetched", "ServerTable", "SourceRules", "fetch_source", "is_address", "list_tables"]
