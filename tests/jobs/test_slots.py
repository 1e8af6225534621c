"""The places in which jobs run, and how many one owner may take."""

from __future__ import annotations

import threading

from jobs.database import make_engine
from jobs.states import JobState
from jobs.store import Store
from tests.jobs.bench import Bench
from tests.jobs.store_calls import LEASE, new


def test_a_slot_holds_one_job_whoever_asks(store: Store) -> None:
    ids = [store.add(new()).id for _ in range(3)]
    first = store.claim_next("one", "train", LEASE, ["box/cuda:0", "box/cuda:1"])
    second = store.claim_next("two", "train", LEASE, ["box/cuda:0", "box/cuda:1"])
    assert first is not None and second is not None
    assert (first.slot, second.slot) == ("box/cuda:0", "box/cuda:1")
    assert store.claim_next("three", "train", LEASE, ["box/cuda:0", "box/cuda:1"]) is None
    assert store.get(ids[0]).slot == "box/cuda:0"
    store.finish(first.job_id, first.fence, {})
    third = store.claim_next("three", "train", LEASE, ["box/cuda:0", "box/cuda:1"])
    assert third is not None and third.slot == "box/cuda:0"


def test_many_workers_of_one_machine_never_share_a_slot(bench: Bench) -> None:
    for _ in range(30):
        bench.store.add(new())
    slots = ["box/cuda:0", "box/cuda:1"]
    held: list[str] = []
    shared: list[str] = []
    lock = threading.Lock()

    def work(worker: str) -> None:
        store = Store(make_engine(bench.url))
        while store.waiting(["train"]):
            found = store.claim_next(worker, "train", LEASE, slots)
            if found is None:
                continue
            with lock:
                shared.extend(slot for slot in held if slot == found.slot)
                held.append(found.slot)
            with lock:
                held.remove(found.slot)
            store.finish(found.job_id, found.fence, {})

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared == []
    assert {job.state for job in bench.store.list_jobs()} == {JobState.SUCCEEDED}


def test_an_owner_at_the_limit_leaves_the_place_to_others(store: Store) -> None:
    mine = [store.add(new(owner="ann")).id for _ in range(2)]
    others = [store.add(new(owner=owner)).id for owner in ("bob", "", "")]
    taken = []
    while (found := store.claim_next("one", "train", LEASE, owner_limit=1)) is not None:
        taken.append(found)
    assert [found.job_id for found in taken] == [mine[0], *others]
    store.finish(taken[0].job_id, taken[0].fence, {})
    again = store.claim_next("one", "train", LEASE, owner_limit=1)
    assert again is not None and again.job_id == mine[1]
