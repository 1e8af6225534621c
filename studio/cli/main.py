"""The command line's entry: common options, the groups of commands, and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from jobs.errors import CannotWrite
from studio import __version__
from studio.cli import checkpoints, datasets, jobs, keeping, models, running, training
from studio.cli.output import Context, print_error, say
from studio.errors import Interrupted, StudioError, Unavailable

HOME_HELP = "Folder in which everything is kept (default: STUDIO_HOME, or the user's data folder)."
JSON_HELP = "Print one JSON value on stdout and nothing else."

app = typer.Typer(
    name="python -m studio",
    help="Encoder Studio: fine-tune encoders on your own tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(datasets.app, name="dataset")
app.add_typer(checkpoints.app, name="checkpoint")
app.add_typer(jobs.app, name="job")
app.add_typer(models.app, name="model")
running.register(app)
training.register(app)
keeping.register(app)


@app.callback()
def common(
    context: typer.Context,
    home: Annotated[str | None, typer.Option(help=HOME_HELP)] = None,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Options that may stand anywhere in the command."""
    context.obj = Context(home=home, as_json=json)


@app.command()
def version(context: typer.Context) -> None:
    """Print the studio's version."""
    context.obj.show({"version": __version__}, __version__)


def hoist_common_options(arguments: Sequence[str]) -> list[str]:
    """Move --json and --home to the front, so that they may stand anywhere.

    >>> hoist_common_options(["dataset", "list", "--json", "--home", "here"])
    ['--json', '--home', 'here', 'dataset', 'list']
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = list(arguments)
    while remaining:
        argument = remaining.pop(0)
        if argument == "--":
            rest += [argument, *remaining]
            break
        if argument == "--json" or argument.startswith("--home="):
            front.append(argument)
        elif argument == "--home" and remaining:
            front += [argument, remaining.pop(0)]
        elif argument in {"--text", "--input"} and remaining:
            rest += [argument, remaining.pop(0)]
        else:
            rest.append(argument)
    return front + rest


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 done, 1 the work failed, 2 the request was wrong, 130 interrupted."""
    try:
        app(hoist_common_options(arguments), standalone_mode=True)
    except StudioError as error:
        print_error(error)
        return error.exit_code
    except CannotWrite as error:
        print_error(Unavailable(error.message, error.hint))
        return Unavailable.exit_code
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 0
        if code == Interrupted.exit_code:  # typer's word for Ctrl+C
            say("Interrupted.")
        return code
    except KeyboardInterrupt:  # before typer listens, or after
        say("Interrupted.")
        return Interrupted.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:  # noqa: BLE001 - the command line's one boundary: a sentence, and the trace for a report
        traceback.print_exc()
        say(f"The studio could not finish this: {type(error).__name__}. This is a fault of the studio.")
        return 1
    return 0
