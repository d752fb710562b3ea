"""What was served during a flood."""

from tests.attack.witnesses import Breach

SLOWER = 3               # times as long as before the flood, afterwards
SHARE = 0.5              # of the pings during the flood


def served(attempt):
    """a neighbour: half of its pings were answered during the flood, and after it all"""
    asked, answered = attempt.notes["pings"]
    assert asked >= 10, "that was no flood"
    if answered < SHARE * asked:
        raise Breach(f"{answered} of {asked} pings were answered")
    before, after = attempt.notes["before"], attempt.notes["after"]
    if after is None or after > SLOWER * before + 1:
        raise Breach(f"after the flood pings take {after} s, {before} s before")
