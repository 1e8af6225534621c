"""Start the studio: pages, API and worker on this machine."""

from __future__ import annotations

import sys

from studio.__main__ import main

if __name__ == "__main__":
    options = sys.argv[2:] if sys.argv[1:2] == ["serve"] else sys.argv[1:]
    sys.exit(main(["serve", *options]))
