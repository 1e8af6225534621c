"""The built-in sample is what its README says: distinct, varied, with exact labels."""

import csv
import json
import re
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from studio.data.answers.spans import cuts_word
from studio.data.sample import SAMPLE_LICENCE, SAMPLES
from studio.tasks.registry import TASKS

SAMPLE = SAMPLES["classification"]
INTENTS = {"delivery", "refund", "billing", "account", "product", "fault"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with SAMPLE.path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def shingles(text: str) -> set[tuple[str, ...]]:
    tokens = words(text)
    return {tuple(tokens[at : at + 3]) for at in range(len(tokens) - 2)}


def test_the_file_is_plain_utf8_with_the_declared_columns(rows):
    raw = SAMPLE.path.read_bytes()
    assert raw.startswith(b"message,intent\n")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    assert all(set(row) == set(SAMPLE.roles.values()) for row in rows)
    assert SAMPLE.name == "customer-messages"
    assert "Apache-2.0" in SAMPLE_LICENCE


def test_there_are_enough_rows_and_all_are_distinct(rows):
    distinct = {" ".join(row["message"].lower().split()) for row in rows}
    assert len(distinct) == len(rows) >= 1_100
    assert all(message for message in distinct)


def test_the_labels_are_exactly_the_six_intents_roughly_balanced(rows):
    counts = Counter(row["intent"] for row in rows)
    assert set(counts) == INTENTS
    assert max(counts.values()) < 1.5 * min(counts.values())
    assert len(set(counts.values())) > 1


def test_the_readme_states_the_counts_of_the_file(rows):
    readme = SAMPLE.path.with_name("README.md").read_text(encoding="utf-8")
    for intent, count in Counter(row["intent"] for row in rows).items():
        assert f"| `{intent}` | {count} |" in readme
    assert f"{len(rows):,} messages" in readme


def test_the_readme_states_the_entities_of_the_file() -> None:
    sample = SAMPLES["token-classification"]
    readme = sample.path.with_name("README.md").read_text(encoding="utf-8")
    notices = [json.loads(line) for line in sample.path.read_text(encoding="utf-8").splitlines()]
    for label, count in Counter(one["label"] for row in notices for one in row["entities"]).items():
        assert f"| `{label}` | {count} |" in readme
    assert f"{len(notices)} notices" in readme and len({row["text"] for row in notices}) == len(notices)


def test_the_rows_are_shuffled(rows):
    changes = sum(a["intent"] != b["intent"] for a, b in pairwise(rows))
    assert changes > 0.7 * len(rows)


def test_no_opening_is_a_template(rows):
    openings = Counter(tuple(words(row["message"])[:3]) for row in rows)
    opening, count = openings.most_common(1)[0]
    assert count <= 0.02 * len(rows), f"{opening} opens {count} rows"


def test_word_triples_are_hardly_ever_repeated(rows):
    seen = Counter(triple for row in rows for triple in shingles(row["message"]))
    assert len(seen) > 0.9 * sum(seen.values())
    triple, count = seen.most_common(1)[0]
    assert count <= 0.025 * len(rows), f"{triple} stands in {count} rows"


def test_no_two_rows_are_near_duplicates(rows):
    sets = [shingles(row["message"]) for row in rows]
    holders = defaultdict(list)
    shared: Counter[tuple[int, int]] = Counter()
    for at, triples in enumerate(sets):
        for triple in triples:
            shared.update((earlier, at) for earlier in holders[triple])
            holders[triple].append(at)
    near = [pair for pair, n in shared.items() if n / len(sets[pair[0]] | sets[pair[1]]) > 0.6]
    assert near == []


def test_messages_vary_in_length(rows):
    lengths = sorted(len(row["message"].split()) for row in rows)
    assert lengths[len(lengths) // 10] <= 8
    assert 35 <= lengths[-1] <= 60


def test_no_addresses_or_telephone_numbers(rows):
    for row in rows:
        assert not re.search(r"\S@\S|https?:|www\.|\d[\d ]{7,}\d", row["message"]), row["message"]


def test_every_task_has_a_sample_that_its_readme_speaks_of():
    readme = SAMPLE.path.with_name("README.md").read_text(encoding="utf-8")
    assert set(SAMPLES) == set(TASKS)
    for task, sample in SAMPLES.items():
        assert set(TASKS[task].required_roles) <= set(sample.roles)
        assert f"# {sample.name}" in readme and f"`{sample.file}`" in readme


def test_repair_requests_are_distinct_and_have_numbers_all_over_the_scale():
    with SAMPLES["regression"].path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    numbers = [float(row["urgency"]) for row in rows]
    assert len(rows) == len({row["message"] for row in rows}) == 158
    assert min(numbers) == 0 and max(numbers) == 10
    assert all(sum(low <= number < low + 2 for number in numbers) >= 15 for low in (0, 2, 4, 6, 8))


def test_pool_feedback_has_the_topics_that_its_readme_counts():
    with SAMPLES["multilabel"].path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    readme = SAMPLE.path.with_name("README.md").read_text(encoding="utf-8")
    topics = Counter(topic for row in rows for topic in row["topics"].split("|") if topic)
    assert len(rows) == len({row["message"] for row in rows}) == 121
    assert all(f"| `{topic}` | {count} |" in readme for topic, count in topics.items())
    assert sum(not row["topics"] for row in rows) == 7
    assert max(row["topics"].count("|") for row in rows) == 2


def test_garden_replies_have_the_options_that_its_readme_counts():
    sample = SAMPLES["multiple-choice"]
    with sample.path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    names = sample.roles["choices"].split(", ")
    options = [[row[name] for name in names if row[name]] for row in rows]
    readme = sample.path.with_name("README.md").read_text(encoding="utf-8")
    counts = Counter(map(len, options))
    assert all(f"| {count} | {found} |" in readme for count, found in counts.items())
    assert sorted(counts) == [2, 3, 4, 5]
    assert len(rows) == len({row["question"] for row in rows}) == 118
    right = [given[int(row["right"]) - 1] for row, given in zip(rows, options, strict=True)]
    assert len(set(right)) == len(right), "each reply is right once"
    assert {option for given in options for option in given} == set(right), "and wrong elsewhere"
    assert all(len(set(given)) == len(given) for given in options)
    places = Counter(row["right"] for row in rows)
    assert max(places.values()) < 0.4 * len(rows), "no place is right by itself"


def test_lantern_county_has_the_questions_that_its_readme_counts():
    articles = json.loads(SAMPLES["question-answering"].path.read_text(encoding="utf-8"))["data"]
    passages = [passage for article in articles for passage in article["paragraphs"]]
    asked = [(passage["context"], one) for passage in passages for one in passage["qas"]]
    readme = SAMPLE.path.with_name("README.md").read_text(encoding="utf-8")
    without = sum(one["is_impossible"] for _, one in asked)
    assert f"{len(asked)} questions about {len(passages)} short passages" in readme
    assert f"of which {without} have no answer" in readme
    assert len({context for context, _ in asked}) == len(passages) == 40
    for context, one in asked:
        assert one["question"].endswith("?") and bool(one["answers"]) != one["is_impossible"]
        for answer in one["answers"]:
            start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
            assert context[start:end] == answer["text"]
            assert not cuts_word(context, start) and not cuts_word(context, end), one["question"]
