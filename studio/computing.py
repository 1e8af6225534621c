"""What is read as a process starts, and how fast it then computes: settings of OpenMP and of glibc."""

from __future__ import annotations

from collections.abc import Mapping

# Threads that wait must sleep: spinning ones slow training and predictor down on a machine they share.
SLEEPING_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
# Those of a process that learns are awake a tenth of a millisecond first, which most waits of a step take,
# unless there are more threads than cores: ``studio.execution.waiting`` sees to that where others need them.
SPINS, AWAKE_FIRST = "GOMP_SPINCOUNT", "5000"
GLIBC = "GLIBC_TUNABLES"
# Every step makes the same large tensors. Left alone, glibc gives their pages back to the system after each
# and asks for new ones, which the system fills with zeros first; here it keeps them, in pages of 2 MB where
# there are such. https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
KEPT_PAGES = (
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:"
    "glibc.malloc.trim_threshold=4294967296:glibc.malloc.top_pad=16777216"
)


def learning_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What is added to the environment of a process that learns; what is given wins, but for sleeping.

    C libraries other than glibc do not read what is for them, nor does OpenMP other than GNU's.

    >>> learning_environment({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"})["GLIBC_TUNABLES"][-23:]
    ':glibc.malloc.hugetlb=0'
    >>> learning_environment({"GOMP_SPINCOUNT": "0"})["GOMP_SPINCOUNT"]
    '0'
    """
    own, awake = given.get(GLIBC), given.get(SPINS, AWAKE_FIRST)
    return {**SLEEPING_THREADS, SPINS: awake, GLIBC: f"{KEPT_PAGES}:{own}" if own else KEPT_PAGES}
