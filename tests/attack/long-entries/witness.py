"""How long one entry into the kernel was, against a limit and against what
docs/benchmarks.csv reports."""

import os

from lib import benchmarks
from tests.attack.cases import ROOT
from tests.attack.witnesses import Breach

# Instructions. `make bench` takes its figure from this attack, so that alone
# would follow whatever the kernel does; this is for good.
LIMIT = 20_000


def bounded(attempt):
    """QEMU counts instructions: no entry into the kernel was longer than 20,000, nor than docs/benchmarks.csv reports"""
    assert attempt.status == 0, attempt.machine.tail()
    kept = benchmarks.read_csv(os.path.join(ROOT, benchmarks.CSV))
    bound = min(LIMIT, kept["longest-entry"].maximum)
    longest = next(words for words in attempt.counted()
                   if words[0] == "longest")
    if int(longest[1]) > bound:
        raise Breach(f"{longest[1]} instructions from {longest[2]} on, "
                     f"where {bound} are allowed")
