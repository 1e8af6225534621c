"""What every open page shows is made once."""

from __future__ import annotations

from studio.pages.live import Snapshot


def test_pages_share_what_was_made_until_something_has_changed() -> None:
    revision, made = [1], []

    def make() -> int:
        made.append(revision[0])
        return len(made)

    shared = Snapshot(lambda: revision[0], make)
    first = [shared.get() for _ in range(3)]
    assert len(set(first)) <= 2, "once, or twice where the moment for ages fell between"
    before = len(made)
    revision[0] = 2
    shared.get()
    assert len(made) > before
    assert made[-1] == 2
