"""The API answers in the shapes of the contract, and says plainly what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from studio.api.app import build_api
from studio.bootstrap import Studio

API = "/api/v1"


def upload(client: TestClient, path: Path, **form: str) -> object:
    with path.open("rb") as stream:
        return client.post(f"{API}/datasets", files={"file": (path.name, stream)}, data=form)


def test_health_says_ok_and_counts_the_workers(client: TestClient) -> None:
    answer = client.get(f"{API}/health").json()
    assert answer["status"] == "ok"
    assert answer["workers"] == 0


def test_the_system_route_describes_the_machine(client: TestClient) -> None:
    answer = client.get(f"{API}/system").json()
    assert answer["cpu_cores"] >= 1
    assert answer["disk_free_bytes"] > 0


def test_an_uploaded_table_becomes_a_dataset_and_leaves_no_upload_behind(
    client: TestClient, studio: Studio, small_table: Path
) -> None:
    answer = upload(client, small_table, name="small", roles='{"text": "text", "label": "label"}')
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert dataset["labels"] == ["animals", "tools"]
    assert sum(dataset["rows"].values()) == 80
    assert [item["name"] for item in client.get(f"{API}/datasets").json()] == ["small"]
    assert list(studio.settings.uploads_dir.iterdir()) == []
    assert client.delete(f"{API}/datasets/small").status_code == 204
    assert client.get(f"{API}/datasets/small").status_code == 404


def test_a_table_of_indices_takes_its_labels_from_a_file_and_tabs_may_be_written_as_letters(
    client: TestClient, tmp_path: Path
) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("".join(f"a text, number {n}\t{n % 2}\n" for n in range(40)), encoding="utf-8")
    form = {
        "name": "named",
        "delimiter": "\\t",
        "header": "false",
        "roles": '{"text": "column_1", "label": "column_2"}',
    }
    with table.open("rb") as stream:
        files = {"file": (table.name, stream), "labels": ("class.txt", b"animals\ntools\n")}
        answer = client.post(f"{API}/datasets", files=files, data=form)
    assert answer.status_code == 201, answer.text
    assert answer.json()["labels"] == ["animals", "tools"]
    with table.open("rb") as stream:
        files = {"file": (table.name, stream), "labels": ("class.txt", b"animals\nanimals\n")}
        answer = client.post(f"{API}/datasets", files=files, data={**form, "name": "twice"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("class.txt names 'animals' twice")


@pytest.mark.parametrize("name", ["客服" * 100 + ".csv", "..", "a\x00b.csv", "x" * 300 + ".csv"])
def test_an_upload_may_have_any_name_but_none(client: TestClient, small_table: Path, name: str) -> None:
    content = small_table.read_bytes()
    answer = client.post(f"{API}/datasets", files={"file": (name, content)}, data={"name": "small"})
    assert answer.status_code == 201, answer.text
    body = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nother\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n'
        + content
        + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post(f"{API}/datasets", content=body, headers=headers)
    assert answer.status_code == 422
    assert "file name" in answer.json()["error"]["message"]


def test_a_table_with_broken_rows_is_refused_with_all_its_problems(
    client: TestClient, write_table: object
) -> None:
    rows = [[f"some text {n}", "a" if n % 2 else "b"] for n in range(20)]
    rows[3][1] = ""
    rows[7][0] = ""
    answer = upload(client, write_table(rows), name="broken")
    assert answer.status_code == 422
    problems = answer.json()["error"]["problems"]
    assert {row for problem in problems if problem["severity"] == "error" for row in problem["rows"]} == {
        5,
        9,
    }
    assert upload(client, write_table(rows), name="broken", drop_bad_rows="true").status_code == 201


def test_a_second_dataset_of_the_same_name_is_a_conflict(client: TestClient, small_table: Path) -> None:
    assert upload(client, small_table, name="small").status_code == 201
    assert upload(client, small_table, name="small").status_code == 409


def test_starting_a_training_twice_with_one_key_is_one_job(client: TestClient, small_table: Path) -> None:
    upload(client, small_table, name="small")
    body = {"dataset": "small", "checkpoint": "minilm-l6", "preset": "quick", "recipe": {"epochs": 1}}
    first, second = (
        client.post(f"{API}/jobs", json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert first.status_code == 201, first.text
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["state"] == "queued"
    assert first.json()["recipe"]["epochs"] == 1
    assert len(client.get(f"{API}/jobs").json()) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [({"name": "other"}, "name"), ({"recipe": {"epochs": 2}}, "recipe"), ({"preset": "best"}, "preset")],
)
def test_a_key_with_another_wish_is_a_conflict(
    client: TestClient, small_table: Path, change: dict[str, object], named: str
) -> None:
    upload(client, small_table, name="small")
    body = {"dataset": "small", "checkpoint": "minilm-l6", "preset": "quick", "recipe": {"epochs": 1}}
    key = {"Idempotency-Key": "one"}
    first = client.post(f"{API}/jobs", json=body, headers=key).json()
    answer = client.post(f"{API}/jobs", json={**body, **change}, headers=key)
    assert answer.status_code == 409, answer.text
    assert named in answer.json()["error"]["message"] and first["id"] in answer.json()["error"]["message"]
    assert "new key" in answer.json()["error"]["hint"]
    client.post(f"{API}/jobs/{first['id']}/cancel")
    client.delete(f"{API}/datasets/small")
    again = client.post(f"{API}/jobs", json=body, headers=key)
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (201, first["id"], "cancelled")


def test_a_waiting_job_can_be_cancelled_and_tried_again_as_a_new_job(
    client: TestClient, small_table: Path
) -> None:
    upload(client, small_table, name="small")
    job = client.post(f"{API}/jobs", json={"dataset": "small", "checkpoint": "minilm-l6"}).json()
    assert client.post(f"{API}/jobs/{job['id']}/pause").json()["state"] == "paused"
    assert client.post(f"{API}/jobs/{job['id']}/resume").json()["state"] == "queued"
    assert client.post(f"{API}/jobs/{job['id']}/resume").status_code == 409
    assert client.post(f"{API}/jobs/{job['id']}/stop").json()["error"]["hint"] == "Let it run, or cancel it."
    assert client.post(f"{API}/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{API}/jobs/{job['id']}/cancel").status_code == 409
    again = client.post(f"{API}/jobs/{job['id']}/retry").json()
    assert again["retry_of"] == job["id"]
    assert [event["kind"] for event in client.get(f"{API}/jobs/{job['id']}/events").json()]


def test_a_recipe_field_out_of_its_limits_is_named_with_its_limits(
    client: TestClient, small_table: Path
) -> None:
    upload(client, small_table, name="small")
    body = {"dataset": "small", "checkpoint": "minilm-l6", "recipe": {"batch_size": 0}}
    answer = client.post(f"{API}/jobs", json=body)
    assert answer.status_code == 422
    assert "batch_size" in answer.json()["error"]["message"]
    assert "512" in answer.json()["error"]["hint"]


def test_a_dataset_that_a_waiting_job_needs_is_not_deleted(client: TestClient, small_table: Path) -> None:
    upload(client, small_table, name="small")
    job = client.post(f"{API}/jobs", json={"dataset": "small", "checkpoint": "minilm-l6"}).json()
    refused = client.delete(f"{API}/datasets/small")
    assert refused.status_code == 409
    assert job["title"] in refused.json()["error"]["message"]
    client.post(f"{API}/jobs/{job['id']}/cancel")
    assert client.delete(f"{API}/datasets/small").status_code == 204


def test_unknown_things_are_404_with_a_next_step(client: TestClient) -> None:
    for path in ("/datasets/none", "/jobs/none", "/models/none", "/models/none/report", "/nothing-here"):
        answer = client.get(f"{API}{path}")
        assert answer.status_code == 404, path
        assert answer.json()["error"]["message"]
        assert answer.json()["error"]["hint"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_what_is_no_route_is_said_in_the_shape_of_errors_beside_the_pages_too(
    studio: Studio, method: str
) -> None:
    application = build_api(studio)
    # As the pages are: at the root, answering whatever the API leaves.
    application.mount("/", FastAPI())
    with TestClient(application, base_url="http://127.0.0.1:7860") as client:
        for path in (f"{API}/nothing-here", f"{API}/models/a/b/c", "/api/v2/health", f"{API}"):
            answer = client.request(method, path)
            assert answer.status_code == 404, path
            assert answer.json()["error"]["code"] == "not_found"
            assert f"{method} {path}" in answer.json()["error"]["message"]
        wrong = client.request("PUT", f"{API}/health")
        assert wrong.status_code == 404
        assert client.get(f"{API}/health").status_code == 200


def test_a_request_that_does_not_fit_says_which_field(client: TestClient) -> None:
    answer = client.post(f"{API}/jobs", json={"dataset": "small"})
    assert answer.status_code == 422
    assert "checkpoint" in answer.json()["error"]["message"]


def test_the_description_lists_every_route(client: TestClient) -> None:
    paths = client.get(f"{API}/openapi.json").json()["paths"]
    assert f"{API}/models/{{name}}/predict" in paths
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation.get("summary"), (path, method)
            assert operation.get("description"), (path, method)


def test_the_description_shows_errors_in_the_shape_that_they_have(client: TestClient) -> None:
    described = client.get(f"{API}/openapi.json").json()
    assert "HTTPValidationError" not in described["components"]["schemas"]
    error = described["components"]["schemas"]["ErrorBody"]["properties"]
    assert set(error) == {"code", "message", "hint", "problems"}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            for status in ("4XX", "503"):
                content = operation["responses"][status]["content"]
                shape = {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}
                assert content == {"application/json": shape}, (path, method)


@pytest.mark.parametrize(
    ("content", "headers", "status", "sentence"),
    [
        (b'{"dataset": "x"}', {}, 422, "no header Content-Type"),
        (b'{"dataset": "x"}', {"Content-Type": "text/plain"}, 422, "Content-Type: text/plain"),
        (b'[{"dataset": "x"}]', {"Content-Type": "application/json"}, 422, "no object"),
        (b'{"dataset": x}', {"Content-Type": "application/json"}, 422, "not JSON"),
        (b"", {"Content-Type": "application/json"}, 422, "no body"),
        (
            '{"dataset": "\u5de5\u5355"}'.encode("gbk"),
            {"Content-Type": "application/json"},
            400,
            "not text in UTF-8",
        ),
    ],
)
def test_a_body_that_is_no_json_object_says_what_to_send(
    client: TestClient, content: bytes, headers: dict[str, str], status: int, sentence: str
) -> None:
    answer = client.post(f"{API}/jobs", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert sentence in error["message"]
    assert "Send JSON in UTF-8 with the header Content-Type: application/json" in error["hint"]
