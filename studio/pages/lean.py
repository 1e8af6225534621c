"""Gradio's app, without what it makes and keeps for parts of a page that an event leaves as they are."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import gradio as gr

SKIPPED = gr.skip()


class LeanBlocks(gr.Blocks):
    """A Gradio app in which a skipped part costs nothing, and an open page keeps no parts beside its own.

    Gradio 6 makes another component for each answer that sets properties, even for one that sets none, with a
    number of its own; where a value follows, it is kept under that number as long as the page is.
    """

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """Turn what an event's function returned into what the browser is sent, one for each output."""
        many = isinstance(predictions, Sequence) and len(predictions) == len(block_fn.outputs) > 1
        if not many:
            answers = await super().postprocess_data(block_fn, predictions, state)
        else:
            answers = await self._answer_told(block_fn, predictions, state)
        if state is not None:
            self._forget_copies(state)
        return answers

    async def _answer_told(self, block_fn: Any, predictions: Sequence[Any], state: Any) -> list[Any]:
        told = [place for place, each in enumerate(predictions) if not is_skipped(each)]
        answers: list[Any] = [SKIPPED] * len(predictions)
        if told:
            part = copy.copy(block_fn)
            part.outputs = [block_fn.outputs[place] for place in told]
            values = [predictions[place] for place in told]
            found = await super().postprocess_data(part, values if len(told) > 1 else values[0], state)
            for place, answer in zip(told, found, strict=True):
                answers[place] = answer
        return answers

    def _forget_copies(self, state: Any) -> None:
        """Let go of the components of an open page that are not the app's own."""
        for number in state.blocks_config.blocks.keys() - self.default_config.blocks.keys():
            del state.blocks_config.blocks[number]
            state.config_values.pop(number, None)


def is_skipped(prediction: Any) -> bool:
    """Whether it is what ``gr.skip()`` gives."""
    return isinstance(prediction, dict) and prediction == SKIPPED
