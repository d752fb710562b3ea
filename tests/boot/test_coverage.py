"""What `make coverage` measures with: the plugin notes what the kernel executes,
and the line table says which lines that is."""

import os

import pytest

from lib import coverage


@pytest.fixture(scope="module")
def image(build):
    return coverage.Image(os.path.join(build, "kernel.elf"))


def lines_of(name, function):
    """The lines of a function of the kernel's source, by its text."""
    with open(os.path.join(coverage.ROOT, name)) as f:
        text = f.read().splitlines()
    start = next(i for i, line in enumerate(text) if line.startswith(function))
    end = next(i for i in range(start, len(text)) if text[i] == "}")
    return range(start + 1, end + 2)


def ran(lines, places):
    """How many of these lines have an instruction, how many were executed."""
    there = [lines[n] for n in places if n in lines]
    return len(there), sum(there)


def note(image, machine, build, directory):
    seen, plugin = image.plugin(directory)
    if os.path.exists(seen):         # of another run, perhaps another kernel
        os.remove(seen)
    m = machine("policies/minimal.yaml", trace=False, iso_options={
        "replace": {"init": os.path.join(build, "kernel-tests", "selftest")}},
        extra=["-plugin", plugin])
    m.wait_exit(120)
    with open(seen, "rb") as f:
        return f.read()


def test_lines(image, machine, build, test_directory):
    seen = note(image, machine, build, test_directory)
    files = coverage.in_emulator(image, seen)
    table = files["kernel/captable.c"]
    there, done = ran(table, lines_of("kernel/captable.c",
                                      "void captable_move_op"))
    assert there > 1 and done == there
    # Nothing that the selftest does may end in a panic.
    there, done = ran(files["kernel/arch/x86_64/panic.c"],
                      lines_of("kernel/arch/x86_64/panic.c", "void kernel_exception("))
    assert there > 1 and done == 0
    assert all(name.startswith(coverage.PARTS) for name in files)


def test_unknown_places():
    """tools/coverage refuses reasons for what is not in the source."""
    there = ["kernel/captable.c", "kernel/captable.c:captable_move_op",
             "kernel/arch/x86_64/entry.S:kernel_idle"]
    gone = ["kernel/captables.c", "kernel/captable.c:move_captable_op",
            "kernel/arch/x86_64/entry.S:idle"]
    assert coverage.unknown_places(there + gone) == gone


def test_other_kernel(image, machine, build, test_directory):
    """A machine whose kernel is not this one notes nothing."""
    image = coverage.Image(image.elf)
    image.text = image.text[:-1] + bytes([image.text[-1] ^ 1])
    assert not any(note(image, machine, build, test_directory))


def test_functions_are_found():
    source = ["static bool", "is_it(int x)", "{", "    return x;", "}", "",
              "entry:", "    nop"]
    assert coverage.function_at(source, 4) == "is_it"
    assert coverage.function_at(source, 8) == "entry"
