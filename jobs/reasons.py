"""Sentences that say why the queue itself holds a job back, by which others recognise that it did."""

LITTLE_ROOM = "Paused because the disk is nearly full. Free some space, then resume it."
NO_ROOM = "Paused because the disk is full. Free some space, then resume it."
FOR_LACK_OF_ROOM = frozenset({LITTLE_ROOM, NO_ROOM})
