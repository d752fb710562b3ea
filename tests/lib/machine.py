"""A machine under test: QEMU, its serial console, its control socket and its
trace.  Tests wait for what the machine says, never for seconds to pass.

    with Machine(iso, disks=[image]) as m:
        m.wait_prompt()
        assert "big.bin" in m.run("ls /")
"""

import codecs
import os
import re
import threading
import time

from lib import emulator          # tools/lib, see tests/conftest.py
from .qmp import Qmp
from .trace import Trace

PROMPT = "cordon> "
# Every time limit is this many times longer: the host may be a busy one. A test
# that passes waits no longer by that.
PATIENCE = float(os.environ.get("CORDON_PATIENCE", "2"))
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Machine:
    """Takes every field of emulator.Config, and `directory` for its files."""

    def __init__(self, iso, directory, boot_timeout=60, **options):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.boot_timeout = boot_timeout
        self.trace_path = os.path.join(directory, "trace")
        want_trace = options.pop("trace", True)
        # The path of a socket has to be short; the directory's may be long.
        self.qmp_path = f"/tmp/cordon-qmp-{os.getpid()}-{id(self):x}"
        self.config = emulator.Config(
            iso=iso, qmp=self.qmp_path,
            trace=self.trace_path if want_trace else "", **options)
        self.ports = {}              # of this host, see tools/lib/forward.py
        self.process = None
        self._qmp = None
        self._text = ""              # all that the console has said
        self._taken = 0              # up to here the test has seen it
        self._changed = threading.Condition()

    # Life and death

    def start(self):
        for stale in (self.trace_path,):
            if os.path.exists(stale):
                os.remove(stale)
        self.process = emulator.start(self.config)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def stop(self):
        if self._qmp:
            self._qmp.close()
            self._qmp = None
        if self.process:
            emulator.stop(self.process)
            self._reader.join(5)
            self.process.stdin.close()
            self.process.stdout.close()
        if os.path.exists(self.qmp_path):
            os.remove(self.qmp_path)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _read(self):
        log = os.path.join(self.directory, "serial.log")
        # A character may come in two pieces.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with open(log, "wb", buffering=0) as f:
            while True:
                data = os.read(self.process.stdout.fileno(), 65536)
                with self._changed:
                    if data:
                        f.write(data)
                        self._text += decoder.decode(data)
                    else:
                        self.ended = True
                    self._changed.notify_all()
                if not data:
                    return

    ended = False

    def wait_exit(self, timeout=30):
        """Waits until the guest powers off; returns the status that it gave
        (0 for a power-off through ACPI)."""
        timeout *= PATIENCE
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"not off within {timeout} s\n{self.tail()}")
            time.sleep(0.02)
        self._reader.join(5)
        status = emulator.guest_status(self.process.returncode)
        assert status is not None, (
            f"QEMU ended with {self.process.returncode}: "
            f"{emulator.complaints(self.process)}\n{self.tail()}")
        return status

    # The console

    @property
    def console(self):
        """All that came, line ends and colours taken out."""
        with self._changed:
            return clean(self._text)

    def tail(self, lines=30):
        return "--- the console's last lines:\n" + "\n".join(
            self.console.split("\n")[-lines:])

    def expect(self, pattern, timeout=30):
        """Waits until the regular expression matches what came since the last
        expect(), takes all up to the end of the match, returns the match."""
        wanted = re.compile(pattern)
        timeout *= PATIENCE
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                text = clean(self._text)
                found = wanted.search(text, self._taken)
                if found:
                    self._taken = found.end()
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.ended:
                    break
                self._changed.wait(min(left, 1))
        why = "the machine went off" if self.ended else f"{timeout} s went by"
        raise AssertionError(
            f"no match of {pattern!r}: {why}\n{self.tail()}\n"
            + (emulator.complaints(self.process) if self.ended else ""))

    def wait_prompt(self, timeout=None):
        return self.expect(re.escape(PROMPT), timeout or self.boot_timeout)

    def send(self, text):
        os.write(self.process.stdin.fileno(), text.encode())

    def send_line(self, line):
        self.send(line + "\r")

    def run(self, command, timeout=60):
        """Types a command at the prompt, returns its output without the echo
        and the next prompt."""
        self.send_line(command)
        # A line of the log, with a new prompt, may come before the echo. What
        # is edited or too long for the row is not echoed as it is.
        if command.isprintable() and len(command) < 60:
            self.expect(re.escape(command) + r"\n", timeout)
        else:
            self.expect(r"\n", timeout)
        start = self._taken
        self.expect(r"(^|\n|(?<=\n))" + re.escape(PROMPT) + r"$", timeout)
        return self.console[start:self._taken - len(PROMPT)].rstrip("\n")

    def run_and_exit(self, command, timeout=60):
        """Runs a command as `make run CMD=` does: (output, status)."""
        self.send_line("run-and-exit " + command)
        start = self._taken
        status = self.wait_exit(timeout)
        _, _, output = self.console[start:].partition("\n")
        return output.rstrip("\n"), status

    def refuses(self, command, says):
        """The console does not carry the command out, and says why."""
        self.wait_prompt()
        output, status = self.run_and_exit(command)
        assert says in output
        assert status == 1

    # QEMU

    @property
    def qmp(self):
        if self._qmp is None:
            self._qmp = Qmp(self.qmp_path)
        return self._qmp

    def hmp(self, line):
        """A command of QEMU's human monitor, such as `info pci`."""
        return self.qmp.command("human-monitor-command", **{"command-line": line})

    def read_memory(self, address, size):
        """Physical memory as QEMU sees it."""
        path = os.path.join(self.directory, "memory.dump")
        self.qmp.command("pmemsave", val=address, size=size,
                         filename=os.path.abspath(path))
        with open(path, "rb") as f:
            return f.read()

    @property
    def trace(self):
        return Trace(self.trace_path)


def log_until(m, pattern, timeout=30):
    """Waits until the log has a line that matches; returns the match."""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        found = re.search(pattern, m.run("log"))
        if found or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert found, f"no line like {pattern!r}\n" + m.tail(60)
    return found


def clean(text):
    return ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", ""))
