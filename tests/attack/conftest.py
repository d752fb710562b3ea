"""The table of attacks at the end of a run, and the same as JSON."""

import json
import os

import pytest

RESULTS = []
COLUMNS = ("case", "rule", "tries", "witness", "result")


@pytest.fixture
def record_attack():
    return RESULTS.append


def pytest_terminal_summary(terminalreporter):
    if not RESULTS:
        return
    rows = [COLUMNS] + [tuple(str(r[c]) for c in COLUMNS) for r in RESULTS]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    terminalreporter.section("attacks")
    for row in rows:
        terminalreporter.write_line("  ".join(
            text.ljust(width) for text, width in zip(row, widths)).rstrip())
    build = os.environ.get("CORDON_BUILD", "build")
    path = os.path.join(build, "results", "attacks.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(RESULTS, f, indent=2)
