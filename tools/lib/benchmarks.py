"""The figures of `make bench`: what each is called, what it is measured
against, and the files in docs/ that they are kept in.

The peers' figures were taken in the same emulator by the same method: guest
instructions; seL4 of August 2026, release build, fast path on; Linux 6.1 with
a strict IOMMU."""

import csv
import os
import re
from dataclasses import dataclass, field

# What may be lost before the boot test complains: compilers differ a little.
TOLERANCE = 1.10

# name, what it is, aim, seL4 on one CPU, seL4's SMP build, Linux
TABLE = [
    ("call-0-words", "call + reply, two address spaces, 0 words", 300, "395–416", "585", "10,800 (eventfd), 13,000 (pipe)"),
    ("call-4-words", "the same with 4 words", 320, "472", "641", ""),
    ("call-64-words", "the same with 64 words", 600, "2,183", "2,421", ""),
    ("call-1-capability", "call with one capability, reply", None, "", "", ""),
    ("signal-to-thread", "signal until the waiting, more important thread runs", 350, "509", "", "10,100 (futex)"),
    ("signal-nobody-waits", "signal that nobody waits for", None, "", "", ""),
    ("msi-to-thread", "MSI until the driver's thread runs", 300, "356", "", "3,510 (VFIO to a real-time thread)"),
    ("fault-and-back", "fault to handler and back", 700, "1,303", "", ""),
    ("map-space", "map 4 KiB in an address space", 350, "754", "867", ""),
    ("unmap-space", "unmap 4 KiB from an address space", 350, "603", "689", ""),
    ("map-domain", "map 4 KiB in a DMA domain", 400, "683", "775", "8,800 (VFIO)"),
    ("unmap-domain", "unmap 4 KiB from a DMA domain, flush confirmed", 450, "662", "740", "3,950 (VFIO)"),
    ("map-space-512-per-frame", "map 512 frames in an address space, per frame", 30, "not offered", "not offered", ""),
    ("unmap-space-512-per-frame", "unmap 512 frames from an address space, per frame", 30, "not offered", "not offered", ""),
    ("map-domain-512-per-frame", "map 512 frames in a DMA domain, per frame", 30, "not offered", "not offered", "1,640 (VFIO)"),
    ("unmap-domain-512-per-frame", "unmap 512 frames from a DMA domain, per frame", 30, "not offered", "not offered", "1,815 (VFIO)"),
    ("lookup-nothing", "read the tables out where nothing is mapped, one step", None, "", "", ""),
    ("revoke-device-1-frame", "revoke a Device whose Domain maps 1 frame", None, "", "", ""),
    ("revoke-device-1000-frames", "the same with 1,000 frames", None, "", "", ""),
    ("revoke-domain-1-frame", "delete a Domain that maps 1 frame, its device blocked", None, "", "", ""),
    ("revoke-domain-1000-frames", "the same with 1,000 frames", None, "", "", ""),
    ("thread-creation", "thread and scheduling context, until its first instruction", None, "", "", ""),
    ("capability-copy", "copy a capability", None, "", "", ""),
    ("capability-delete", "delete a copy", None, "", "", ""),
    ("memory-again", "object in memory that had one before, the other CPU idle", None, "", "", ""),
    ("component-creation", "creation of a component, until it sleeps in its main()", None, "", "", ""),
    ("boot-minimal", "kernel's first instruction to the shell's prompt, policies/minimal.yaml", None, "", "", ""),
    ("longest-entry", "longest stretch in the kernel, interrupts off", None, "", "", ""),
    ("nvme-driver-depth-1", "NVMe 4 KiB read by interrupt, depth 1, in the driver", 900, "", "", "3,000 (VFIO)"),
    ("nvme-driver-depth-32", "the same at depth 32", 150, "", "", "343 (VFIO)"),
    ("nvme-service-depth-1", "the same from another process, depth 1", 2500, "", "", "21,800 (io_uring)"),
    ("nvme-service-depth-32", "the same at depth 32", 600, "", "", "10,300 (io_uring)"),
    ("nvme-driver-128k", "NVMe 128 KiB sequential, depth 32, in the driver", None, "", "", ""),
    ("nvme-service-128k", "the same from another process", 1000, "", "", "20,000 (io_uring)"),
    ("nic-send-64", "e1000e, 64 B sent in batches of 32, in the driver: each", 60, "", "", "6,630 (raw socket), 22 (VFIO, polling)"),
    ("nic-send-1500", "the same with 1,500 B", 60, "", "", "9,620 (raw socket)"),
    ("nic-receive-64", "e1000e, 64 B received in batches of 32, in the driver: each", 60, "", "", "9,070 (raw socket), 28–33 (VFIO, polling)"),
    ("nic-receive-1500", "the same with 1,500 B", 60, "", "", ""),
    ("packet-send", "64 B sent through the driver's service in batches of 32: each, both processes and the kernel", None, "", "", "6,630 (raw socket)"),
    ("packet-pass", "the same, sent through one card's service and received through another's", None, "", "", "15,700 (raw sockets)"),
    ("igb-udp-send-64", "igb, UDP from socket to socket, 64 B sent: each, all processes and the kernel", 2500, "", "", "9,889"),
    ("igb-udp-receive-64", "the same received", 2500, "", "", "5,147"),
    ("igb-udp-send-1500", "1,500 B sent", 2500, "", "", "11,039"),
    ("igb-udp-receive-1500", "the same received", 2500, "", "", "8,027"),
    ("igb-ping", "ping to another stack and back, both CPUs together", None, "", "", "38,442"),
    ("igb-tcp-send-mib", "TCP from socket to socket, a MiB sent", 1955792, "", "", "3,911,584"),
    ("igb-tcp-receive-mib", "the same received", 1817828, "", "", "3,635,656"),
    ("e1000e-udp-send-64", "e1000e, UDP from socket to socket, 64 B sent: each, all processes and the kernel", 2500, "", "", "13,000"),
    ("e1000e-udp-receive-64", "the same received", 2500, "", "", "6,364"),
    ("e1000e-udp-send-1500", "1,500 B sent", 2500, "", "", "15,627"),
    ("e1000e-udp-receive-1500", "the same received", 2500, "", "", "9,146"),
    ("e1000e-ping", "ping to another stack and back, both CPUs together", None, "", "", "44,580"),
    ("e1000e-tcp-send-mib", "TCP from socket to socket, a MiB sent", 2579372, "", "", "5,158,745"),
    ("e1000e-tcp-receive-mib", "the same received", 2065380, "", "", "4,130,761"),
]
CROWDS = ("10", "1000", "100000")
CROWDED = ("call-with-", "map-with-", "unmap-with-", "revoke-one-with-",
           "copy-and-delete-with-", "revoke-each-of-")

CSV = "docs/benchmarks.csv"


@dataclass
class Figure:
    minimum: int
    maximum: int
    # The cheapest and the dearest of the rounds behind the figure: that depends
    # on the host, so it is shown and not compared.
    spread: tuple = field(default=None, compare=False)


def parse(console):
    """The lines `bench NAME MIN MAX` of a console."""
    return {m[1]: Figure(int(m[2]), int(m[3])) for m in
            re.finditer(r"^bench (\S+) (\d+) (\d+)$", console, re.M)}


def names():
    return [row[0] for row in TABLE] + [w + c for w in CROWDED for c in CROWDS]


def number(text):
    """The first number in a peer's cell."""
    found = re.match(r"[\d,]+", text)
    return found[0].replace(",", "") if found else ""


def write_csv(figures, path=CSV):
    with open(path, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["name", "minimum", "maximum", "aim", "sel4", "linux"])
        known = {row[0]: [row[2] or "", number(row[3]), number(row[5])]
                 for row in TABLE}
        for name in names():
            if name in figures:
                out.writerow([name, figures[name].minimum, figures[name].maximum,
                              *known.get(name, ["", "", ""])])


def read_csv(path=CSV):
    if not os.path.exists(path):
        return {}
    with open(path, newline="") as f:
        return {row["name"]: Figure(int(row["minimum"]), int(row["maximum"]))
                for row in csv.DictReader(f)}


# How the two ends take turns depends a little on when their timers tick, and
# that on how long the firmware waited for the disc.
NEARLY = re.compile("(igb|e1000e)-")


def same(name, first, second):
    """Whether two takes of a figure agree."""
    if NEARLY.match(name):
        return abs(first.minimum - second.minimum) * 100 <= first.minimum
    return first == second


def worse(figures, kept):
    """What is more than the tolerance over the figures kept in docs/."""
    return [f"{name}: {now.maximum} instructions, {kept[name].maximum} in {CSV}"
            for name, now in figures.items() if name in kept
            and now.maximum > kept[name].maximum * TOLERANCE + 2]


def cell(n):
    return f"{n:,}"


def said(figure):
    if figure.minimum == figure.maximum:
        return cell(figure.minimum)
    return f"{cell(figure.minimum)}–{cell(figure.maximum)}"


def tables(figures):
    """The tables of docs/benchmarks.md."""
    lines = ["| | Cordon | aim | seL4, one CPU | seL4, SMP build | Linux 6.1 |",
             "|---|---|---|---|---|---|"]
    for name, what, aim, sel4, smp, linux in TABLE:
        if name not in figures:
            continue
        value = said(figures[name])
        if aim:
            value += " ✓" if figures[name].minimum <= aim else " ✗"
        lines.append(f"| {what} | {value} | {'≤ ' + cell(aim) if aim else ''} "
                     f"| {sel4} | {smp} | {linux} |")
    lines += ["", "| alive at the same time | " +
              " | ".join(cell(int(c)) for c in CROWDS) + " |",
              "|---|" + "---|" * len(CROWDS)]
    said_of = {"call-with-": "call + reply",
               "map-with-": "map 4 KiB", "unmap-with-": "unmap 4 KiB",
               "revoke-one-with-": "revoke a frame's one mapped copy",
               "copy-and-delete-with-": "copy the one that all are copies of, and delete",
               "revoke-each-of-": "revoke them all: each"}
    for what in CROWDED:
        if what + CROWDS[0] in figures:
            lines.append(f"| {said_of[what]} | " + " | ".join(
                said(figures[what + c]) for c in CROWDS) + " |")
    return "\n".join(lines) + "\n"


MARKS = ("<!-- figures: written by make bench -->\n", "<!-- end of figures -->\n")
WALL_MARKS = ("<!-- wall time: written by make bench -->\n", "<!-- end of wall time -->\n")


def put_between(text, marks, what):
    before, _, rest = text.partition(marks[0])
    _, _, after = rest.partition(marks[1])
    return before + marks[0] + "\n" + what + "\n" + marks[1] + after


def write_document(figures, wall=None, path="docs/benchmarks.md"):
    with open(path) as f:
        text = f.read()
    text = put_between(text, MARKS, tables(figures))
    if wall:
        rows = "".join(f"| {what} | {value} |\n" for what, value in wall)
        text = put_between(text, WALL_MARKS, "| | |\n|---|---|\n" + rows)
    with open(path, "w") as f:
        f.write(text)
