"""Word embeddings of words that do not occur: the same in the end, but for the work."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from studio.checkpoints.loading import load_encoder
from studio.errors import WorkFailed
from studio.training.engine import encode_order, finish_model, train_model
from studio.training.learner import Learner
from studio.training.placement import choose_placement
from studio.training.preparing import LearningOrder, prepare_learner
from studio.training.progress import SilentProgress
from studio.training.snapshot_state import OPTIMIZER, WEIGHTS
from studio.training.snapshots import MANIFEST, STATE, facts_of
from studio.training.team import Alone
from studio.training.vocabulary import OccurringWords, learn_all_words, learn_occurring_words, learning_words
from tests.execution.answering import logits_of
from tests.training.runs import Ends, Listener, Stopped, make_rows, make_run

FAMILIES = ("bert", "distilbert", "roberta", "electra", "albert", "deberta-v2", "mpnet", "modernbert")
TRAINED = " ".join(make_rows(40)["text"]).split()
TEXTS = ["the film is good", "a zebra, unheard of", ""]
# So large that the decay is seen, and that gradients are clipped.
RECIPE = {"weight_decay": 0.3, "gradient_clipping": 0.1, "dropout": 0.0, "learning_rate": 1e-2}


def learner_of(folder: Path, home: Path, all_words: bool) -> tuple[Learner, LearningOrder]:
    """A learner of 32 rows, all of whose words learn or only those that occur."""
    run = make_run(folder, home, **RECIPE)
    loaded = load_encoder(folder, run.task.key, run.labels)
    order = encode_order(run, loaded.tokenizer, (16, choose_placement("fp32")), SilentProgress())
    order = dataclasses.replace(order, all_words=all_words)
    torch.manual_seed(0)
    for weights in loaded.model.parameters():
        nn.init.normal_(weights, std=0.05)  # a head of chance is the same for both, a padding is not zero
    return prepare_learner(order, loaded, Alone()), order


def learn(learner: Learner, steps: int) -> None:
    """Take some steps."""
    for step in range(steps):
        numbers = np.arange(16) + 16 * (step % 2)
        learner.take_step(numbers, 16, recomputes=False, rate=1.0 - step / steps, step=step)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_ends_with_the_weights_that_it_has_where_all_words_learn(
    encoder_folders: dict[str, Path], tmp_path: Path, family: str
) -> None:
    ways = [learner_of(encoder_folders[family], tmp_path, all_words) for all_words in (True, False)]
    (whole, _), (narrow, _) = ways
    embedding = narrow.model.get_input_embeddings()
    assert isinstance(embedding, OccurringWords) and len(embedding.learnt) < 0.7 * len(embedding.others)
    assert narrow.lesson.learning == whole.lesson.learning
    before = whole.model.get_input_embeddings().weight.detach().clone()
    learn(whole, steps=20)
    learn(narrow, steps=20)
    answers = [learner.validation_logits() for learner, _ in ways]
    assert np.abs(answers[1] - answers[0]).max() < 1e-4, "words that do not occur in training too"
    expected, found = (finish_model(learner.model, order).state_dict() for learner, order in ways)
    assert list(found) == list(expected)
    for name, weights in expected.items():
        assert (found[name] - weights).norm() <= 1e-5 * weights.norm(), name
    after = whole.model.get_input_embeddings().weight.detach()
    others = np.setdiff1d(np.arange(len(before)), np.flatnonzero(embedding.places >= 0))
    assert torch.allclose(after[others], before[others] * float(embedding.share.detach()), rtol=1e-5)
    assert float(embedding.share.detach()) < 0.98, "the decay is seen"
    assert not torch.allclose(after, before * float(embedding.share.detach()), rtol=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_answers_the_same_about_words_that_it_does_not_learn(
    encoder_folders: dict[str, Path], family: str
) -> None:
    loaded = load_encoder(encoder_folders[family], "classification", ("a", "b"))
    model, tokenizer = loaded.model.eval(), loaded.tokenizer
    expected = logits_of(model, tokenizer, TEXTS)
    learn_occurring_words(model, np.array(tokenizer("the film")["input_ids"]))
    assert isinstance(model.get_input_embeddings(), OccurringWords)
    assert (logits_of(model, tokenizer, TEXTS) == expected).all()
    learn_all_words(model)
    assert type(model.get_input_embeddings()) is nn.Embedding
    assert (logits_of(model, tokenizer, TEXTS) == expected).all()


def small_model(words: int = 10) -> Any:
    """Something with an embedding, as transformers' models have."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(words, 4, padding_idx=1)

        def get_input_embeddings(self) -> nn.Module:
            return self.words

    return Model()


def test_only_words_that_occur_and_padding_get_a_gradient() -> None:
    model = small_model()
    learn_occurring_words(model, np.array([7, 3, 3, 1, 0]))
    model.words(torch.tensor([7, 1, 3])).sum().backward()
    assert model.words.learnt.grad.sum(dim=1).tolist() == [0.0, 0.0, 4.0, 4.0], "ids 0, 1 (padding), 3, 7"
    assert model.words.share.grad.tolist() == [[0.0]]


def test_the_factor_of_words_that_do_not_occur_counts_in_answers_and_in_the_end() -> None:
    model = small_model().eval()
    before, ids = model.words.weight.detach().clone(), torch.arange(10).view(2, 5)
    learn_occurring_words(model, np.array([3, 1, 0]))
    with torch.no_grad():
        model.words.share.fill_(0.5)
        model.words.learnt.mul_(3.0)
        answered = model.words(ids)
        learn_all_words(model)
        assert torch.equal(model.words(ids), answered)
    factors = torch.full((10, 1), 0.5).index_fill(0, torch.tensor([0, 1, 3]), 3.0)
    assert torch.allclose(model.words.weight.detach(), before * factors)


def test_a_word_that_was_not_foreseen_is_an_error_and_not_another_word() -> None:
    model = small_model()
    learn_occurring_words(model, np.array([3]))
    with pytest.raises(IndexError):
        model.words(torch.tensor([3, 4]))


def test_nothing_changes_where_most_words_occur_or_they_do_not_learn_or_are_shared() -> None:
    many, frozen, tied = small_model(), small_model(), small_model()
    frozen.words.weight.requires_grad_(False)
    tied.head = nn.Linear(4, 10, bias=False)
    tied.head.weight = tied.words.weight
    for model, ids in ((many, np.arange(8)), (frozen, np.array([3])), (tied, np.array([3]))):
        before = model.words
        learn_occurring_words(model, ids)
        assert model.words is before


def as_earlier_versions_wrote(folder: Path, loaded: Any) -> None:
    """Turn a snapshot into one in which all words learn; the model is as it was loaded."""
    words = loaded.get_input_embeddings()
    occurring = words.places >= 0
    for name in (WEIGHTS, OPTIMIZER):
        tensors = load_file(folder / name)
        for key in [key for key in tensors if key.endswith(".learnt")]:
            stem = key.removesuffix(".learnt")
            share, learnt = tensors.pop(f"{stem}.share"), tensors.pop(key)
            if name == WEIGHTS:
                whole = words.others * share
            else:
                whole = torch.zeros_like(words.others) if learnt.ndim else learnt
            if learnt.ndim:
                whole[occurring] = learnt
            tensors[f"{stem}.weight"] = whole
        save_file(tensors, folder / name)
    state = json.loads((folder / STATE).read_text())
    assert state.pop("words") == learning_words(loaded)
    (folder / STATE).write_text(json.dumps(state))
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest |= {"files": {name: facts_of(folder / name) for name in manifest["files"]}, "kept": {}}
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.slow
def test_a_snapshot_of_a_version_in_which_all_words_learnt_is_gone_on_from(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    fields = {"rows": 40, "epochs": 2, "weight_decay": 0.1}
    later = Listener()
    expected = train_model(make_run(encoder_folders["bert"], tmp_path / "whole", **fields), SilentProgress())
    run = make_run(encoder_folders["bert"], tmp_path / "cut", **fields)
    with pytest.raises(Stopped):
        train_model(run, Ends(2, "pause"))
    (folder,) = run.snapshots_dir.glob("snapshot-*")
    loaded = load_encoder(encoder_folders["bert"], run.task.key, run.labels)
    ids = encode_order(
        run, loaded.tokenizer, (16, choose_placement("fp32")), SilentProgress()
    ).train_rows.parts
    learn_occurring_words(loaded.model, np.append(ids["input_ids"], 0))
    as_earlier_versions_wrote(folder, loaded.model)
    with pytest.raises(Stopped):
        train_model(run, Ends(4, "pause"))
    result = train_model(run, later)
    assert "Going on after step 4" in "".join(later.lines)
    ours, theirs = (logits_of(each.model, each.tokenizer, TEXTS) for each in (result, expected))
    assert abs(ours - theirs).max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_fills_up_is_among_the_words_that_learn(
    encoder_folders: dict[str, Path], tmp_path: Path, precision: str
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, precision=precision)
    loaded = load_encoder(encoder_folders["bert"], run.task.key, run.labels)
    order = encode_order(run, loaded.tokenizer, (16, choose_placement(precision)), SilentProgress())
    shifted = dataclasses.replace(
        order.train_rows, parts={name: column.clip(min=3) for name, column in order.train_rows.parts.items()}
    )
    learner = prepare_learner(dataclasses.replace(order, train_rows=shifted), loaded, Alone())
    assert learner.lesson.train_rows.parts["input_ids"].min() == 3
    assert learner.model.get_input_embeddings().places[0] == 0
    assert learner.take_step(np.arange(5), 16, recomputes=False, rate=1.0, step=0) is not None


@pytest.mark.slow
def test_a_snapshot_of_other_words_is_refused_in_words(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(encoder_folders["bert"], folder)
    run = make_run(folder, tmp_path, rows=40, epochs=2)
    with pytest.raises(Stopped):
        train_model(run, Ends(2, "pause"))
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    used, unused = "film", next(word for word in vocabulary if word.isalpha() and word not in TRAINED)
    vocabulary[used], vocabulary[unused] = vocabulary[unused], vocabulary[used]
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(WorkFailed, match="divided into other tokens"):
        train_model(run, Listener())
