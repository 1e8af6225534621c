"""Dropout on a processor drops as much as PyTorch's, keeps the mean, and is repeated by a seed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from studio.execution.dropout import QuickDropout, drop, quicken_dropout

pytestmark = pytest.mark.slow
NUMBERS = torch.ones(401, 503)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("number_format", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_the_share_is_dropped_and_the_mean_stays(share: float, number_format: torch.dtype) -> None:
    torch.manual_seed(0)
    found = drop(NUMBERS.to(number_format).T, share)
    assert found.dtype == number_format
    dropped = float((found == 0).float().mean())
    assert dropped == pytest.approx(share, abs=5 * (share * (1 - share) / NUMBERS.numel()) ** 0.5)
    assert float(found.float().mean()) == pytest.approx(1.0, abs=0.03)
    assert len(found.unique()) == 2


def test_no_number_is_dropped_for_the_sake_of_its_neighbours() -> None:
    torch.manual_seed(0)
    gone = (drop(torch.ones(1_000_000), 0.1) == 0).float()
    for distance in (1, 2, 3, 4, 8, 503):
        both = float((gone[:-distance] * gone[distance:]).mean())
        assert both == pytest.approx(0.01, abs=5e-4), distance


@pytest.mark.parametrize("share", [0.0, 1e-9, 1.0])
def test_nothing_and_everything_can_be_dropped(share: float) -> None:
    found = drop(NUMBERS, share)
    assert torch.equal(found, torch.zeros_like(NUMBERS) if share == 1.0 else NUMBERS)


def test_it_is_repeated_by_the_seed_of_pytorch_alone() -> None:
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first, second = drop(NUMBERS, 0.3), drop(NUMBERS, 0.3)
    torch.set_rng_state(state)
    assert torch.equal(drop(NUMBERS, 0.3), first) and not torch.equal(first, second)


def test_what_is_dropped_gets_no_gradient() -> None:
    given = torch.rand(50, 7, requires_grad=True)
    found = drop(given, 0.4)
    found.sum().backward()
    assert torch.equal(found.detach(), given.detach() * given.grad)


def test_all_dropout_layers_of_a_model_draw_so_and_only_while_it_learns() -> None:
    inner = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.2))
    model = nn.Sequential(inner, nn.Dropout(0.5), nn.ReLU())
    quicken_dropout(model)
    found = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    assert [type(one) for one in found] == [QuickDropout] * 2 and [one.p for one in found] == [0.2, 0.5]
    assert torch.equal(model.eval()(NUMBERS[:, :8]), model(NUMBERS[:, :8]))
    assert (model.train()(NUMBERS[:, :8]) == 0).any()
