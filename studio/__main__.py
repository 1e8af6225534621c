"""python -m studio."""

from __future__ import annotations

import sys

try:
    from studio.cli.main import main
except ModuleNotFoundError as error:
    if str(error.name).partition(".")[0] in {"studio", "jobs"}:
        raise
    sys.exit(
        f"The package '{error.name}' is not installed in this Python. Run `make setup` and then "
        "`. .venv/bin/activate`, or `pip install -r requirements.txt`."
    )

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
