"""Whether another component worked on, and how many calls there were."""

import struct

from tests.attack.attempt import PAGE
from tests.attack.witnesses import Breach

CALLS = 1_000_000
SHARE = 0.9       # of what it got done beside a quiet attacker
HEAD = 64         # bytes of the mark in struct score (score.h)


def said(attempt, word):
    found = [l.split()[1:] for l in attempt.said if l.split()[0] == word]
    assert len(found) == 1, f"the attacker did not say {word}"
    return [int(number) for number in found[0][:2] if number.isdigit()]


def goes_on(attempt):
    """the score of another component, in a dump of its page: it got as much done as before the million calls"""
    assert said(attempt, "calls")[0] >= CALLS
    page = attempt.machine.read_memory(attempt.find_page("worker"), PAGE)
    begun, size = struct.unpack_from("<2Q", page, HEAD)
    counts = struct.unpack_from(f"<{(PAGE - HEAD - 16) // 8}Q", page, HEAD + 16)

    def mean(first, last):
        whole = counts[-(-(first - begun) // size):(last - begun) // size]
        assert len(whole) >= 10, "too short to say"
        return sum(whole) / len(whole)

    before, during = mean(*said(attempt, "quiet")), mean(*said(attempt, "storm"))
    if during < SHARE * before:
        raise Breach(f"the worker got {during / before:.0%} done")
