"""Ordinary socket programs (tests/component/nettest) on the network stack: over
its loopback, and with the host as the other side."""

import os
import re
import socket
import time

import pytest

from tests.lib.machine import PATIENCE

POLICY = "tests/component/nettest/policy.yaml"
CARD = "e1000e,netdev=n,mac=52:54:00:12:34:56"


def log_until(m, pattern, timeout=30):
    """Waits until the log has a line that matches; returns the match."""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        found = re.search(pattern, m.run("log"))
        if found or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert found, f"no line like {pattern!r}\n" + m.tail(60)
    return found


@pytest.fixture
def start(machine, test_directory):
    """start(words, **edits): the system with a client that gets these words."""
    def boot(words, forward="", edit=lambda text: text):
        path = os.path.join(test_directory, "sockets.yaml")
        with open(POLICY) as f:
            text = f.read()
        assert "args: [errors]" in text
        text = text.replace("args: [errors]", "args: [%s]" % ", ".join(
            f'"{w}"' for w in words))
        with open(path, "w") as f:
            f.write(edit(text))
        m = machine(path, extra=["-netdev", "user,id=n" + forward,
                                 "-device", CARD])
        m.wait_prompt()
        return m
    return boot


def holds(m, role, timeout=30):
    """The client's last line says that everything was as it should be."""
    said = log_until(m, rf"tester: {role}: (all held|.*\()", timeout).group(1)
    assert said == "all held", m.tail(60)


@pytest.mark.parametrize("words", [
    ("errors",),
    ("poll", "127.0.0.1", "7"),
    ("poll", "::1", "7"),
    ("client", "127.0.0.1", "7", "3000000"),
    ("client", "::1", "7", "3000000"),
    ("udp", "127.0.0.1", "7", "100"),
    ("udp", "::1", "7", "100"),
    ("ping", "127.0.0.1", "3"),
    ("ping", "::1", "3"),
    ("many", "127.0.0.1", "7", "100"),
    ("refuse", "127.0.0.1", "99", "ECONNREFUSED"),
    ("names", "localhost"),
], ids=lambda w: "-".join(w))
def test_over_the_loopback(start, words):
    holds(start(words), words[0])
