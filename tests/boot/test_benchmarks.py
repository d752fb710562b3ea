"""The benchmarks of the kernel and of the sockets run to their end, and no figure
is much worse than the one kept in docs/: under -icount they are exact, so a
regression shows."""

import os

from lib import benchmarks, counting, traffic
from tests.conftest import ROOT


def test_benchmarks(machine, build):
    init = os.path.join(build, "kernel-tests", "bench")
    m = machine("policies/edu.yaml", iso_options={"replace": {"init": init}},
                trace=False, icount=True, smp=2)
    assert m.wait_exit(180) == 0, m.tail()
    assert "FAILED" not in m.console, m.tail()
    figures = benchmarks.parse(m.console)
    kept = benchmarks.read_csv(os.path.join(ROOT, benchmarks.CSV))
    assert len(figures) > 40
    # What the program measures is what is kept, so nothing is left out.
    assert set(figures) <= set(kept)
    assert benchmarks.worse(figures, kept) == []


def test_sockets(build, tmp_path):
    counting.make_plugin(build)
    figures = {f"igb-{name}": benchmarks.Figure(count, count) for name, count in
               traffic.cordon_figures(build, str(tmp_path), "igb").items()}
    kept = benchmarks.read_csv(os.path.join(ROOT, benchmarks.CSV))
    assert set(figures) <= set(kept)
    assert benchmarks.worse(figures, kept) == []
