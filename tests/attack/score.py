"""What a component got done, out of the page where it keeps score (score.h)."""

import struct

from tests.attack.attempt import PAGE

HEAD = 64                # bytes of the mark in struct score
COUNTS = 496             # SCORE_SLICES
SLICES = 10              # at least, to say something


def read(attempt):
    return attempt.machine.read_memory(attempt.find_page("worker"), PAGE)


def errors(attempt):
    return struct.unpack_from("<Q", read(attempt), HEAD + 16 + 8 * COUNTS)[0]


def slices(attempt):
    """What the worker got done in each slice of time that lies in a span."""
    page = read(attempt)
    begun, size = struct.unpack_from("<2Q", page, HEAD)
    counts = struct.unpack_from(f"<{COUNTS}Q", page, HEAD + 16)
    return lambda first, last: counts[
        max(0, -(-(first - begun) // size)):max(0, (last - begun) // size)]


def means(attempt, *spans):
    """What the worker got done in a slice, on average, in each span (from,
    until) of time, as far as the worker was there and the page goes."""
    found = []
    within = slices(attempt)
    for span in spans:
        whole = within(*span)
        assert len(whole) >= SLICES, "too short to say"
        found.append(sum(whole) / len(whole))
    assert found[0] > 0, "the worker did not work"
    return found
