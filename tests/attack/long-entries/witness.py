"""How long one entry into the kernel was, against what docs/benchmarks.csv says
that it may be."""

import os

from lib import benchmarks
from tests.attack.cases import ROOT
from tests.attack.witnesses import Breach


def bounded(attempt):
    """QEMU counts instructions: no entry into the kernel was longer than docs/benchmarks.csv reports"""
    assert attempt.status == 0, attempt.machine.tail()
    kept = benchmarks.read_csv(os.path.join(ROOT, benchmarks.CSV))
    bound = kept["longest-entry"].maximum
    longest = next(words for words in attempt.counted()
                   if words[0] == "longest")
    if int(longest[1]) > bound:
        raise Breach(f"{longest[1]} instructions from {longest[2]} on, "
                     f"where {bound} are reported")
