"""The network stack on the machine: addresses, neighbours, echoes, the link."""

import re
import time

import pytest

from tests.lib.machine import PATIENCE
from tests.lib.wire import Wire

POLICY = "tests/boot/policies/network.yaml"


@pytest.fixture
def wire(test_directory):
    w = Wire(test_directory)
    yield w
    w.close()


def log_until(m, pattern, timeout=20):
    """Waits until the log has a line that matches; returns the match."""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        found = re.search(pattern, m.run("log"))
        if found or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert found, f"no line like {pattern!r}\n" + m.tail()
    return found


def test_addresses_from_user_networking(machine):
    m = machine(POLICY, extra=["-netdev", "user,id=n", "-device",
                               "e1000e,netdev=n,mac=52:54:00:12:34:56"])
    m.wait_prompt()
    log_until(m, r"net: address 10\.0\.2\.15/24 by DHCP from 10\.0\.2\.2, "
                 r"gateway 10\.0\.2\.2, DNS 10\.0\.2\.3")
    log_until(m, r"net: IPv6 address fe80::5054:ff:fe12:3456/64")
    log_until(m, r"net: IPv6 address fec0::5054:ff:fe12:3456/64")
