"""Every story there is."""

from __future__ import annotations

from tests.faults.answers_story import ANSWERS
from tests.faults.form_story import FORM
from tests.faults.queue_story import QUEUE
from tests.faults.start_story import START
from tests.faults.table_story import TABLES
from tests.faults.training_story import TRAINING

STORIES = {story.name: story for story in (START, TABLES, QUEUE, ANSWERS, TRAINING, FORM)}
