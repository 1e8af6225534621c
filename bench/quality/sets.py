"""The datasets that quality is measured on, and how each is imported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

SEEDS = (0, 1, 2)
# Two layers of 128 with random weights and the vocabulary of bert-base-chinese: no such checkpoint comes with
# the studio, so that in Chinese it is the way from file to model that is measured, not a good model.
# Its head learns no faster than it does, as neither knows anything yet.
CHINESE, ALL_NEW = "chinese-2x128", ("head_factor=1",)


@dataclass(frozen=True)
class Measurement:
    """One dataset, how it is imported, and what is measured on its test rows.

    ``files`` are those of training, validation and test; those left empty are drawn from the first.
    ``metric`` is a key of the report and ``rival`` one of its simple rivals; ``floor`` is what the mean over
    seeds has to reach. ``checkpoint`` is the built-in one, or ``CHINESE``; ``settings`` are recipe fields.
    """

    name: str
    title: str
    files: tuple[str, ...]
    options: tuple[str, ...]
    floor: float
    task: str = "classification"
    metric: str = "accuracy"
    rival: str = "tfidf"
    checkpoint: str = "minilm-l6"
    settings: tuple[str, ...] = ()

    def arguments(self, data: Path, seed: int) -> list[str]:
        """The import command for one seed."""
        train, *others = self.files
        named = zip(("--validation", "--test"), others, strict=False)
        own = [part for option, file in named if file for part in (option, str(data / file))]
        return [
            "dataset", "import", str(data / train), "--name", self.name, "--task", self.task,
            "--seed", str(seed), *own, *self.options,
        ]  # fmt: skip


SST2 = Measurement(
    "sst2",
    "SST-2 sentences, 6,920 for training, own validation (872) and test (1,821)",
    ("sst2/train.tsv", "sst2/dev.tsv", "sst2/test.tsv"),
    ("--no-header", "--role", "text=column_1", "--role", "label=column_2"),
    0.865,
)
# Minutes fewer than the whole: what it learns from are the rows that else choose the epoch.
SHORT = replace(SST2, files=("sst2/dev.tsv", "", "sst2/test.tsv"), floor=0.8)
SETS = (
    SST2,
    Measurement(
        "bbc",
        "BBC news, 1,490 articles, 5 classes, split 80/10/10 by the seed",
        ("bbc_news/BBC News Train.csv",),
        ("--role", "text=Text", "--role", "label=Category", "--split", "0.8,0.1,0.1"),
        0.965,
    ),
    Measurement(
        "banking77",
        "Banking77, 10,003 questions, 77 intents, a tenth of them for validation, own test (3,080)",
        ("banking77/train.csv", "", "banking77/test.csv"),
        ("--role", "text=text", "--role", "label=category", "--split", "0.9,0.1,0"),
        0.9,
    ),
    Measurement(
        "mrpc",
        "MRPC, whether two sentences say the same, 3,667 for training, own validation (408) and test (1,725)",
        ("mrpc/train.tsv", "mrpc/dev.tsv", "mrpc/msr_paraphrase_test.txt"),
        ("--role", "text=#1 String", "--role", "text_b=#2 String", "--role", "label=Quality"),
        0.7,
    ),
    Measurement(
        "stsb",
        "STS-B, how alike two sentences are, 0 to 5, 5,749 pairs for training, own validation and test",
        ("stsb_en/stsb-en-train.csv", "stsb_en/stsb-en-dev.csv", "stsb_en/stsb-en-test.csv"),
        ("--no-header", "--role", "text=column_1", "--role", "text_b=column_2", "--role", "number=column_3"),
        0.83,
        task="regression",
        metric="spearman",
    ),
    Measurement(
        "codah",
        "CODAH, which of four ends goes on with a sentence, fold 0: 1,665 for training, own validation "
        "and test",
        ("codah/fold_0/train.tsv", "codah/fold_0/dev.tsv", "codah/fold_0/test.tsv"),
        (
            *("--no-header", "--role", "text=column_2", "--role", "label=column_7"),
            *("--role", "choices=column_3, column_4, column_5, column_6"),
        ),
        0.3,
        task="multiple-choice",
    ),
    Measurement(
        "conll2003",
        "CoNLL-2003 in English, persons, places, organisations and others, 5,637 sentences for training, own "
        "validation and test",
        ("conll2003/eng.train.head6000", "conll2003/eng.testa", "conll2003/eng.testb"),
        (),
        0.8,
        task="token-classification",
        metric="f1",
        rival="lookup",
    ),
    Measurement(
        "resume_ner_zh",
        "Resume NER in Chinese, 8 types, 3,821 sentences for training, own validation and test",
        (
            *("resume_ner_zh/train.char.bmes", "resume_ner_zh/dev.char.bmes"),
            "resume_ner_zh/test.char.bmes",
        ),
        ("--drop-bad-rows",),
        0.5,
        task="token-classification",
        metric="f1",
        rival="lookup",
        checkpoint=CHINESE,
        settings=ALL_NEW,
    ),
    Measurement(
        "thucnews",
        "THUCNews titles in Chinese, 10 classes, 10,000 titles, split 80/10/10",
        ("thucnews_titles/test.txt",),
        (
            *("--no-header", "--role", "text=column_1", "--role", "label=column_2"),
            *("--split", "0.8,0.1,0.1"),
        ),
        0.6,
        checkpoint=CHINESE,
        settings=ALL_NEW,
    ),
    Measurement(
        "chnsenticorp",
        "ChnSentiCorp, reviews in Chinese, good or bad, 9,600 for training, own validation and test",
        ("chnsenticorp/train.tsv", "chnsenticorp/dev.tsv", "chnsenticorp/test.tsv"),
        ("--role", "text=text_a", "--role", "label=label"),
        0.7,
        checkpoint=CHINESE,
        settings=ALL_NEW,
    ),
    Measurement(
        "squad_v1.1",
        "SQuAD 1.1, the 10,570 questions of its dev file, its articles split 80/10/10",
        ("squad_v1.1/dev-v1.1.json",),
        ("--split", "0.8,0.1,0.1", "--group-column", "title"),
        0.4,
        task="question-answering",
        metric="f1",
        rival="sentence",
        settings=("epochs=2",),
    ),
    Measurement(
        "squad_v2.0",
        "SQuAD 2.0, the 6,078 questions of its dev file, half without an answer, its articles split 80/10/10",
        ("squad_v2.0/dev-v2.0.json",),
        ("--split", "0.8,0.1,0.1", "--group-column", "title"),
        0.4,
        task="question-answering",
        metric="f1",
        rival="none",
    ),
)
