"""Ordinary socket programs (tests/component/nettest) on the network stack: over
its loopback, and with the host as the other side."""

import os
import re
import socket
import threading
import time

import pytest

from tests.lib.machine import PATIENCE, log_until

POLICY = "tests/component/nettest/policy.yaml"
CARD = "e1000e,netdev=n,mac=52:54:00:12:34:56"


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
    """The client ends, and its last words are that all was as it should be."""
    log_until(m, r"tester: exited with status", timeout)
    assert f"tester: {role}: all held" in m.run("log"), m.tail(60)


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
    ("threads", "127.0.0.1", "7"),
], ids=lambda w: "-".join(w))
def test_over_the_loopback(start, words):
    holds(start(words), words[0])


def test_the_stack_dies_under_its_clients(start):
    """Old sockets say so, new ones reach the successor; nobody else dies."""
    m = start(("death", "127.0.0.1", "7"))
    log_until(m, "tester: death: ready")
    time.sleep(0.3)
    m.run("kill net")
    holds(m, "death", 60)
    log = m.run("log")
    assert "echo: the network stack has gone" in log
    assert not re.search("(echo|tester|nic).*fault", log), log


def test_from_the_host(start):
    """TCP and UDP through the card: the echo server at a port of the host."""
    tcp, udp = forwarded(socket.SOCK_STREAM), forwarded(socket.SOCK_DGRAM)
    m = start(("names", "localhost"),
              f",hostfwd=tcp:127.0.0.1:{tcp}-:7,hostfwd=udp:127.0.0.1:{udp}-:7")
    log_until(m, "net: address 10.0.2.15")
    log_until(m, "echo: listening")
    data = os.urandom(1 << 20)
    with socket.create_connection(("127.0.0.1", tcp), 20) as s:
        assert echoed(s, data) == data
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10 * PATIENCE)
        s.connect(("127.0.0.1", udp))
        for size in (1, 1000, 1472, 4000):
            s.send(data[:size])
            assert s.recv(65536) == data[:size]


def forwarded(kind):
    """A port of the host that is free now."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def echoed(s, data):
    """Sends all of it in a thread of its own, and returns what comes."""
    sender = threading.Thread(target=lambda: (s.sendall(data),
                                              s.shutdown(socket.SHUT_WR)))
    sender.start()
    got = bytearray()
    while piece := s.recv(65536):
        got += piece
    sender.join()
    return bytes(got)
