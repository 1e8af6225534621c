"""Write the pages that list what the code declares: commands, recipe fields, metrics. Run by `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from studio.cli.main import app
from studio.metrics.registry import METRICS
from studio.tasks.registry import TASKS
from studio.training.recipe import field_specs

FOLDER = Path(__file__).resolve().parent


def commands_page() -> str:
    """Every command with its options."""
    lines = [
        "# Commands",
        "",
        "`python -m studio VERB ...`. `--home DIR` chooses where everything is kept and `--json` prints",
        "one JSON value; both may stand anywhere. Exit codes: 0 done; 1 the work failed; 2 the request was",
        "wrong; 130 interrupted. An error's message and hint stand on stderr, with `--json` too: stdout then",
        "stays empty, or holds the job that failed.",
        "",
        "A folder that `--home` or `STUDIO_HOME` names, and that is not there, is made by `serve`, `worker`,",
        "`restore`, `doctor`, `dataset import` and `sample`, and by the commands on checkpoints; all others",
        "refuse it, as it may be mistyped.",
        "",
        "A command that waits for a job names it on stderr, and in a terminal shows how far it is. Ctrl+C",
        "ends the waiting alone: the job goes on where a worker runs, else it waits, and the command says",
        "how to go on with it.",
        "",
        "Written by `make docs` from the code.",
    ]
    for name, command in walk(typer.main.get_command(app), ""):
        lines += ["", f"## {name}", "", one_line(command.help), ""]
        for parameter in command.params:
            lines.append(describe_parameter(parameter))
    return "\n".join(lines).rstrip() + "\n"


def walk(command: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Commands with their whole names, groups opened."""
    children = getattr(command, "commands", None)
    if children is None:
        yield prefix, command
        return
    for name, child in children.items():
        yield from walk(child, f"{prefix} {name}".strip())


def describe_parameter(parameter: Any) -> str:
    """One list item."""
    words = one_line(getattr(parameter, "help", "") or "")
    if parameter.param_type_name == "option":
        shown = ", ".join(f"`{flag}`" for flag in parameter.opts)
        default = parameter.default
        extra = (
            f" Default: `{default}`."
            if isinstance(default, str | int | float) and default is not False
            else ""
        )
        return f"* {shown}: {words}{extra}"
    return f"* `{parameter.metavar or parameter.name}`: {words}"


def one_line(text: str | None) -> str:
    """The text without line breaks."""
    return " ".join((text or "").split())


def recipe_page() -> str:
    """Every recipe field."""
    lines = [
        "# Recipe fields",
        "",
        "Set one with `train --set field=value`, in the form under Advanced, or as `recipe` over HTTP.",
        "A preset fills them in; see [presets](presets.md). Written by `make docs` from the code.",
        "",
        "| field | title | allowed | default | what it does |",
        "|---|---|---|---|---|",
    ]
    for spec in field_specs():
        default = "the checkpoint's own" if spec.default is None else f"{spec.default}"
        unit = f" ({spec.unit})" if spec.unit else ""
        lines.append(f"| `{spec.name}` | {spec.title} | {spec.allowed}{unit} | {default} | {spec.help} |")
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Every metric, and the tasks that show it."""
    without = " and ".join(f"`{metric.name}`" for metric in METRICS.values() if not metric.has_interval)
    lines = [
        "# Metrics",
        "",
        "Intervals are 95 %: Wilson's for accuracy, and for others where all or none is right; else a seeded",
        "bootstrap over rows;",
        f"{without} has none.",
        "Written by `make docs` from the code.",
        "",
        "| metric | title | best | shown for | what it says |",
        "|---|---|---|---|---|",
    ]
    for metric in METRICS.values():
        tasks = ", ".join(task.key for task in TASKS.values() if metric.name in task.metrics)
        lines.append(f"| `{metric.name}` | {metric.title} | {metric.best} | {tasks} | {metric.help} |")
    return "\n".join(lines) + "\n"


PAGES = {"commands.md": commands_page, "recipe.md": recipe_page, "metrics.md": metrics_page}


def main() -> int:
    """Write all pages."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
