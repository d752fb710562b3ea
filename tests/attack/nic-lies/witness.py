"""What became of the stack above a driver that lied."""

import re

from tests.attack.witnesses import Breach


def no_fault(attempt):
    """the console: nobody faulted, and the stack did not find itself broken"""
    fault = re.search(r"^.*(?:page fault|exception|found itself broken).*$",
                      attempt.machine.console, re.M)
    if fault:
        raise Breach(fault[0])


def recovered(attempt):
    """a client of the host: it is served, once the driver is honest"""
    if attempt.notes["after"] is None:
        raise Breach("it is not served any more")
