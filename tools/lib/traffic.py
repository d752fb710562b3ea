"""The machine of the socket benchmarks, Cordon's and Linux's alike: two cards
joined by a hub inside the emulator and two CPUs, one for each end. No host
process takes part, so the figures repeat."""

import os
import subprocess

# Marks of tests/bench/mark.h: figure, mark, rounds that warm up, units a round.
BATCH, TCP_MIB = 32, 4
MARKS = [("udp-{}-64", 28, 16, BATCH), ("udp-{}-1500", 30, 16, BATCH),
         ("tcp-{}-mib", 32, 2, TCP_MIB)]
# The host's clock and its random numbers have no part in it.
STILL = ["-rtc", "base=2026-01-01,clock=vm", "-seed", "1"]


def cards(card):
    """Two of them. The root ports are there so that each can be reset."""
    args = []
    for i in range(2):
        args += ["-netdev", f"hubport,id=port{i},hubid=0",
                 "-device", f"pcie-root-port,id=root{i},chassis={i + 1},slot={i + 1}",
                 "-device", f"{card},bus=root{i},netdev=port{i},"
                            f"mac=52:54:00:00:00:{i + 1:02x}"]
    return args


def make_plugin(build):
    os.makedirs(os.path.join(build, "bench"), exist_ok=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o",
                    os.path.join(build, "bench", "count.so"),
                    "tests/bench/count.c"], check=True)


def plugin(build, out, **options):
    """The arguments that load the counting plugin."""
    made = os.path.join(build, "bench", "count.so")
    text = "".join(f",{key}={value}" for key, value in options.items())
    return ["-plugin", f"{made},out={out},each=on{text}"]


def spans(path, number):
    """What each CPU executed in each round of a mark."""
    start = None
    with open(path) as f:
        for words in map(str.split, f):
            if words[0] != "cpus" or int(words[1]) not in (number, number + 1):
                continue
            counts = [int(word) for word in words[2:]]
            if int(words[1]) == number:
                start = counts
            else:
                yield [now - then for now, then in zip(counts, start)]


def figures(path):
    """Instructions for each datagram or MiB: CPU 0 sends, CPU 1 receives. The
    mean of the rounds, since one round may have the interrupts of another."""
    found = {}
    for name, number, warm_up, units in MARKS:
        rounds = list(spans(path, number))[warm_up:]
        if not rounds:
            raise SystemExit(f"{path} has no rounds of mark {number}")
        for cpu, what in enumerate(("send", "receive")):
            total = sum(counts[cpu] for counts in rounds)
            found[name.format(what)] = round(total / len(rounds) / units)
    return found
