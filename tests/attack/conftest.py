"""Collects what became of each attack, also from the workers of pytest-xdist;
at the end prints the tables and writes them (report.py)."""

import os

import pytest

from tests.attack import report

ROWS = []


@pytest.fixture
def record_attack(request):
    """Takes the row of this test; its result may still change."""
    return lambda row: request.node.user_properties.append(("attack", row))


def pytest_runtest_logreport(report):
    if report.when == "call":
        ROWS.extend(row for name, row in report.user_properties
                    if name == "attack")


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    rows = report.in_order(ROWS)
    terminalreporter.section("attacks")
    for line in report.plain(rows):
        terminalreporter.write_line(line)
    build = os.environ.get("CORDON_BUILD", "build")
    report.write_json(os.path.join(build, "results", "attacks.json"), rows)
    report.write_document(report.DOCUMENT, rows)
