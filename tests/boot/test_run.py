"""What `make run` promises: one command's output and status, Ctrl-C and
`poweroff` leave cleanly, nothing waits for ever, and the prompt comes soon."""

import os
import pty
import select
import shutil
import subprocess
import termios
import time

import pytest

from tests.lib.machine import PATIENCE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUN = os.path.join(ROOT, "tools", "run")
POLICY = "policies/minimal.yaml"
PROMPT = b"cordon> "
BOOT_LIMIT_S = 3.0


@pytest.fixture
def iso(iso_of, tmp_path):
    """A copy for this test alone: it looks for the QEMU that runs it."""
    return shutil.copy(iso_of(POLICY), tmp_path / "own.iso")


def run(iso, *arguments):
    return subprocess.run([RUN, "--iso", str(iso), *arguments], timeout=100,
                          stdin=subprocess.DEVNULL, capture_output=True)


class Terminal:
    """tools/run with a terminal of its own, as a person has it."""

    def __init__(self, iso, *options):
        self.ours, theirs = pty.openpty()
        self.before = termios.tcgetattr(theirs)
        self.slave = theirs
        self.process = subprocess.Popen([RUN, "--iso", str(iso), *options], stdin=theirs,
                                        stdout=theirs, stderr=theirs,
                                        start_new_session=True)
        self.seen = b""

    def read_until(self, wanted, timeout=60):
        deadline = time.monotonic() + timeout
        while wanted not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, f"no {wanted!r} in {self.seen!r}"
            if select.select([self.ours], [], [], left)[0]:
                self.seen += os.read(self.ours, 4096)

    def type(self, keys):
        self.seen = b""
        os.write(self.ours, keys)

    def leave(self):
        """Waits for the end: the status, and whether the terminal is as it
        was before."""
        status = self.process.wait(30)
        return status, termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        os.close(self.ours)
        os.close(self.slave)


@pytest.fixture
def terminal(iso):
    t = Terminal(iso)
    yield t
    t.close()


def qemus():
    """Process numbers of the QEMUs that run an ISO."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"qemu-system-x86_64"):
            found.add((int(pid), tuple(words)))
    return found


def runs(iso):
    return [pid for pid, words in qemus() if str(iso).encode() in words]


def test_command_prints_its_output_only(iso):
    done = run(iso, "--cmd", "echo one 'two  three'")
    assert (done.stdout, done.returncode) == (b"one two  three\n", 0)
    assert done.stderr == b""


def test_command_gives_its_status(iso):
    assert run(iso, "--cmd", "no-such-command").returncode not in (0, 124, 125)
    assert run(iso, "--cmd", "poweroff 7").returncode == 7


def test_time_limit(iso):
    started = time.monotonic()
    # Without a terminal and without a command it does not wait for ever.
    done = run(iso, "--timeout", "3")
    assert done.returncode == 124
    assert b"stopped after 3 s" in done.stderr
    assert 3 <= time.monotonic() - started < 20


def test_missing_iso(tmp_path):
    done = run(str(tmp_path / "none.iso"), "--cmd", "echo")
    assert done.returncode == 125
    assert b"none.iso" in done.stderr


def test_poweroff_leaves(terminal, iso):
    terminal.read_until(PROMPT)
    terminal.type(b"echo here\r")
    terminal.read_until(b"\r\nhere\r\n")
    terminal.type(b"poweroff\r")
    assert terminal.leave() == (0, True)
    assert not runs(iso)


def test_ctrl_c_leaves(terminal, iso):
    terminal.read_until(PROMPT)
    assert runs(iso)
    terminal.type(b"\x03")
    terminal.read_until(b"the machine is off")
    assert terminal.leave() == (0, True)
    assert not runs(iso)


def test_prompt_comes_soon(machine):
    """From the start of QEMU; the best of three, others may use this host."""
    best = float("inf")
    for _ in range(3):
        started = time.monotonic()
        m = machine("policies/files.yaml", trace=False)
        m.wait_prompt()
        best = min(best, time.monotonic() - started)
        m.stop()
    print(f"prompt after {best:.2f} s")
    assert best < BOOT_LIMIT_S * PATIENCE
