"""The last layer of an encoder whose head looks at the first token of each row, and at nothing else.

What that layer does after its attention it does for each token alone, and so need not do for the others: two
thirds of its products. Answers and gradients stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from studio.errors import ran_out_of_memory
from studio.execution.heads import OF_EVERY_TOKEN, has_head
from studio.execution.probing import answer_one_by_one, are_alike, evaluating, probed_rows

# The parts of a layer that end with the sum after its attention: of DistilBERT, and of the others.
PARTS_AFTER_ATTENTION = ("sa_layer_norm", "attention")


def stack_of(model: Any) -> Any:
    """The layers of a model's encoder; AttributeError where they have no name that is known."""
    encoder = model.base_model
    return encoder.encoder if hasattr(encoder, "encoder") else encoder.transformer


def last_to_see_others(stack: Any) -> nn.Module | None:
    """The part of the last layer after which it looks at each token alone; None where it is not known.

    Layers that are used several times, such as ALBERT's, are not in a list of that name.
    """
    layers = getattr(stack, "layer", None)
    parts = [getattr(layers[-1], name, None) for name in PARTS_AFTER_ATTENTION] if layers else []
    return next((part for part in parts if part is not None), None)


def keep_firsts_of_packs(stack: Any) -> list[RemovableHandle]:
    """Have a stack give the first tokens of packed rows, (rows, 1, width), and end with those if it can.

    With ``firsts_only`` the last attention is told that nobody looks at other tokens. A stack computes one
    pack at a time: which it is, is noted by hooks within the last layer, since those of a layer itself do not
    run where its results are computed anew for the backward pass.
    """
    part = last_to_see_others(stack)
    packs: list[Any] = []

    def note(_attention: Any, inputs: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        packs[:] = [named["pack"]] if "pack" in named else []
        return inputs, {**named, "firsts_only": True} if packs else named

    def cut(_part: Any, _inputs: Any, output: Any) -> Any:
        if not packs:
            return output
        starts = packs.pop().starts
        return replace_states(output, lambda states: states[:, starts])

    def give(_stack: Any, _inputs: Any, named: dict[str, Any], output: Any) -> Any:
        if "pack" not in named:
            return output
        starts = named["pack"].starts if part is None else slice(None)
        return replace_states(output, lambda states: states[0, starts].unsqueeze(1))

    hooks = [stack.register_forward_hook(give, with_kwargs=True)]
    if part is not None:
        attention = stack.layer[-1].attention
        hooks += [
            attention.register_forward_pre_hook(note, with_kwargs=True),
            part.register_forward_hook(cut),
        ]
    return hooks


def end_with_firsts(model: Any) -> RemovableHandle | None:
    """Have the padded rows of a model leave the last attention as first tokens alone.

    None, and nothing changed, where its answers would be others, or its layers have no name that is known.
    Raises RuntimeError where the memory does not suffice to try it.
    """
    if has_head(model, OF_EVERY_TOKEN):
        return None
    with evaluating(model), torch.no_grad():
        try:
            return hook_firsts(model, probed_rows(model))
        except (RuntimeError, TypeError, AttributeError, IndexError, ValueError) as error:
            if ran_out_of_memory(error):
                raise
    return None


def hook_firsts(model: Any, rows: Sequence[torch.Tensor]) -> RemovableHandle | None:
    """The hook that does so, where a model answers rows as it did without; None and no hook elsewhere."""
    part = last_to_see_others(stack_of(model))
    if part is None:
        return None
    expected = answer_one_by_one(model, rows)
    hook = part.register_forward_hook(
        lambda _part, _inputs, output: replace_states(output, lambda states: states[:, :1])
    )
    alike = False
    try:
        alike = are_alike(answer_one_by_one(model, rows), expected)
    finally:
        if not alike:
            hook.remove()
    return hook if alike else None


def replace_states(output: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """What a module gives, with other states: a tensor, a tuple that begins with it, or an output."""
    if torch.is_tensor(output):
        return change(output)
    if isinstance(output, tuple):
        return (change(output[0]), *output[1:])
    output.last_hidden_state = change(output.last_hidden_state)
    return output
