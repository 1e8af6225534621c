"""Charts as Altair specifications, each with its numbers as a table and one sentence (no Gradio)."""

from studio.results.charts.comparing import (
    draw_label_differences,
    draw_overlay,
    draw_score_against_size,
    draw_score_against_speed,
)
from studio.results.charts.data import draw_class_counts, draw_lengths
from studio.results.charts.frame import PALETTE, ChartWithTable
from studio.results.charts.numbers import draw_answers, draw_numbers, draw_residuals
from studio.results.charts.scores import draw_confidence, draw_per_label, draw_reliability
from studio.results.charts.training import draw_learning_rate, draw_loss, draw_score, draw_throughput

__all__ = [
    "PALETTE",
    "ChartWithTable",
    "draw_answers",
    "draw_class_counts",
    "draw_confidence",
    "draw_label_differences",
    "draw_learning_rate",
    "draw_lengths",
    "draw_loss",
    "draw_numbers",
    "draw_overlay",
    "draw_per_label",
    "draw_reliability",
    "draw_residuals",
    "draw_score",
    "draw_score_against_size",
    "draw_score_against_speed",
    "draw_throughput",
]
