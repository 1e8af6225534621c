"""Learning from one batch: its gradients in parts that fit the memory, then a step of the optimizer.

Where several processes train one model, each has a learner of its own. The first is told by the trainer what
to do, and tells the others before it does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studio.errors import ran_out_of_memory
from studio.execution.answers import predict_rows
from studio.execution.devices import computing_in, moved
from studio.execution.executors import PackedExecutor, grouped_logits
from studio.execution.memory import give_back
from studio.execution.parts import Limits
from studio.execution.recording import Recordings
from studio.execution.rows import EncodedRows
from studio.ragged import flatten, spread
from studio.training.adapters import learning_groups
from studio.training.clipping import clip_gradients
from studio.training.lesson import Lesson
from studio.training.losses import LOSSES, class_weights, share_of_loss
from studio.training.snapshot_state import learnt_of, load_tensors, reserve_moments
from studio.training.team import Team


class Learner:
    """A model with its optimizer; what has a ``tell`` in it is done by all processes at once."""

    def __init__(self, model: Any, lesson: Lesson, team: Team) -> None:
        self.model = model
        self.lesson = lesson
        self.team = team
        self.device = torch.device(lesson.placement.device)
        groups = learning_groups(model, lesson.recipe)
        self.rates = [group["lr"] for group in groups]
        self.optimizer = torch.optim.AdamW(groups, fused=True)
        reserve_moments(self.optimizer)
        self.scaler = torch.amp.GradScaler("cuda", enabled=lesson.placement.precision == "fp16")
        self.loss = LOSSES[lesson.task.problem]
        weights = None
        if self.loss.has_labels:
            weights = class_weights(lesson.recipe, lesson.train_rows.targets, lesson.outputs)
        self.class_weights = None if weights is None else weights.to(self.device)
        self.recomputes = False
        self.recordings = self._recordings()
        model.train()

    def take_step(
        self, numbers: np.ndarray, rows_at_once: int, recomputes: bool, rate: float, step: int
    ) -> torch.Tensor | None:
        """Learn from one batch; return its mean loss and the count of right answers, as one tensor.

        ``rate`` is the share of the full learning rates; with ``recomputes`` the results of layers are not
        kept for the backward pass. None, and nothing is learnt, where the memory does
        not suffice to compute ``rows_at_once`` together.
        """
        self.team.tell("take_step", numbers, rows_at_once, recomputes, rate, step)
        self.set_recomputing(recomputes)
        if self.team.rank:
            # The first draws its dropout from numbers that snapshots keep; the others begin each step anew.
            torch.manual_seed(hash((self.lesson.recipe.seed, self.team.rank, step)))
        sums = self.collect_gradients(numbers, rows_at_once)
        if not self.team.all_agree(sums is not None) or sums is None:
            self.let_go()
            return None
        if self.team.size > 1:
            self.team.add_up([*self.gradients(), sums])
        for group, full_rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = full_rate * rate
        self.scaler.unscale_(self.optimizer)
        if self.lesson.recipe.gradient_clipping:
            clip_gradients(self.model.parameters(), self.lesson.recipe.gradient_clipping)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return sums

    def _recordings(self) -> Recordings | None:
        """Recordings of parts where kernels are started slower than they run: short rows on a card."""
        lesson, executor = self.lesson, self.lesson.executor
        on_card = lesson.placement.device == "cuda" and lesson.placement.precision == "bf16"
        rows = lesson.train_rows
        if not on_card or self.team.size > 1 or rows.sequences is not None or rows.questions is not None:
            return None
        if not isinstance(executor, PackedExecutor):
            return None
        return Recordings(
            executor.packed, self.model, self.learn_from, lesson.max_length, lesson.placement.precision
        )

    def let_go(self) -> None:
        """Give back the memory that only learning takes."""
        self.recordings = None
        self.optimizer.zero_grad(set_to_none=True)
        give_back()

    @property
    def can_recompute(self) -> bool:
        """Whether the encoder can do without keeping the results of its layers."""
        return bool(getattr(self.model, "supports_gradient_checkpointing", False))

    def set_recomputing(self, wanted: bool) -> None:
        """Keep the results of layers for the backward pass, or compute them anew there."""
        wanted = wanted and self.can_recompute
        if wanted and not self.recomputes:
            self.model.activation_checkpointing_enable({"use_reentrant": False})
        elif self.recomputes and not wanted:
            self.model.activation_checkpointing_disable()
        self.recomputes = wanted

    def gradients(self) -> Iterator[torch.Tensor]:
        """Those of all weights that learn, nothing where this process of several had no rows."""
        for parameter in learnt_of(self.model).values():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            yield parameter.grad

    def collect_gradients(self, numbers: np.ndarray, rows_at_once: int) -> torch.Tensor | None:
        """Leave the gradients of this process's rows of a batch; return their loss and right answers."""
        self.optimizer.zero_grad(set_to_none=self.recordings is None)
        sums = torch.zeros(2, device=self.device)
        in_batch = len(self.lesson.train_rows.targets_of(numbers))
        try:
            for part in self.parts_of(numbers, rows_at_once):
                sums += self.learn_part(part, in_batch)
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
            if self.recordings is None:
                return None
            self.let_go()  # what recordings keep may be what is missing
            return self.collect_gradients(numbers, rows_at_once)
        return sums

    def parts_of(self, numbers: np.ndarray, rows_at_once: int) -> Iterator[np.ndarray]:
        """Cut the rows of this process into parts that fit the memory and are computed fast."""
        lengths = self.lesson.train_rows.lengths[numbers]
        own = self.team.share_of(lengths)
        # Where fewer rows fit, fewer tokens do: a limit on rows alone would leave a part of few long rows.
        tokens = self.lesson.executor.tokens * rows_at_once // self.lesson.recipe.batch_size
        limits = Limits(rows_at_once, tokens)
        for places in self.lesson.executor.cut(lengths[own], limits):
            yield numbers[own[places]]

    def learn_part(self, numbers: np.ndarray, in_batch: int) -> torch.Tensor:
        """Add the gradients of some rows of a batch; return their share of its loss, and right answers."""
        rows = self.lesson.train_rows
        if self.recordings is not None and not self.recomputes:
            sums = self.recordings.learn(rows, numbers, in_batch)
            if sums is not None:
                return sums
        targets = moved(torch.from_numpy(rows.targets_of(numbers)), self.device)
        with computing_in(self.lesson.placement.precision, self.device.type):
            logits = grouped_logits(self.lesson.executor, self.model, rows, numbers)
        return self.learn_from(logits, targets, in_batch)

    def learn_from(self, logits: torch.Tensor, targets: torch.Tensor, in_batch: int) -> torch.Tensor:
        """Add the gradients of some rows of a batch whose logits are known."""
        logits = logits.float()
        loss = share_of_loss(self.loss.of_rows(logits, targets), targets, self.class_weights, in_batch)
        self.scaler.scale(loss).backward()
        right = self.loss.right(logits.detach(), targets).sum() if self.loss.right else loss.new_zeros(())
        return torch.stack([loss.detach(), right.to(loss.dtype)])

    def validation_logits(self, progress: Callable[[int], None] | None = None) -> np.ndarray:
        """Logits of the validation rows, as predict_rows gives them.

        ``progress`` hears how many are answered here.
        """
        self.team.tell("validation_logits")
        own, rows = self._own_validation
        everyone = self.lesson.validation_rows
        logits = everyone.room(self.lesson.outputs)
        with computing_in(self.lesson.placement.precision, self.device.type):
            found = predict_rows(self.lesson.executor, self.model, rows, progress=progress)
        logits[own] = widen(found, logits)
        if not len(everyone):
            return logits
        flat = flatten(logits)
        self.team.add_up([torch.from_numpy(flat)])
        return flat if everyone.questions is None else spread(flat, everyone.questions)

    def mean_loss(self, outputs: np.ndarray) -> float:
        """The mean loss of the validation rows, at least one, whatever the weights of their labels."""
        rows = self.lesson.validation_rows
        given = (rows.outputs_in(outputs), rows.targets_of(np.arange(len(rows))))
        return float(self.loss.of_rows(*map(torch.from_numpy, given)).mean())

    @property
    def loss_of_guessing(self) -> float:
        """What one who knows nothing loses in the mean of the dearest rows."""
        heaviest = 1.0 if self.class_weights is None else float(self.class_weights.max())
        if self.loss.scales:
            # The batch with the numbers farthest off costs the most.
            squares = np.sort(self.lesson.train_rows.targets.astype(np.float64) ** 2)
            heaviest = float(squares[-self.lesson.recipe.batch_size :].mean())
        return self.loss.of_guessing(self.lesson.outputs) * max(1.0, heaviest)

    @cached_property
    def _own_validation(self) -> tuple[np.ndarray, EncodedRows]:
        """Which validation rows this process answers, and they themselves; the same after every epoch."""
        rows = self.lesson.validation_rows
        own = self.team.share_of(rows.lengths)
        return own, rows if self.team.size == 1 else rows.chosen(own)

    def go_on_from(self, folder: Path, scaler: dict[str, Any]) -> None:
        """Take up weights and moments from a snapshot's folder, which may go once all have read it."""
        self.team.tell("go_on_from", folder, scaler)
        load_tensors(folder, self.model, self.optimizer)
        self.scaler.load_state_dict(scaler)
        self.team.all_agree(True)


def widen(found: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Logits of some rows as wide as those of all, minus infinity for what no row of theirs has.

    >>> widen(np.zeros((1, 2)), np.zeros((5, 3))).tolist()
    [[0.0, 0.0, -inf]]
    """
    if found.ndim < 2:
        return found
    return np.pad(found, ((0, 0), (0, like.shape[1] - found.shape[1])), constant_values=-np.inf)
