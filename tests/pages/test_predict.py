"""The Predict page: an answer with how sure it is, a file as a job, and a way on where there is nothing."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from jobs.queue import JobFailure, JobView
from jobs.states import JobState
from studio.bootstrap import Studio
from studio.data.writings import Strange
from studio.errors import InvalidInput, NotFound, WorkFailed
from studio.pages.predict import answer, chosen, filing, seen
from studio.pages.predict.page import Parts, PredictPage
from studio.prediction.reading import Cut, Reading, Token
from studio.results.report import Report
from studio.services.models import Usage
from studio.services.predictions import PredictionService
from studio.settings import Settings
from studio.tasks.base import Row
from tests.pages.test_start import MODEL, job

PARTS = Parts(**dict.fromkeys(Parts.__dataclass_fields__))  # type: ignore[arg-type]
SHARES = {"billing": 0.62, "refund": 0.3, "delivery": 0.08}
CHARGED = {"text": "I was charged twice"}
ANSWER = answer.Answer(CHARGED, {"label": "billing", "confidence": 0.62, "probabilities": SHARES}, 23.4)


def read_words(*texts: str, cut: tuple[Cut, ...] = (), limit: int = 64) -> Reading:
    """What a model reads whose tokens are words, one text for each role."""
    found = [Token("[CLS]", 2, 0, 1, None, None, None, special=True, unknown=False, shown="[CLS]")]
    for number, (role, text) in enumerate(zip(("text", "text_b"), texts, strict=False)):
        start = 0
        for word in text.split():
            start = text.index(word, start)
            end = start + len(word)
            unknown = word == "[UNK]"
            found.append(Token(word, 7, number, 1, role, start, end, False, unknown, shown=word))
        found.append(
            Token("[SEP]", 3, number, 1, None, None, None, special=True, unknown=False, shown="[SEP]")
        )
    return Reading(tuple(found), cut, limit)


@dataclass
class FakeModels:
    """One model named tickets-1."""

    there: bool = True

    def list(self) -> list[Any]:
        return [MODEL_64] if self.there else []

    def get(self, name: str) -> Any:
        if not self.there or name != MODEL.name:
            raise NotFound(f"There is no model '{name}'.", "")
        return MODEL_64

    def report(self, name: str, split: str) -> Report:
        raise NotFound(f"'{name}' has no report on '{split}'.", "")

    def usage(self, name: str, address: str = "") -> Usage:
        self.get(name)
        return Usage("a command", "a curl <call>", f"some python for {address}")


@dataclass
class FakePredictions:
    """A model that is loaded when told so."""

    now: str = "cold"
    warmed: list[str] = field(default_factory=list)
    broken: bool = False

    def state(self, model: str) -> str:
        if model != MODEL.name:
            raise NotFound("There is no such model.", "")
        return self.now

    def warm(self, model: str) -> None:
        self.warmed.append(model)
        self.now = "loading" if self.now == "cold" else self.now

    def predict(self, model: str, rows: list[Row]) -> list[dict[str, Any]]:
        if self.broken:
            raise WorkFailed("The model's weights cannot be read.", "Train it again.")
        return [{"label": "billing", "confidence": 0.62, "probabilities": SHARES} for _ in rows]

    def read(self, model: str, rows: list[Row]) -> list[list[Reading]]:
        return [[read_words(*row.values())] for row in rows]

    def find_strange(self, model: str, row: Row) -> Strange | None:
        return None

    def likely_columns(self, model: Any) -> dict[str, str]:
        return {}


@dataclass
class FakeStudio:
    """What the page asks of a studio, over the datasets and jobs of a real one."""

    settings: Settings
    datasets: Any
    jobs: Any
    models: FakeModels = field(default_factory=FakeModels)
    predictions: FakePredictions = field(default_factory=FakePredictions)


MODEL_64 = replace(MODEL, recipe={"max_length": 64})


@pytest.fixture
def faked(studio: Studio) -> FakeStudio:
    """A studio with one model that is not in memory."""
    return FakeStudio(studio.settings, studio.datasets, studio.jobs)


@pytest.fixture
def page(faked: FakeStudio) -> PredictPage:
    """The page over it."""
    return PredictPage(faked, PARTS)  # type: ignore[arg-type]


def address(query: str = "") -> gr.Request:
    """The request of a browser that opens the page."""
    scope = {"type": "http", "query_string": query.encode(), "headers": []}
    return gr.Request(Request(scope))


def test_an_answer_shows_label_sureness_bars_and_time() -> None:
    html = answer.render_answer(ANSWER, "tickets-1")
    assert "Not quite sure: 62.0 %. It might also be refund (30.0 %)." in html
    assert html.index(">billing<") < html.index(">refund<") < html.index(">delivery<")
    assert "Answered in 23 ms" in html
    assert "“I was charged twice”" in html
    assert 'href="/results?model=tickets-1&amp;tab=confidence"' in html


def test_an_answer_to_a_text_unlike_all_that_was_learnt_says_so_below_itself() -> None:
    told = answer.render_answer(replace(ANSWER, strange=Strange("Chinese", 0.0)), "tickets-1")
    assert "This text is in Chinese; none of the texts that were looked at" in told
    assert told.index("It might also be refund") < told.index("This text is in Chinese")
    few = answer.render_answer(replace(ANSWER, strange=Strange("Cyrillic", 0.004)), "tickets-1")
    assert "in Cyrillic letters; of the texts the model has learnt from only 0.4 % are" in few
    assert "This text is in" not in answer.render_answer(ANSWER, "tickets-1")


def test_a_sure_answer_names_no_other_label() -> None:
    sure = {"confidence": 0.97, "probabilities": {"billing": 0.97, "refund": 0.03}}
    assert answer.describe_sureness(sure) == "Very sure: 97.0 %."
    guess = {"confidence": 0.04, "probabilities": {f"l{n}": 0.04 for n in range(25)}}
    assert answer.describe_sureness(guess).startswith("Little more than a guess")


def test_of_many_labels_ten_are_shown_and_the_rest_is_summed() -> None:
    html = answer.render_bars({f"label {n}": 1 / 77 for n in range(77)})
    assert html.count("<li") == 11
    assert "67 others together" in html and "87.0 %" in html


def marked_answers(row: dict[str, str], found: dict[str, Any]) -> list[str]:
    """The names beside the bars that are marked as given."""
    html = answer.render_answer(answer.Answer(row, found, 5.0), "m")
    return re.findall(r's-chosen"><span class="s-chance-name">(.*?)</span>', html)


def test_the_bar_of_what_was_answered_is_marked_wherever_it_stands() -> None:
    option = {"choice": "no", "index": 1, "confidence": 0.6, "probabilities": [0.4, 0.6]}
    assert marked_answers({"text": "Is it?", "choices": '["yes", "no"]'}, option) == ["no"]
    several = {"labels": ["b", "a"], "probabilities": {"a": 0.5, "b": 0.9, "c": 0.1}}
    assert marked_answers({"text": "t"}, several) == ["b", "a"]
    passage = {"question": "who?", "context": "Anna left"}
    spans = [
        {"answer": "Anna", "start": 0, "end": 4, "score": 0.5},
        {"answer": "left", "start": 5, "end": 9, "score": 0.2},
    ]
    found = {"answer": "left", "start": 5, "end": 9, "score": 0.2, "spans": spans, "no_answer": 0.3}
    assert marked_answers(passage, found) == ["left"]
    none = {**found, "answer": "", "start": 0, "end": 0}
    assert marked_answers(passage, none) == ["No answer"]


def test_a_model_that_always_answers_says_so_and_shows_no_bar_for_none() -> None:
    spans = [{"answer": "Anna", "start": 0, "end": 4, "score": 1.0}]
    found = {"answer": "Anna", "start": 0, "end": 4, "score": 1.0, "spans": spans}
    row = {"question": "who?", "context": "Anna left"}
    always = answer.render_answer(answer.Answer(row, {**found, "no_answer": 0.0}, 5.0), "reader")
    assert "No answer" not in always and "always gives an answer" in always
    sometimes = answer.render_answer(answer.Answer(row, {**found, "no_answer": 0.1}, 5.0), "reader")
    assert "No answer" in sometimes and "always gives an answer" not in sometimes


def test_a_label_that_looks_like_html_is_shown_as_text() -> None:
    html = answer.render_bars({"<b>loud</b>": 1.0})
    assert "<b>" not in html and "&lt;b&gt;" in html


def test_a_long_text_is_said_to_be_cut_and_a_short_one_is_not() -> None:
    whole = read_words("a cat")
    assert "leaves out" not in answer.render_answer(replace(ANSWER, seen=[whole]), "tickets-1")
    cut = read_words("a cat", cut=(Cut(1200, "text", 6, "and more"),))
    html = answer.render_answer(replace(ANSWER, seen=[whole, cut]), "tickets-1")
    assert "1,204 tokens long; the model reads 4 of them" in html


def test_tokens_are_shown_with_their_ids_and_what_is_cut_is_struck_out() -> None:
    cut = Cut(37, "text", 9, "home <b> again")
    html = seen.render_seen([read_words("a cat [UNK]", cut=(cut,), limit=5)])
    assert "The last 37 tokens are not read; the model reads at most 5." in html
    assert '<li class="s-token s-of-0"><b>cat</b><i>7</i></li>' in html
    assert '<li class="s-token s-of-none s-added"><b>[CLS]</b><i>2</i></li>' in html
    assert "1 token is [UNK]" in html and "s-unknown" in html
    assert html.index("<del>home &lt;b&gt; again</del>") < html.index("<b>[SEP]</b>")
    assert html.count("<tr") == 1 + 5 and "s-seen-keys" not in html


def test_of_a_pair_each_text_is_named_and_its_cut_stands_with_it() -> None:
    cuts = (Cut(2, "text", 5, "dogs"), Cut(1, "text_b", 0, "we"))
    html = seen.render_seen([read_words("a cat", "two owls", cut=cuts)])
    assert "Of the text, the last 2 tokens are not read; the model reads at most 64 in all." in html
    assert "Of the second text, the first token is not read" in html
    assert '<span class="s-token s-of-1"><b>second text</b></span>' in html
    places = [html.index(part) for part in (">cat<", ">dogs<", ">[SEP]<", ">we<", ">two<", ">owls<")]
    assert places == sorted(places)


def test_a_text_of_which_nothing_is_read_still_shows_what_is_cut() -> None:
    html = seen.render_seen([read_words("a cat", cut=(Cut(3, "text_b", 0, "none of it"),))])
    assert "<del>none of it</del>" in html


def test_tokens_that_touch_stand_in_the_text_without_a_blank() -> None:
    first, cat, last = read_words("cats").tokens
    pieces = [replace(cat, shown="cat", end=3), replace(cat, shown="##s", start=3)]
    html = seen.render_seen([Reading((first, *pieces, last), (), 64)])
    assert '<li class="s-token s-of-0 s-on"><b>##s</b>' in html and html.count("s-on") == 1


def test_several_sequences_are_numbered_and_long_ones_shown_in_part() -> None:
    long = read_words("word " * 598, limit=600)
    html = seen.render_seen([long, read_words("a cat")])
    assert "<h3>1 of 2</h3>" in html and "<h3>2 of 2</h3>" in html
    assert "All of it is read, 600 tokens; the model reads at most 600." in html
    assert "The first 512 of 600 tokens are shown." in html
    assert "The first 200 of 600 tokens are shown." in html
    cut = replace(long, cut=(Cut(9, "text", 3000, "the rest"),))
    assert "<del>" not in seen.render_seen([cut]), "it does not follow on what is shown"


def test_a_tokenizer_that_tells_no_places_still_shows_its_tokens() -> None:
    tokens = tuple(replace(token, role=None, start=None, end=None) for token in read_words("a cat").tokens)
    html = seen.render_seen([Reading(tokens, (Cut(8),), 4)])
    assert "8 tokens are not read; the model reads at most 4." in html
    assert '<li class="s-token s-of-none"><b>cat</b>' in html and "<del>" not in html


def test_without_a_model_the_page_names_the_next_step(studio: Studio) -> None:
    values = PredictPage(studio, PARTS).open(address())
    assert values[1]["visible"] is True and values[2]["visible"] is False
    assert 'href="/train"' in chosen.render_empty()


def test_opening_the_page_has_the_model_loaded(page: PredictPage, faked: FakeStudio) -> None:
    problem, empty, form, model, job_id, _board, *turned = page.open(address())
    _first, second, status, examples, usage, said, _read, pending = turned
    assert (problem, job_id, pending) == ("", "", "")
    assert empty["visible"] is False and form["visible"] is True
    assert model["value"] == MODEL.name
    assert faked.predictions.warmed == [MODEL.name]
    assert second["visible"] is False, "it reads one text"
    assert "Being loaded" in status and "97.3\u00a0%" in status
    assert "There are no examples" in examples
    assert "a curl &lt;call&gt;" in usage
    assert "The answer appears here" in said


def test_the_calls_go_to_where_the_browser_reaches_the_studio(page: PredictPage) -> None:
    scope = {
        "type": "http", "scheme": "https", "path": "/predict", "query_string": b"",
        "headers": [(b"host", b"studio.example:8443")],
    }  # fmt: skip
    *_, usage, _said, _read, _pending = page.open(gr.Request(Request(scope)))
    assert "some python for https://studio.example:8443" in usage


def test_an_address_with_an_unknown_model_or_job_says_so(page: PredictPage) -> None:
    assert "not there any more" in page.open(address("model=gone"))[0]
    assert "not there any more" in page.open(address("model=tickets-1&job=gone"))[0]


def test_no_other_model_stands_in_for_one_that_is_gone(
    page: PredictPage, faked: FakeStudio, table_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, form, model, *turned = page.open(address("model=gone"))
    status, examples, usage, said, _, pending = turned[4:]
    assert form["visible"] is True
    assert model["value"] is None and model["choices"] == [MODEL.name]
    assert (status, examples, usage, pending) == ("", "", "", "") and "No model is chosen" in said
    assert faked.predictions.warmed == []
    assert "No model is chosen" in page.ask_texts(None, "I was charged twice", None)[0]
    assert page.render(None, "", "") == (gr.skip(),) * 5
    with pytest.raises(InvalidInput, match="No model is chosen"):
        page.start(None, str(table_file), "message", None)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    assert page.look(None, str(table_file))[2]["value"] == "message"


def test_a_text_asked_while_the_model_is_loaded_is_answered_by_the_timer(
    page: PredictPage, faked: FakeStudio
) -> None:
    said, read, pending, status = page.ask_texts(MODEL.name, "I was charged twice", None)
    assert "its tokens stand here" in read
    assert "The model is being loaded" in said and "Being loaded" in status
    assert json.loads(pending) == CHARGED
    before = page.watch.revision()
    still = page.render(MODEL.name, pending, "")
    assert still[1] == gr.skip()
    faked.predictions.now = "ready"
    assert page.watch.revision() != before
    status, said, read, pending, _ = page.render(MODEL.name, pending, "")
    assert ">charged<" in read
    assert "In memory" in status and ">billing<" in said and pending == ""


def test_a_ready_model_answers_at_once(page: PredictPage, faked: FakeStudio) -> None:
    faked.predictions.now = "ready"
    said, read, pending, _ = page.ask_texts(MODEL.name, "I was charged twice", None)
    assert ">billing<" in said and ">charged<" in read and pending == ""


def test_an_empty_text_gets_a_sentence(page: PredictPage) -> None:
    said, _, pending, _ = page.ask_texts(MODEL.name, "  \n", None)
    assert "There is no text yet" in said and pending == ""


def test_a_model_that_cannot_be_loaded_says_why(page: PredictPage, faked: FakeStudio) -> None:
    faked.predictions.broken = True
    _, said, _, pending, _ = page.render(MODEL.name, json.dumps(CHARGED), "")
    assert "cannot be read" in said and "Train it again" in said and pending == ""


def test_a_model_deleted_meanwhile_is_said_to_be_gone(page: PredictPage) -> None:
    _, said, _, pending, _ = page.render("deleted", json.dumps(CHARGED), "")
    assert "not there any more" in said and pending == ""


def test_examples_come_from_the_test_rows_and_not_from_a_deleted_table(studio: Studio) -> None:
    dataset = studio.datasets.import_sample()
    rows = chosen.find_examples(studio, replace(MODEL, dataset_id=dataset.id))
    assert len(rows) == 6
    trained_on = studio.datasets.asked(dataset.name, "train")
    assert not [row for row in rows if row in trained_on]
    assert chosen.render_examples(rows).count("data-pick") == 6
    assert chosen.find_examples(studio, MODEL) == []


def test_a_file_is_understood_and_its_text_column_guessed(
    page: PredictPage, table_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    understood, form, column, second = page.look(MODEL.name, str(table_file))
    assert "40 rows" in understood and "UTF-8" in understood
    assert form["visible"] is True
    assert column["value"] == "message" and column["choices"] == ["id", "message", "topic"]
    assert second["visible"] is False
    table_file.write_bytes(b"")
    understood, form, *_ = page.look(MODEL.name, str(table_file))
    assert "is empty" in understood and form["visible"] is False
    assert page.look(MODEL.name, None)[0] == ""


def test_a_file_of_the_host_is_refused(page: PredictPage) -> None:
    with pytest.raises(InvalidInput, match="not a file that was uploaded"):
        page.look(MODEL.name, "/etc/passwd")
    with pytest.raises(InvalidInput, match="not a file that was uploaded"):
        page.start(MODEL.name, "/etc/passwd", "text", None)


def test_a_file_is_kept_and_queued_with_the_chosen_column(studio: Studio, table_file: Path) -> None:
    models = FakeModels()
    predictions = PredictionService(studio.settings, studio.datasets, models, studio.jobs, studio.pool)  # type: ignore[arg-type]
    held = FakeStudio(studio.settings, studio.datasets, studio.jobs, models, predictions)  # type: ignore[arg-type]
    queued = filing.start(held, MODEL_64, table_file, {"text": "topic", "text_b": None})  # type: ignore[arg-type]
    kept = Path(queued.payload["source"])
    assert kept.read_bytes() == table_file.read_bytes()
    assert kept.is_relative_to(studio.settings.uploads_dir)
    assert (queued.kind, queued.lane, queued.payload["columns"]) == ("predict", "light", {"text": "topic"})
    assert queued.title == "Predict Tickets.CSV with tickets-1"
    with pytest.raises(InvalidInput, match="No column"):
        filing.start(held, MODEL_64, table_file, {"text": None})  # type: ignore[arg-type]
    studio.jobs.cancel(queued.id)


def test_kept_uploads_that_no_job_needs_go_after_a_day(tmp_path: Path, table_file: Path) -> None:
    needed, old, new = (filing.keep_upload(tmp_path, table_file) for _ in range(3))
    for path in (needed, old):
        os.utime(path, (0, 0))
    filing.sweep_kept(tmp_path, [file_job(JobState.FAILED, payload={"source": str(needed)})])
    assert needed.exists() and new.exists() and not old.exists()


def file_job(state: JobState, **changes: Any) -> JobView:
    payload = {"file_name": "May.csv", "model": "tickets-1", "roles": ["text"], "columns": {}, "likely": {}}
    return job(state, **{"kind": "predict", "title": "May", "payload": payload, **changes})


def test_a_job_shows_how_far_it_is_and_that_the_page_may_be_closed(studio: Studio) -> None:
    html = filing.render_job(studio, file_job(JobState.RUNNING, fraction=0.5, step=512, steps=1024))
    assert "512 of 1,024 rows" in html and "You can close this page" in html
    assert "No worker is running" in filing.render_job(studio, file_job(JobState.QUEUED))
    html = filing.render_job(studio, file_job(JobState.PAUSED, fraction=0.5, step=512, steps=1024))
    assert "It is paused" in html and "You can close this page" not in html


def test_a_failed_job_says_why_and_leads_to_its_page(studio: Studio) -> None:
    failure = JobFailure("The table has no column 'x'.", "Choose another.", "wrong")
    html = filing.render_job(studio, file_job(JobState.FAILED, error=failure))
    assert "has no column" in html and "Choose another." in html
    assert 'href="/jobs?job=secret-id"' in html


def test_a_finished_job_whose_file_is_gone_says_so(studio: Studio) -> None:
    html = filing.render_job(studio, file_job(JobState.SUCCEEDED, result={"rows": 40, "file": "x.csv"}))
    assert "40 rows answered" in html
    assert "The file is not there any more" in html
    assert 'href="/api/v1/jobs/secret-id/file"' in html


def test_a_file_with_formulas_is_taken_guarded_or_as_it_is(studio: Studio) -> None:
    result = {"rows": 40, "file": "x.csv", "guarded": "y.csv"}
    html = filing.render_job(studio, file_job(JobState.SUCCEEDED, result=result))
    assert 'href="/api/v1/jobs/secret-id/file?guarded=true" download' in html
    assert "begin with an apostrophe" in html and 'href="/api/v1/jobs/secret-id/file"' in html
    plain = filing.render_job(studio, file_job(JobState.SUCCEEDED, result={**result, "guarded": None}))
    assert "apostrophe" not in plain and 'href="/api/v1/jobs/secret-id/file" download' in plain


def test_the_first_answers_are_read_from_the_head_of_a_long_file(tmp_path: Path) -> None:
    rows = [f"{n},the text number {n} of some length,a,0.{n % 9}5,0.5" for n in range(20_000)]
    path = tmp_path / "predictions.csv"
    path.write_text("\n".join(["id,message,prediction,confidence,p_a", *rows]) + "\n", encoding="utf-8")
    assert path.stat().st_size > filing.PREVIEW_BYTES
    frame = filing.read_head(path, path.stat().st_mtime_ns)
    assert list(frame["message"])[:1] == ["the text number 0 of some length"]
    html = filing.render_answers(frame, ["message"])
    assert html.count("<tr") == 1 + filing.PREVIEW_ROWS
    assert "The first 8 answers" in html and "15.0 %" in html


def test_columns_that_were_there_before_are_not_taken_for_the_answer() -> None:
    names = ["text", "prediction", "confidence", "prediction_2", "confidence_2", "p_a"]
    assert filing.added_columns(names) == ["prediction_2", "confidence_2"]


def test_only_accuracy_is_called_a_share_of_right_answers() -> None:
    scored = replace(MODEL, metrics={"test": {"accuracy": 0.9}})
    assert chosen.describe_score(scored, None) == "Right on 90.0 % of its test texts."
    sets = replace(MODEL, task="multilabel", metrics={"test": {"f1_micro": 0.765}})
    assert chosen.describe_score(sets, None) == "F1 (micro) 76.5 % on its test texts."
