"""Which epoch is kept, when training stops early, and what is said about it."""

from __future__ import annotations

import json

import pytest

from studio.training.course import Course


def make_course(epochs: list[tuple[float, float, float]], patience: int = 0) -> Course:
    """A course of (accuracy, validation loss, training loss) per epoch."""
    course = Course("accuracy", "accuracy", patience)
    for accuracy, loss, train_loss in epochs:
        course.add_epoch({"accuracy": accuracy, "loss": loss}, {"loss": train_loss, "accuracy": 0.5})
    return course


def test_the_highest_score_is_kept_and_ties_go_to_the_lower_loss() -> None:
    assert make_course([(0.8, 0.5, 1), (0.9, 0.6, 1), (0.9, 0.7, 1)]).best_epoch == 2
    assert make_course([(0.9, 0.6, 1), (0.9, 0.5, 1), (0.8, 0.1, 1)]).best_epoch == 2


@pytest.mark.parametrize(
    ("epochs", "patience", "planned", "sentence"),
    [
        ([(0.8, 1, 1)], 0, 1, "There was one epoch, and it was kept."),
        (
            [(0.8, 1, 1), (0.9, 0.9, 0.8)],
            0,
            2,
            "Best at the last epoch (2); more epochs may improve it further.",
        ),
        ([(0.8, 1, 1), (1.0, 0.9, 0.8)], 0, 2, "Best at the last epoch (2)."),
        (
            [(1.0, 1, 1), (1.0, 1.3, 0.2)],
            0,
            2,
            "Best at epoch 1 of 2, where validation accuracy was perfect.",
        ),
        (
            [(0.9, 1, 1), (0.8, 1.0, 1.1)],
            0,
            2,
            "Best at epoch 1 of 2; later epochs did not improve validation accuracy.",
        ),
        (
            [(0.9, 1, 1), (0.8, 1.3, 0.2)],
            0,
            2,
            "Best at epoch 1 of 2; later epochs overfit: training loss kept falling "
            "while validation accuracy did not improve.",
        ),
        (
            [(0.9, 1, 1), (0.8, 1.3, 0.2), (0.8, 1.3, 0.2)],
            2,
            8,
            "Stopped after epoch 3 of 8: "
            "validation accuracy was best at epoch 1 and did not improve after it.",
        ),
    ],
)
def test_it_says_which_epoch_was_kept_and_why(
    epochs: list, patience: int, planned: int, sentence: str
) -> None:
    assert make_course(epochs, patience).sentence(planned) == sentence


def test_patience_counts_epochs_since_the_best_and_zero_never_stops() -> None:
    falling = [(0.9, 1, 1), (0.8, 1, 1), (0.7, 1, 1)]
    assert not make_course(falling[:2], patience=2).ran_out_of_patience
    assert make_course(falling, patience=2).ran_out_of_patience
    assert not make_course(falling, patience=0).ran_out_of_patience


def test_without_validation_the_last_epoch_is_kept() -> None:
    course = Course("accuracy", "accuracy", 1)
    course.end_epoch({"loss": 1.0})
    course.end_epoch({"loss": 0.5})
    assert course.kept_epoch == 2 and not course.ran_out_of_patience
    assert course.sentence(2) == "There were no validation rows, so the last epoch was kept."


def test_a_course_survives_json_with_its_history() -> None:
    course = make_course([(0.8, 0.5, 1), (0.9, 0.6, 1)])
    course.note("accuracy", 0.9, split="validation", step=8, epoch=2.0)
    course.note("loss", 0.1, split="train", step=8, epoch=2.0)
    again = Course.from_json(json.loads(json.dumps(course.to_json())))
    assert again == course
    assert again.validation_of(2) == {"accuracy": 0.9}


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ([(0.8, 1, 1), (0.9, 1, 1)], "the last weights were the best so far and were kept."),
        ([(0.9, 1, 1), (0.8, 1, 1)], "those of epoch 1, the best so far, were kept."),
    ],
)
def test_a_stop_on_request_is_said_with_what_was_kept(epochs: list, words: str) -> None:
    course = make_course(epochs)
    assert not course.is_over(6)
    course.stopped_after = 1.4
    assert course.is_over(6)
    assert course.sentence(6) == f"Stopped on request after 1.4 of 6 epochs; {words}"
    blind = Course("accuracy", "accuracy", stopped_after=2.0)
    blind.end_epoch({"loss": 1.0})
    assert blind.sentence(3) == (
        "Stopped on request after 2 of 3 epochs; "
        "there were no validation rows, so the last weights were kept."
    )


def test_the_scores_of_an_epoch_that_was_not_finished_are_its_own() -> None:
    course = make_course([(0.8, 0.5, 1), (0.9, 0.6, 1)])
    course.note("accuracy", 0.8, split="validation", step=10, epoch=1.0)
    course.note("accuracy", 0.9, split="validation", step=13, epoch=1.3)
    assert course.validation_of(2) == {"accuracy": 0.9} and course.validation_of(1) == {"accuracy": 0.8}
