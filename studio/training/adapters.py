"""What of the encoder is trained (all, LoRA's additions, or only the head), and with how much dropout."""

from __future__ import annotations

from typing import Any

from peft import LoraConfig, TaskType, get_peft_model
from torch import nn

from studio.errors import InvalidInput
from studio.training.recipe import Recipe

# Last part of the names of the linear layers that attention consists of, over all families.
ATTENTION_LAYERS = frozenset(
    [
        *("query", "key", "value"),  # bert, roberta, electra, albert, ernie
        *("q_lin", "k_lin", "v_lin", "out_lin"),  # distilbert
        *("query_proj", "key_proj", "value_proj"),  # deberta
        *("q_head", "k_head", "v_head"),  # funnel
        *("q", "k", "v", "o"),  # mpnet
        *("Wqkv", "Wo"),  # modernbert
        *("q_proj", "k_proj", "v_proj"),
    ]
)
DROPOUT_ATTRIBUTES = ("drop_prob", "dropout_prob", "attention_dropout")


def set_dropout(model: nn.Module, share: float) -> None:
    """Set every dropout of encoder, attention and head, in the modules and in the config."""
    for key, value in model.config.to_dict().items():
        # Families name it hidden_dropout_prob, attention_dropout, qa_dropout, ...; None follows another.
        if "dropout" in key and (value is None or isinstance(value, float | int)):
            setattr(model.config, key, share)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        # DeBERTa has a dropout of its own, and ModernBERT keeps that of attention as a number.
        for name in DROPOUT_ATTRIBUTES:
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, share)


def prepare_method(model: Any, recipe: Recipe) -> Any:
    """Return the model with those weights trainable that the recipe's method trains."""
    if recipe.method == "lora":
        return add_lora(model, recipe)
    if recipe.method == "frozen":
        freeze_encoder(model)
    return model


def encoder_of(model: Any) -> nn.Module:
    """Return the encoder below the head."""
    return getattr(model, model.base_model_prefix)


def is_head(name: str, prefix: str) -> bool:
    """Tell whether a parameter belongs to the head; BERT's pooler does, though it lives in the encoder.

    >>> is_head("bert.pooler.dense.weight", "bert"), is_head("bert.encoder.layer.0.output.bias", "bert")
    (True, False)
    """
    return not name.startswith(prefix + ".") or name.startswith(prefix + ".pooler.")


def freeze_encoder(model: Any) -> None:
    """Let only the head learn; the encoder stays in evaluation mode, so that its answers do not flicker."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(is_head(name, model.base_model_prefix))
    # The trainer puts the whole model into training mode at every step; the encoder leaves it again here.
    # Without trainable weights and in this mode its pass records nothing for a backward pass.
    encoder_of(model).register_forward_pre_hook(lambda module, _inputs: module.eval() and None)


def learning_groups(model: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """Divide the weights that learn into groups for AdamW, each with its learning rate and weight decay.

    A new head starts from random numbers and needs larger steps than an encoder that knows its language;
    biases and norms are not pulled towards zero.
    """
    head_rate = recipe.learning_rate * (recipe.head_factor if recipe.method == "full" else 1.0)
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            key = (is_head(name, model.base_model_prefix), parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": head_rate if of_head else recipe.learning_rate,
            "weight_decay": recipe.weight_decay if decays else 0.0,
        }
        for (of_head, decays), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def add_lora(model: Any, recipe: Recipe) -> Any:
    """Wrap the model so that only low-rank additions to attention, and the head, learn.

    Raises InvalidInput where no attention layers of a known name are found.
    """
    prefix = model.base_model_prefix
    targets = sorted(
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and name.startswith(prefix + ".")
        and name.rpartition(".")[2] in ATTENTION_LAYERS
    )
    if not targets:
        raise InvalidInput(
            f"LoRA does not know the attention layers of '{model.config.model_type}' encoders.",
            "Choose the method full or frozen, or another checkpoint.",
        )
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=0.1 if recipe.dropout is None else recipe.dropout,
        target_modules=targets,
        modules_to_save=head_modules(model),
    )
    return get_peft_model(model, config)


def head_modules(model: Any) -> list[str]:
    """Name the modules of the head that LoRA trains whole."""
    prefix = model.base_model_prefix
    names = [name for name, _ in model.named_children() if name != prefix]
    with_weights = [name for name in names if any(True for _ in getattr(model, name).parameters())]
    pooler = getattr(encoder_of(model), "pooler", None)
    return [*with_weights, f"{prefix}.pooler"] if isinstance(pooler, nn.Module) else with_weights


def plain_model(model: Any) -> Any:
    """Return an ordinary model: LoRA's additions merged into the weights."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """Count weights: all, and those that learn."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, _ in sizes), sum(size for size, learns in sizes if learns)
