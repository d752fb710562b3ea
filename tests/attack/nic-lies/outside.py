"""A client of the host asks the whole time; what counts is when the driver is
honest again."""

import time

from tests.lib.machine import PATIENCE

DATA = bytes(i * 31 % 251 for i in range(61440))     # of one transfer
PATIENT = 40              # seconds until all are started again


def transfers(attempt):
    while not attempt.over:
        attempt.outside.send_and_compare(DATA, 2)
        time.sleep(0.2)
    end = time.monotonic() + PATIENT * PATIENCE
    attempt.notes["after"] = None
    while attempt.notes["after"] is None and time.monotonic() < end:
        attempt.notes["after"] = attempt.outside.send_and_compare(DATA, 5)
        time.sleep(0.2)
