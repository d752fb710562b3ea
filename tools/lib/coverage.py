"""Which lines of the kernel were executed: in the emulator, from the executed
instructions (tests/coverage/cover.c) and the image's line table; on the host,
from clang's counts. What counts is a line that has an instruction in the image.
"""

import os
import re
import subprocess

from . import clang_coverage

ROOT = clang_coverage.ROOT
PARTS = ("kernel/", "iommu/")


class Image:
    """The kernel as it is booted: its code, and the line of each instruction."""

    def __init__(self, elf):
        self.elf = elf
        sections = subprocess.run(["readelf", "-SW", elf], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
        address, offset, size = re.search(
            r" \.text +PROGBITS +(\w+) +(\w+) +(\w+)", sections).groups()
        self.base = int(address, 16)
        with open(elf, "rb") as f:
            f.seek(int(offset, 16))
            self.text = f.read(int(size, 16))
        symbols = subprocess.run(["nm", elf], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        self.patched = int(re.search(r"(\w+) \w entry_clac$", symbols, re.M)[1], 16)

    def plugin(self, where):
        """Builds the plugin into `where`. The file that it notes into, and what
        QEMU's -plugin takes."""
        where = os.path.abspath(where)
        os.makedirs(where, exist_ok=True)
        plugin, text, seen = (os.path.join(where, name) for name in
                              ("cover.so", "text.bin", "executed.bin"))
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o",
                        plugin, os.path.join(ROOT, "tests/coverage/cover.c")],
                       check=True)
        # What was noted of another kernel, of the same size perhaps, is no help.
        if os.path.exists(seen):
            with open(text, "rb") as f:
                if f.read() != self.text:
                    os.remove(seen)
        with open(text, "wb") as f:
            f.write(self.text)
        return seen, (f"{plugin},out={seen},text={text},base={self.base:#x},"
                      f"patched={self.patched:#x}")

    def instructions(self):
        code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-j", ".text",
                               self.elf], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        return [int(a, 16) for a in re.findall(r"^ *([0-9a-f]+):\t", code, re.M)]

    def lines(self):
        """[(offset of an instruction, file, line)], without what has no line
        or belongs to another part. (GNU's addr2line mistakes headers' code.)"""
        at = self.instructions()
        said = subprocess.run(["llvm-addr2line", "-e", self.elf], check=True, text=True,
                              input="\n".join(map(hex, at)),
                              stdout=subprocess.PIPE).stdout.splitlines()
        for address, place in zip(at, said):
            file, line = re.fullmatch(r"(.*):(\d+|\?)(?: \(.*\))?", place).groups()
            file = os.path.relpath(os.path.normpath(file), ROOT)
            if file.startswith(PARTS) and line not in ("0", "?"):
                yield address - self.base, file, int(line)


def in_emulator(image, seen):
    """{file: {line: executed?}} of every line that has an instruction. `seen`
    holds a byte for each of the code."""
    files = {}
    for offset, file, line in image.lines():
        lines = files.setdefault(file, {})
        lines[line] = lines.get(line, False) or bool(seen[offset])
    return files


def on_host(runs):
    """{file: {lines that were executed}}. runs: (program, its raw profile)."""
    files = {}
    for program, profile in runs:
        for file, counts in clang_coverage.lines(program, [profile]).items():
            if file.startswith(PARTS):
                files.setdefault(file, set()).update(
                    line for line, times in counts.items() if times)
    return files


class File:
    """What is known of one file's lines."""

    def __init__(self, name, booted, host):
        self.name = name
        self.lines = sorted(booted)
        self.booted = {line for line, ran in booted.items() if ran}
        self.host = host & set(self.lines)
        self.missing = [n for n in self.lines if n not in self.booted | self.host]

    def percent(self, lines):
        return 100 * len(lines) / len(self.lines)


def merge(booted, host):
    return [File(name, booted[name], host.get(name, set()))
            for name in sorted(booted)]


def function_at(source, line):
    """The function that a line of C or assembly stands in, for people."""
    for text in reversed(source[:line]):
        found = re.match(r"(?:[a-z_].*?\b)?(\w+)(?:\(|:$)", text)
        if found and not text.startswith((" ", "\t", "#", "/", "}")):
            return found[1]
    return "?"


def unknown_places(places):
    """Of places as `file` or `file:function`, those that the source has not."""
    def known(place):
        file, _, function = place.partition(":")
        try:
            with open(os.path.join(ROOT, file)) as f:
                text = f.read().splitlines()
        except FileNotFoundError:
            return False
        return not function or any(function_at(text, line) == function
                                   for line in range(1, len(text) + 1))
    return [place for place in places if not known(place)]
