"""Gradients are scaled down together to a norm, and left alone where it is smaller."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from studio.training.clipping import clip_gradients

pytestmark = pytest.mark.slow


def make_parameters(numbers: int = 3_000_000) -> list[nn.Parameter]:
    """A large table, a matrix whose gradient stands on its side, a bias, and one that learns nothing."""
    drawn = torch.Generator().manual_seed(0)
    gradients = [
        torch.randn(numbers // 300, 300, generator=drawn),
        torch.randn(30, 40, generator=drawn).T,
        torch.randn(40, generator=drawn),
        None,
    ]
    parameters = [nn.Parameter(torch.zeros(2 if one is None else one.shape)) for one in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return parameters


def norm_of(parameters: list[nn.Parameter]) -> float:
    """The norm of all gradients, in 64 bits."""
    found = [parameter.grad.double().flatten() for parameter in parameters if parameter.grad is not None]
    return float(torch.cat(found).norm())


def test_a_larger_norm_becomes_the_most_and_the_direction_stays() -> None:
    parameters, as_before = make_parameters(), make_parameters()
    before = norm_of(parameters)
    clip_gradients(iter(parameters), 1.5)
    assert norm_of(parameters) == pytest.approx(1.5, rel=1e-4)
    for found, expected in zip(parameters[:3], as_before, strict=False):
        assert torch.allclose(found.grad, expected.grad * 1.5 / before, rtol=1e-4, atol=0)
    assert parameters[3].grad is None


def test_a_smaller_norm_is_left_alone() -> None:
    parameters, as_before = make_parameters(), make_parameters()
    clip_gradients(parameters, norm_of(parameters) * 1.01)
    for found, expected in zip(parameters[:3], as_before, strict=False):
        assert torch.equal(found.grad, expected.grad)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_what_is_no_number_is_not_hidden(bad: float) -> None:
    parameters = make_parameters(3000)
    parameters[1].grad[0, 0] = bad
    clip_gradients(parameters, 1.0)
    assert not torch.isfinite(parameters[1].grad).all()
