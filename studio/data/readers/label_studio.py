"""Label Studio's JSON export: what a task shows and what its first annotator answered, to one flat record."""

from __future__ import annotations

from typing import Any

ENTITIES = "entities"
# What an answer holds, by the kind of question that was asked.
ANSWERS = ("choices", "rating", "number", "text", "taxonomy")


def open_task(record: dict[str, Any]) -> dict[str, Any]:
    """A task with its data and the first answers that were not cancelled; any other record as it is.

    Marked entities stand under "entities", other answers under the name of their question.

    >>> mark = {"value": {"start": 0, "end": 4, "labels": ["PER"]}, "from_name": "ner"}
    >>> open_task({"id": 7, "data": {"text": "Anna left"}, "annotations": [{"result": [mark]}]})
    {'text': 'Anna left', 'entities': [{'start': 0, 'end': 4, 'labels': ['PER']}]}
    >>> open_task({"data": "a", "annotations": []})
    {'data': 'a', 'annotations': []}
    """
    data, given = record.get("data"), record.get("annotations")
    if not isinstance(data, dict) or not isinstance(given, list):
        return record
    done = [one for one in given if isinstance(one, dict) and not one.get("was_cancelled")]
    results = done[0].get("result") if done else None
    if not isinstance(results, list):
        return dict(data)
    marked: list[Any] = []
    answers: dict[str, Any] = {}
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict) and "start" in value:
            marked.append(value)
        elif isinstance(value, dict):
            found = next((value[name] for name in ANSWERS if name in value), None)
            one = found[0] if isinstance(found, list) and len(found) == 1 else found
            answers[str(result.get("from_name", "answer"))] = one
    return {**data, **({ENTITIES: marked} if marked or not answers else {}), **answers}
