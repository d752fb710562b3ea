"""What a client that takes its memory back costs the server and its others."""

import re

from tests.attack.score import errors, slices
from tests.attack.witnesses import Breach

SERVERS = "nvme|nic|switch"
ROUNDS = 1               # at least: the NVMe driver refuses the next life while it drains


def told(attempt, name):
    said = [l.split()[1] for l in attempt.said if l.startswith(name + " ")]
    assert len(said) == 1, f"the attacker did not say its `{name}`"
    return int(said[0])


def unharmed(attempt):
    """a dump of another client's score: it met no error, and it went on"""
    if errors(attempt):
        raise Breach(f"the other client met {errors(attempt)} errors")
    if not any(slices(attempt)(told(attempt, "began"), told(attempt, "ended"))):
        raise Breach("the other client got nothing done")


def lived(attempt):
    """the console: init did not have to end the server"""
    found = re.search(rf"^.*\b({SERVERS}): .*; stopped.*$",
                      attempt.machine.console, re.M)
    if found:
        raise Breach(found.group(0).strip())
    assert told(attempt, "rounds") >= ROUNDS, "the attacker did not get far"
