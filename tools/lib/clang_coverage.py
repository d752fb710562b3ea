"""What clang's source-based coverage counted, as {file: {line: times}}."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def lines(program, profiles):
    """Of a program and the raw profiles of its runs; files relative to the
    project."""
    merged = program + ".profdata"
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", merged] + profiles,
                   check=True)
    text = subprocess.run(
        ["llvm-cov", "export", "-format=lcov", f"-instr-profile={merged}", program],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return parse_lcov(text)


def parse_lcov(text):
    files, counts = {}, {}
    for line in text.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            counts = files.setdefault(os.path.relpath(rest, ROOT), {})
        elif kind == "DA":
            number, times = map(int, rest.split(",")[:2])
            counts[number] = counts.get(number, 0) + times
    return files


def ranges(numbers):
    """[1, 2, 3, 7] as `1-3 7`."""
    spans = []
    for n in sorted(numbers):
        if spans and spans[-1][1] == n - 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
