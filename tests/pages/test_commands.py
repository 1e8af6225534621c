"""Commands to copy find, in a new terminal, the home that their page belongs to."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

from studio.bootstrap import Studio, open_studio
from studio.pages.commands import command_piece, naming_home
from studio.pages.predict import chosen
from studio.pages.results import recipe
from studio.pages.train.desk import TrainDesk
from studio.pages.train.wish import Wish
from studio.services.datasets import ImportRequest
from studio.settings import Settings, usual_home
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model

HERE = Path(__file__).parents[2]


def copied(html: str) -> list[str]:
    """What the buttons of a piece copy."""
    return [unescape(text) for text in re.findall(r'data-copy="([^"]*)"', html)]


def test_a_copied_command_finds_its_home_in_a_new_terminal(tmp_path: Path) -> None:
    home = tmp_path / "my texts; and $more"
    with contextlib.closing(open_studio(Settings(home=home))) as studio:
        table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
        studio.datasets.import_file(ImportRequest(path=table, name="small"))
    (command,) = copied(command_piece("python -m studio dataset list --json", "Command", home))
    environment = {key: value for key, value in os.environ.items() if key != "STUDIO_HOME"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", command], cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    assert [each["name"] for each in json.loads(ran.stdout)] == ["small"], ran.stderr


def test_a_command_of_the_usual_home_says_nothing_of_it() -> None:
    assert naming_home("python -m studio worker", usual_home()) == "python -m studio worker"
    assert Settings(home=usual_home()).home == usual_home()


def test_every_page_names_the_home_in_the_commands_it_offers(studio: Studio, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    model = keep_model(studio, "small", "first")
    home, usage = studio.settings.home, studio.models.usage("first")
    pieces = [
        recipe.render_usage(usage, home),
        recipe.render_origin(model, home),
        chosen.render_usage(usage, home),
        TrainDesk(studio).show(Wish(dataset="small")).planned.command,
    ]
    for piece in pieces:
        commands = [text for text in copied(str(piece)) if "python -m studio" in text]
        assert len(commands) == 1
        assert f"python -m studio --home {home} " in commands[0]
