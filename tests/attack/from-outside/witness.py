"""What was served meanwhile."""

from tests.attack.witnesses import Breach

SLOWER = 3               # times as long as before the flood, afterwards
SHARE = 0.5              # of the pings during the flood


def served(attempt):
    """a client of the host: each file that it asked for came, as it is on the disk"""
    during = attempt.notes["during"]
    if None in during:
        raise Breach(f"{during.count(None)} of {len(during)} files did not come")


def answered(attempt):
    """a neighbour: half of the pings within the flood were answered"""
    asked, had = attempt.notes["pings"]
    assert asked >= 10, "that was no flood"
    if had < SHARE * asked:
        raise Breach(f"{had} of {asked} pings were answered")


def recovered(attempt):
    """a client of the host: after the flood a file comes as fast as before"""
    before, after = attempt.notes["before"], attempt.notes["after"]
    if after is None or after > SLOWER * before + 1:
        raise Breach(f"after the flood it takes {after} s, {before} s before")
