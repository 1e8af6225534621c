"""A faster form is made by a job, measured, used where it is good, and given up again."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from jobs.bells import Stop
from jobs.queue import JobView
from jobs.states import JobState
from studio.api.app import build_api
from studio.bootstrap import Studio, make_worker, open_studio
from studio.cli.main import main
from studio.errors import Conflict, NotKept
from studio.form_handlers import loses_by_precision, refuse_bad
from studio.pages.predict import chosen
from studio.pages.results import speed
from studio.prediction.compiling import Comparison
from studio.prediction.forms import folder_of_form, read_note
from studio.records.forms import CompiledForm
from studio.services.datasets import ImportRequest
from studio.services.forms import FormWish
from studio.services.training import TrainRequest
from studio.settings import Settings
from tests.asked import asked
from tests.conftest import small_rows, write_csv
from tests.encoders import build_encoder
from tests.test_handlers import run_to_its_end, wait_until

API = "/api/v1"
MODEL = "small model"
TEXT = "the cat is in the garden"
ANYWAY = FormWish(accept_loss=True, accept_slow=True)
GOOD = CompiledForm("f", "int8", "test", 400, 0.9975, "accuracy", 0.0025, 2.04, 1.5, 9)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with one trained model."""
    folder = tmp_path_factory.mktemp("forms")
    table = write_csv(folder / "small.csv", small_rows(), ("text", "label"))
    settings = Settings(home=folder / "home", offline=True, lease_seconds=2.0)
    with contextlib.closing(open_studio(settings)) as opened:
        opened.datasets.import_file(ImportRequest(path=table, name="small"))
        start = str(build_encoder(folder / "tiny"))
        changes = {"epochs": 1, "class_weights": "none"}
        run_to_its_end(
            opened, opened.training.start(TrainRequest("small", start, name=MODEL, changes=changes))
        )
        yield opened


@pytest.fixture
def form(studio: Studio) -> Iterator[CompiledForm]:
    """The model with a compiled form."""
    if studio.models.get(MODEL).compiled is None:
        run_to_its_end(studio, studio.forms.start(MODEL, ANYWAY))
    made = studio.models.get(MODEL).compiled
    assert made is not None
    yield made


def forms_on_disk(studio: Studio) -> list[str]:
    """The folders of forms of the model, whole or not."""
    folder = studio.settings.models_dir / studio.models.get(MODEL).id / "compiled"
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def run(studio: Studio) -> Callable[..., int]:
    """Run a command on the same home; its exit code."""
    return lambda *words: main(["--home", str(studio.settings.home), *words])


def answers(studio: Studio) -> Any:
    """What the model says of a text."""
    return studio.predictions.predict(MODEL, asked([TEXT]))[0]


@pytest.mark.slow
def test_a_form_answers_as_the_plain_one_until_it_is_given_up(studio: Studio) -> None:
    plain, model = answers(studio), studio.models.get(MODEL)
    job = run_to_its_end(studio, studio.forms.start(MODEL, ANYWAY))
    made = studio.models.get(MODEL).compiled
    assert made is not None and made.id == job.id and made.kind == "float"
    assert made.split == "test" and made.rows == 8 and made.agreement == 1.0 and made.loss == 0.0
    folder = studio.models.answering_folder(studio.models.get(MODEL))
    assert folder == folder_of_form(studio.settings.models_dir / model.id, job.id)
    assert read_note(folder).max_length > 0
    assert json.loads((folder / "form.json").read_text())["measured"] == made.to_json()
    noted = json.loads((studio.settings.models_dir / model.id / "record.json").read_text())
    assert noted["compiled"] == made.to_json()

    compiled = answers(studio)
    assert compiled["label"] == plain["label"]
    assert abs(compiled["confidence"] - plain["confidence"]) < 1e-4
    assert studio.pool.state(folder) == "ready", "the compiled form has answered"
    wait_until(lambda: studio.pool.state(studio.models.folder(MODEL)) == "cold", 30)

    studio.forms.remove(MODEL)
    assert studio.models.get(MODEL) == model
    assert answers(studio) == plain and not folder.exists()
    assert studio.forms.remove(MODEL) == model, "safe to repeat"


@pytest.mark.slow
def test_another_form_takes_the_place_of_the_first(studio: Studio, form: CompiledForm) -> None:
    wish = FormWish(int8=True, accept_loss=True, accept_slow=True)
    run_to_its_end(studio, studio.forms.start(MODEL, wish))
    made = studio.models.get(MODEL).compiled
    assert made is not None and made.kind == "int8" and made.id != form.id
    assert forms_on_disk(studio) == [made.id]
    assert answers(studio)["label"]
    studio.forms.remove(MODEL)


@pytest.mark.slow
def test_a_killed_job_leaves_the_model_as_it_was_and_is_done_again(studio: Studio) -> None:
    before = answers(studio)
    ends = Stop()
    job = studio.forms.start(MODEL, ANYWAY)
    worker = threading.Thread(target=make_worker(studio.settings).run, args=(ends,))
    worker.start()
    try:
        half = studio.settings.models_dir / studio.models.get(MODEL).id / "compiled"
        wait_until(lambda: half.is_dir() and any(half.glob("*.part/*")))
        (child,) = (p for p in psutil.Process().children(recursive=True) if job.id in " ".join(p.cmdline()))
        child.kill()
        assert studio.models.get(MODEL).compiled is None and answers(studio) == before
        wait_until(lambda: studio.jobs.get(job.id).state is JobState.SUCCEEDED)
    finally:
        ends.set()
        worker.join(60)
    assert studio.jobs.get(job.id).attempt > 1
    assert forms_on_disk(studio) == [job.id], "nothing half-written is left"


@pytest.mark.slow
def test_scores_and_exports_are_those_of_the_plain_form(
    studio: Studio, form: CompiledForm, tmp_path: Path
) -> None:
    run_to_its_end(studio, studio.evaluations.start(MODEL, "small", "train"))
    assert studio.evaluations.report(MODEL, "small", "train").rows == 64
    out = studio.models.export(MODEL, tmp_path / "out", "folder")
    assert not [path for path in out.rglob("*") if "compiled" in path.name or path.suffix == ".xml"]


@pytest.mark.slow
def test_a_file_is_answered_by_the_form_that_there_was(
    studio: Studio, form: CompiledForm, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "texts.csv", [[text] for text, _ in small_rows()[:9]], ("text",))
    job = studio.predictions.start_file(MODEL, table, "texts.csv")
    assert job.payload["form_id"] == form.id
    run_to_its_end(studio, job)
    assert studio.predictions.file_of(job.id).read_text().count("\n") == 10


@pytest.mark.slow
def test_commands_and_the_api_make_show_and_remove_it(
    studio: Studio, form: CompiledForm, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with TestClient(build_api(studio)) as client:
        shown = client.get(f"{API}/models/{MODEL}").json()
        assert shown["compiled"] == form.to_json()
        asked = client.post(f"{API}/models/{MODEL}/predict", json={"inputs": [{"text": TEXT}]}).json()
        assert asked["form"] == form.to_json()
        assert run("model", "show", MODEL) == 0
        assert "Faster form (float): It gives 100 % of 8 test rows" in capsys.readouterr().out
        assert client.delete(f"{API}/models/{MODEL}/compiled").status_code == 204
        assert client.get(f"{API}/models/{MODEL}").json()["compiled"] is None
        made = client.post(f"{API}/models/{MODEL}/compiled", json={"accept_slow": True})
        assert made.status_code == 201 and made.json()["kind"] == "compile"
        again = client.post(f"{API}/models/{MODEL}/compiled", json={"accept_slow": True})
        assert again.json()["id"] == made.json()["id"], "the same wish twice is one job"
        assert client.delete(f"{API}/models/{MODEL}/compiled").status_code == 409
        assert client.post(f"{API}/models/{MODEL}/compiled", json={"int8": True}).status_code == 409
        assert client.delete(f"{API}/models/{MODEL}").status_code == 409
        assert client.post(f"{API}/models/none/compiled", json={}).status_code == 404
    assert run("model", "compile", MODEL, "--accept-slow", "--wait") == 0
    assert "It gives 100 % of 8 test rows the same answer as the plain form" in capsys.readouterr().out
    assert run("model", "plain", MODEL) == 0
    assert "answers by its plain form" in capsys.readouterr().out


@pytest.mark.slow
def test_the_pages_say_which_form_answers_and_what_came_of_the_last_wish(
    studio: Studio, form: CompiledForm
) -> None:
    model = studio.models.get(MODEL)
    html = speed.render_form(studio, model)
    assert "The faster form answers. It gives 100 % of 8 test rows" in html.striptags()
    assert 'data-pick="remove"' in html and 'data-pick="int8"' in html and 'data-pick="float"' not in html
    assert "Its faster form answers." in chosen.render_status(studio, model, "ready").striptags()
    speed.act(studio, MODEL, "remove")
    html = speed.render_form(studio, studio.models.get(MODEL))
    assert "The plain form answers." in html and 'data-pick="float"' in html
    speed.act(studio, MODEL, "int8")
    html = speed.render_form(studio, studio.models.get(MODEL))
    assert 'role="progressbar"' in html and "data-pick" not in html
    job = studio.forms.latest(model)
    assert job is not None
    with pytest.raises(Conflict, match="is being made"):
        speed.act(studio, MODEL, "remove")
    studio.jobs.cancel(job.id)
    assert "data-pick" in speed.render_form(studio, studio.models.get(MODEL))


@pytest.mark.slow
def test_a_refused_form_is_said_with_its_numbers_and_can_be_kept_anyway(studio: Studio) -> None:
    job = refused(studio)
    html = speed.render_form(studio, studio.models.get(MODEL))
    assert job.error is not None and job.error.message in html
    assert 'data-pick="anyway-int8"' in html and "keep it anyway" in html


def refused(studio: Studio) -> JobView:
    """A job that ended as one does whose form is not kept."""
    from jobs.views import JobFailure

    job = studio.forms.start(MODEL, FormWish(int8=True))
    claim = studio.jobs.queue.store.claim_next("worker", "light", 60)
    assert claim is not None and claim.job_id == job.id
    with pytest.raises(NotKept) as caught:
        refuse_bad(GOOD_BUT_SLOW, accept_loss=False, accept_slow=False)
    failure = JobFailure(caught.value.message, caught.value.hint, caught.value.code)
    assert studio.jobs.queue.store.fail(job.id, claim.fence, failure)
    return studio.jobs.get(job.id)


GOOD_BUT_SLOW = CompiledForm("f", "int8", "test", 400, 1.0, "accuracy", 0.0, 0.8, 1.3, 9)
WORSE = {"agreement": 0.99, "loss": 0.006}


def with_values(**values: Any) -> CompiledForm:
    """The good form with some numbers changed."""
    return CompiledForm(**{**GOOD.to_json(), **values})


@pytest.mark.parametrize("name", WORSE)
def test_a_form_that_loses_too_much_is_refused_unless_that_is_accepted(name: str) -> None:
    worse = with_values(**{name: WORSE[name]})
    with pytest.raises(NotKept, match="answers too differently") as caught:
        refuse_bad(worse, accept_loss=False, accept_slow=True)
    assert "99.5%" in caught.value.message and "0.5 points" in caught.value.message
    refuse_bad(worse, accept_loss=True, accept_slow=False)


def test_a_form_is_measured_again_only_where_full_precision_can_help() -> None:
    exact, lossy = Comparison(1.0, 0.0, 2.0, 2.0), Comparison(0.9, 0.0, 2.0, 2.0)
    assert loses_by_precision(lossy, "bf16") and loses_by_precision(lossy, "f16")
    assert not loses_by_precision(lossy, "f32") and not loses_by_precision(exact, "bf16")


@pytest.mark.parametrize("speeds", [(1.05, 1.05), (0.85, 3.0), (3.0, 0.85)])
def test_a_form_that_is_not_faster_is_refused_unless_that_is_accepted(speeds: tuple[float, float]) -> None:
    slow = with_values(file_speed=speeds[0], text_speed=speeds[1])
    with pytest.raises(NotKept, match="not faster on this machine"):
        refuse_bad(slow, accept_loss=True, accept_slow=False)
    refuse_bad(slow, accept_loss=False, accept_slow=True)
    refuse_bad(with_values(file_speed=1.0, text_speed=1.5), accept_loss=False, accept_slow=False)


def test_a_gain_in_score_is_no_loss() -> None:
    refuse_bad(with_values(loss=-0.02, agreement=0.996), accept_loss=False, accept_slow=False)


def test_wishes_at_the_same_moment_make_one_job(studio: Studio) -> None:
    asked: list[JobView] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        asked.append(studio.forms.start(MODEL, ANYWAY))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({job.id for job in asked}) == 1 and len(asked) == 8
    with pytest.raises(Conflict, match="is being made"):
        studio.forms.start(MODEL, FormWish(int8=True))
    studio.jobs.queue.cancel(asked[0].id)
    again = studio.forms.start(MODEL, ANYWAY)
    assert again.id != asked[0].id
    studio.jobs.queue.cancel(again.id)
