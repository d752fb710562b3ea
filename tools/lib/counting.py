"""The plugin that counts guest instructions (tests/bench/count.c), and what it
writes."""

import os
import subprocess


def make_plugin(build):
    os.makedirs(os.path.join(build, "bench"), exist_ok=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o",
                    os.path.join(build, "bench", "count.so"),
                    "tests/bench/count.c"], check=True)


def plugin(build, out, **options):
    """The arguments that load the counting plugin."""
    made = os.path.join(build, "bench", "count.so")
    text = "".join(f",{key}={value}" for key, value in options.items())
    return ["-plugin", f"{made},out={out}{text}"]


def counted(path):
    """The plugin's lines: [(words, instructions of kernel and user)]."""
    with open(path) as f:
        for words in map(str.split, f):
            if words[0] == "longest":
                continue
            yield words[:-2], int(words[-2]) + int(words[-1])


def spans(path, number):
    """each=on: what each CPU executed from each mark of that number to the
    next mark of the next one."""
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
