"""What the host does while a client of the stack attacks: transfers through the
other one, and traffic for the attacker's own sockets."""

import time

from tests.attack.outside import CARD, GUEST, NEIGHBOUR, Meanwhile
from tests.lib import frames
from tests.lib.machine import PATIENCE

DATA = bytes(i * 31 % 251 for i in range(61440))     # of one transfer
PATIENT = 30                      # seconds until the server is there
LARGE = 60000                     # bytes of a datagram
KNOCKED = [1, 8, 10, 22, 80, 666, 65535]    # where nobody may listen


def datagram(number):
    """A large one for the attacker, in pieces."""
    whole = frames.udp(NEIGHBOUR, GUEST, 9, 9, bytes([number & 0xff]) * LARGE)
    return [frames.ipv4(NEIGHBOUR, GUEST, frames.UDP, whole[at:at + 1480],
                        ident=number & 0xffff, offset=at,
                        more=at + 1480 < len(whole))
            for at in range(0, len(whole), 1480)]


def feed(net, number):
    net.send(*[net.packet(p) for p in datagram(number)])
    try:
        with net.connect("attacker", 0.5) as s:
            s.sendall(bytes(65536))         # into QEMU's own buffer
            time.sleep(0.1)
    except OSError:
        pass


def wait_for_server(net):
    end = time.monotonic() + PATIENT * PATIENCE
    while net.send_and_compare(b"x", 1) is None:
        assert time.monotonic() < end, "the server is not there"


def transfers(attempt, fed=feed):
    net = attempt.outside
    wait_for_server(net)
    attempt.notes["before"] = net.send_and_compare(DATA)
    assert attempt.notes["before"], "not served before the attack"
    feeding = Meanwhile(lambda number: fed(net, number))
    attempt.notes["during"] = []
    while not attempt.over:
        attempt.notes["during"].append(net.send_and_compare(DATA, 10))
    feeding.stop()
    attempt.notes["after"] = net.send_and_compare(DATA)


def knock(net, number):
    port = KNOCKED[number % len(KNOCKED)]
    for frame in [frames.tcp(NEIGHBOUR, GUEST, 2000 + number % 1000, port, 1, 0,
                             frames.SYN),
                  frames.udp(NEIGHBOUR, GUEST, 2000, port, b"knock")]:
        kind = frames.TCP if len(frame) == 20 else frames.UDP
        net.send(net.packet(frames.ipv4(NEIGHBOUR, GUEST, kind, frame)))
    time.sleep(0.05)


def knocks(attempt):
    transfers(attempt, knock)
