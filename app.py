"""Start the studio: pages, API and worker on this machine."""

from __future__ import annotations

import sys

from studio.server import ServeOptions, serve
from studio.settings import Settings

if __name__ == "__main__":
    sys.exit(serve(Settings.from_environment(), ServeOptions()))
