"""How rows are to be divided: the plan, as a person states it and as a dataset keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast, get_args

from studio.errors import InvalidInput

SPLITS = ("train", "validation", "test")
SUM_TOLERANCE = 1e-6
FEWEST_FOLDS, MOST_FOLDS = 2, 20
Kind = Literal["ratios", "column", "groups", "time", "folds"]
NEEDS_COLUMN = ("column", "groups", "time")
PLAN_CELLS = "plan_cells"
"""The column of an import's rows that holds the cells of the plan's column, "" in files that lack it."""


def check_ratios(ratios: Sequence[float]) -> tuple[float, float, float]:
    """Shares of train, validation and test that add up to 1; percentages are understood.

    >>> check_ratios([80, 10, 10])
    (0.8, 0.1, 0.1)

    Raises InvalidInput for anything else, for a share under 0 and where nothing is left to train on.
    """
    total = float(sum(ratios)) if len(ratios) == 3 else 0.0
    scale = 100.0 if abs(total - 100) < SUM_TOLERANCE * 100 else 1.0
    shares = tuple(float(ratio) / scale for ratio in ratios)
    adds_up = len(shares) == 3 and abs(sum(shares) - 1) <= SUM_TOLERANCE
    if not adds_up or min(shares) < 0 or shares[0] <= 0:
        raise InvalidInput(
            f"{', '.join(f'{ratio:g}' for ratio in ratios)} is no division into three parts.",
            "Give three shares for train, validation and test that add up to 1, such as 0.8,0.1,0.1.",
        )
    return shares[0], shares[1], shares[2]


@dataclass(frozen=True)
class SplitPlan:
    """How rows are divided.

    ``column`` says which part a row belongs to (column), which rows stay together (groups, and folds if
    given) or how old a row is (time). ``fold`` counts from 0: that fold is the test part, and validation
    is cut from the rest by ``ratios``. ``stratified``: each label has about the same share in each part.
    """

    kind: Kind = "ratios"
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    seed: int = 0
    column: str | None = None
    stratified: bool = True
    folds: int = 5
    fold: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "ratios": list(self.ratios)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SplitPlan:
        """Read what to_json wrote."""
        return cls(**{**value, "ratios": tuple(value["ratios"])})

    def checked(self) -> SplitPlan:
        """The plan with ratios that add up to 1; InvalidInput where it cannot be carried out."""
        if self.kind not in get_args(Kind):
            raise InvalidInput(
                f"'{self.kind}' is no way to divide rows.", f"Use {', '.join(get_args(Kind))}."
            )
        if self.kind in NEEDS_COLUMN and not self.column:
            raise InvalidInput(f"No column is named to divide by {self.kind}.", "Name the column.")
        ratios = check_ratios(self.ratios)
        if self.kind != "folds":
            return replace(self, ratios=ratios)
        if not FEWEST_FOLDS <= self.folds <= MOST_FOLDS or not 0 <= self.fold < self.folds:
            raise InvalidInput(
                f"Fold {self.fold + 1} of {self.folds} cannot be made.",
                f"Use {FEWEST_FOLDS} to {MOST_FOLDS} folds.",
            )
        if ratios[1] <= 0:
            raise InvalidInput(
                "Folds need a share for validation.",
                "Give it one, such as 0.8,0.1,0.1; the test share is 1/k.",
            )
        return replace(self, ratios=ratios)


def choose_plan(plan: SplitPlan, columns: Mapping[str, str | None], folds: int | None) -> SplitPlan:
    """The plan of separate wishes: at most one of a split, group and time column; folds may have groups.

    >>> choose_plan(SplitPlan(), {"groups": "customer", "time": None}, 5).kind
    'folds'

    Raises InvalidInput where wishes exclude each other.
    """
    given = {kind: column for kind, column in columns.items() if column}
    if len(given) > 1 or (folds is not None and set(given) - {"groups"}):
        wishes = [WISHES[kind] for kind in given] + (["folds"] if folds is not None else [])
        raise InvalidInput(
            f"Rows cannot be divided by {' and '.join(wishes)} at once.", "Choose one way to divide them."
        )
    column = next(iter(given.values()), None)
    if folds is not None:
        return replace(plan, kind="folds", column=column, folds=folds).checked()
    return replace(plan, kind=cast(Kind, next(iter(given))), column=column) if given else plan


WISHES = {"column": "a split column", "groups": "a group column", "time": "a time column"}


def fold_plans(plan: SplitPlan) -> tuple[SplitPlan, ...]:
    """The plans of the k datasets that a plan with folds makes; any other plan alone.

    >>> [each.fold for each in fold_plans(SplitPlan("folds", folds=3))]
    [0, 1, 2]
    """
    if plan.kind != "folds":
        return (plan,)
    return tuple(replace(plan, fold=fold) for fold in range(plan.folds))
