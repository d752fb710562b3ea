"""The socket benchmarks, Cordon's and Linux's alike: a machine of two cards
joined by a hub inside the emulator and two CPUs, one for each end. No host
process takes part, so the figures repeat."""

import os
import re
import statistics

from lib import emulator, image
from lib.counting import plugin, spans

# Marks of tests/bench/mark.h: number, rounds that warm up, units a round, and
# the figures of CPU 0, which sends, and of CPU 1; or of both together.
BATCH, TCP_MIB = 32, 4
MARKS = [(28, 16, BATCH, ("udp-send-64", "udp-receive-64")),
         (30, 16, BATCH, ("udp-send-1500", "udp-receive-1500")),
         (34, 16, 1, ("ping",)),
         (32, 2, TCP_MIB, ("tcp-send-mib", "tcp-receive-mib"))]
# The host's clock and its random numbers have no part in it.
STILL = ["-rtc", "base=2026-01-01,clock=vm", "-seed", "1"]
POLICY = "tests/bench/socket.yaml"
TIMEOUT_S = 300


def cards(card):
    """Two of them. The root ports are there so that each can be reset."""
    args = []
    for i in range(2):
        args += ["-netdev", f"hubport,id=port{i},hubid=0",
                 "-device", f"pcie-root-port,id=root{i},chassis={i + 1},slot={i + 1}",
                 "-device", f"{card},bus=root{i},netdev=port{i},"
                            f"mac=52:54:00:00:00:{i + 1:02x}"]
    return args


def figures(path):
    """Instructions for each datagram, echo or MiB: those of the round in the
    middle, since some have a timer in them, or the answers of another."""
    found = {}
    for number, warm_up, units, names in MARKS:
        rounds = list(spans(path, number))[warm_up:]
        if not rounds:
            raise SystemExit(f"{path} has no rounds of mark {number}")
        if len(names) == 1:
            rounds = [[sum(counts)] for counts in rounds]
        for name, counts in zip(names, zip(*rounds)):
            found[name] = round(statistics.median(counts) / units)
    return found


def run(config, out):
    """The machine until it goes off: its console and its status."""
    process = emulator.start(config)
    try:
        console, _ = process.communicate(timeout=TIMEOUT_S)
    except Exception:
        emulator.stop(process)
        raise SystemExit(f"bench: {out}: not done after {TIMEOUT_S} s")
    status = emulator.guest_status(process.returncode)
    # That the hub has no way out is meant so.
    complaints = [line for line in emulator.complaints(process).splitlines()
                  if "is not connected to host network" not in line]
    if status is None or complaints:
        raise SystemExit("bench: QEMU: " + "\n".join(complaints))
    return console.decode(errors="replace").replace("\r", ""), status


def on_cordon(build, where, card, icount=True):
    """Two stacks of ours, each with a card of that kind: the console, and what
    the plugin wrote."""
    policy = os.path.join(where, f"socket-{card}.yaml")
    with open(POLICY) as f, open(policy, "w") as made:
        made.write(f.read().replace("CARD", card))
    iso = image.make_iso(build, policy, policy[:-5] + ".iso")
    out = policy[:-5] + ".count"
    count = plugin(build, out, each="on") + STILL if icount else []
    console, status = run(emulator.Config(
        iso=iso, smp=2, icount=icount, extra=cards(card) + count), out)
    if status != 0:
        raise SystemExit(f"bench: sockets failed:\n{console[-3000:]}")
    return console, out


def cordon_figures(build, where, card):
    return figures(on_cordon(build, where, card)[1])


def bytes_per_second(build, where, card):
    """TCP from socket to socket, by the guest's clock, which is the host's."""
    console, _ = on_cordon(build, where, card, icount=False)
    found = re.search(r"time tcp (\d+) (\d+)$", console, re.M)
    return int(found[1]) * 1e9 / int(found[2])
