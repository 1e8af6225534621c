"""What to do about a job that failed: why it may have happened, and the next steps, each a click away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from jobs.queue import JobView
from studio.pages import layout, links
from studio.pages.train.fields import write_value
from studio.pages.words import words_of
from studio.training.soundness import lower_rate

W = words_of("failures")
RETRY, LOG = "retry", "log"  # what the page itself does
SHORTEST_TOKENS = 16
UNKNOWN = ("log", "retry", "recipe")

# The steps for each code that a job can end with, the most promising first; those that do not fit the kind
# of job are left out.
STEPS: dict[str, tuple[str, ...]] = {
    "out_of_memory": ("half_length", "smaller", "frozen", "half_batch", "close"),
    "killed": ("half_batch", "half_length", "smaller", "close", "log"),
    "diverged": ("lower_rate", "data", "log"),
    "hung": ("log", "retry"),
    "lost": ("log", "half_batch", "retry"),
    "not_found": ("other", "data", "form", "file", "retry"),
    "unavailable": ("retry", "other", "form", "log"),
    "damaged": ("other", "data", "retry", "log"),
    "invalid_input": ("form", "file", "recipe", "other", "data", "retry"),
    "conflict": ("recipe", "form", "retry"),
    "too_large": ("form", "file", "data", "log"),
    "not_kept": ("form_again",),
    "work_failed": UNKNOWN,
    "no_result": UNKNOWN,
    "stopped": UNKNOWN,
    "exit": UNKNOWN,
    "error": UNKNOWN,
    "queue_error": UNKNOWN,
    "unexpected": UNKNOWN,
}


@dataclass(frozen=True)
class Step:
    """One thing to do, with what it brings; it leads to an ``address`` or asks the page for an ``action``."""

    label: str
    note: str
    address: str = ""
    action: str = ""


def advice(job: JobView) -> Markup:
    """Why a failed job may have failed, and what to do next, in order."""
    code = job.error.code if job.error else ""
    known = code if code in STEPS else "unexpected"
    steps = steps_for(job, known)
    return Markup(
        '<p class="s-text">{}</p><h3 class="s-next-title">{}</h3><ol class="s-next">{}</ol>'
    ).format(W.why[known], W.title, layout.join(render_step(step, first=step is steps[0]) for step in steps))


def render_step(step: Step, first: bool) -> Markup:
    """One step as a link or a button with its note; the first one stands out."""
    if step.address:
        shown = layout.button_link(step.label, step.address, primary=first)
    else:
        shown = layout.action_button(step.label, step.action, "primary" if first else "")
    return Markup("<li>{}<span>{}</span></li>").format(shown, step.note)


def steps_for(job: JobView, code: str) -> list[Step]:
    """The steps for a code that fit the job."""
    found = (make_step(name, job) for name in STEPS[code])
    return [step for step in found if step is not None]


def make_step(name: str, job: JobView) -> Step | None:
    """One step for a job, or None where it does not fit."""
    words = W.steps[name]
    if name in {"retry", "close", "log"}:
        return Step(str(words.label), str(words.note), action=LOG if name == "log" else RETRY)
    if name in PLACES:
        address, values = PLACES[name](job), {"name": job.payload.get("dataset")}
        return Step(words.label.say(**values), str(words.note), address) if address else None
    changes = CHANGES[name](job.payload.get("recipe") or {}) if job.kind == "train" else {}
    if not changes:
        return None
    values = {"value": write_value(*changes.values())}
    return Step(words.label.say(**values), str(words.note), train_link(job, **changes))


def train_link(job: JobView, **changes: Any) -> str:
    """The Train page with the recipe of a job, some of it changed."""
    return links.link(
        "train", **{"from": job.id}, **{name: write_value(value) for name, value in changes.items()}
    )


def other_checkpoint(job: JobView) -> str:
    """Where another checkpoint is chosen for the same work."""
    if job.kind not in {"train", "fetch"}:
        return ""
    return links.link("train", dataset=job.payload.get("dataset"))


PLACES: dict[str, Callable[[JobView], str]] = {
    "smaller": other_checkpoint,
    "other": other_checkpoint,
    "recipe": lambda job: train_link(job) if job.kind == "train" else "",
    "data": lambda job: (
        links.link("data", dataset=job.payload["dataset"])
        if job.payload.get("dataset") and job.kind != "import"
        else ""
    ),
    "form": lambda job: links.link("data", new=1) if job.kind in {"import", "profile"} else "",
    "form_again": lambda job: links.link("results", model=job.payload.get("model"), tab="recipe"),
    "file": lambda job: (
        links.link("predict", model=job.payload.get("model")) if job.kind == "predict" else ""
    ),
}


def half_of(field: str, at_least: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A change that halves a whole number of a recipe, down to a limit."""

    def change(recipe: dict[str, Any]) -> dict[str, Any]:
        half = int(recipe.get(field) or 0) // 2
        return {field: half} if half >= at_least else {}

    return change


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "half_batch": half_of("batch_size", 1),
    "half_length": half_of("max_length", SHORTEST_TOKENS),
    "lower_rate": lambda recipe: {"learning_rate": lower_rate(recipe.get("learning_rate") or 1e-4)},
    "frozen": lambda recipe: {} if recipe.get("method") == "frozen" else {"method": "frozen"},
}
