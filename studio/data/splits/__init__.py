"""Rows to train, validation and test: by ratios, a column, groups, time or folds; the same everywhere."""

from studio.data.splits.dividing import Division, divide
from studio.data.splits.plans import SPLITS, SplitPlan, check_ratios, choose_plan, fold_plans
from studio.data.splits.ratios import split_keys, split_rows

__all__ = [
    "SPLITS",
    "Division",
    "SplitPlan",
    "check_ratios",
    "choose_plan",
    "divide",
    "fold_plans",
    "split_keys",
    "split_rows",
]
