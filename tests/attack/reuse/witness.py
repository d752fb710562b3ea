"""Whether anything is left of what memory held for its last owner."""

from tests.attack.attempt import MARK, MEMORY
from tests.attack.witnesses import Breach


def none_left(attempt):
    """a dump of physical memory: nothing of the pages' old content is in it"""
    memory = attempt.machine.read_memory(0, MEMORY)
    left = memory.count(MARK + b"old\0\x5c")
    if left:
        raise Breach(f"{left} pages still hold what their last owner wrote")
