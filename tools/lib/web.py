"""The web server measured from the host: policies/default.yaml behind QEMU's
user-mode network, with wrk and curl."""

import os
import re
import subprocess
import time

from lib import emulator, forward, image
from lib.counting import counted, plugin
from lib.policy import Policy

POLICY = "policies/default.yaml"
TIMEOUT_S = 60
SECONDS, CONNECTIONS = 5, 16
PROMPT = b"cordon> "
# Of the disk's /src: what wrk asks for is the one nearest to 1 KiB.
PLACES = ("boot", "drivers", "kernel", "libsys", "servers")


def small_file():
    """Its path on the web server and its size."""
    files = [os.path.join(where, name) for place in PLACES
             for where, _, names in os.walk(place) for name in names
             if name.endswith((".c", ".h"))]
    best = min(sorted(files), key=lambda f: abs(os.path.getsize(f) - 1024))
    return "/src/" + best, os.path.getsize(best)


class Site:
    """The machine, from its prompt on, until it is closed."""

    def __init__(self, build, out, extra=()):
        policy = Policy(POLICY)
        netdevs, ports = forward.place(policy.netdevs, anywhere=True)
        iso = image.make_iso(build, POLICY, out + ".iso")
        self.url = f"http://127.0.0.1:{ports['tcp', forward.HTTP]}"
        self.machine = emulator.start(emulator.Config(
            iso=iso, smp=2, disks=[os.path.join(build, "disk", "disk.img")],
            netdevs=netdevs, devices=policy.devices, extra=list(extra)))
        self.prompt()
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        emulator.stop(self.machine)

    def prompt(self):
        """Until the console asks for the next command."""
        text, end = b"", time.monotonic() + TIMEOUT_S
        while PROMPT not in text:
            data = os.read(self.machine.stdout.fileno(), 4096)
            text += data
            if not data or time.monotonic() > end:
                raise SystemExit(f"bench: no prompt:\n{text.decode()[-2000:]}")

    def enter(self):
        """An empty command: the plugin notes the counts at the next prompt."""
        os.write(self.machine.stdin.fileno(), b"\r")
        self.prompt()

    def answer(self):
        """Until the web server answers: the stack has an address."""
        subprocess.run(["curl", "-sfo", os.devnull, "--retry", "30", "--retry-delay",
                        "1", "--retry-all-errors", "-m", "5", self.url + "/"],
                       check=True)

    def wrk(self, path):
        """Requests in all, and in a second."""
        said = subprocess.run(
            ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s",
             "--timeout", "30s",
             self.url + path], check=True, capture_output=True, text=True).stdout
        errors = re.search(r"(Socket errors|Non-2xx).*", said)
        if errors:
            raise SystemExit(f"bench: wrk: {errors[0]}")
        return (int(re.search(r"(\d+) requests in", said)[1]),
                float(re.search(r"Requests/sec: *([\d.]+)", said)[1]))

    def fetch(self, path):
        """Bytes a second."""
        said = subprocess.run(["curl", "-sfo", os.devnull, "-w", "%{speed_download}",
                               self.url + path], check=True, capture_output=True,
                              text=True).stdout
        return float(said)


def by_the_clock(build):
    """Requests in a second, and bytes in a second of the big file."""
    path, _ = small_file()
    with Site(build, os.path.join(build, "bench", "web")) as site:
        return site.wrk(path)[1], site.fetch("/big.bin")


def instructions(build):
    """For a request, everything that runs. While all CPUs sleep, time follows
    the host's, or timers would run ahead of wrk."""
    path, _ = small_file()
    out = os.path.join(build, "bench", "web.count")
    with Site(build, out[:-6], ["-icount", "shift=0,sleep=on"]
              + plugin(build, out, say=PROMPT.decode().strip())) as site:
        site.wrk(path)   # what is read once from the disk is in memory then
        site.enter()
        requests, _ = site.wrk(path)
        site.enter()
    said = [count for words, count in counted(out) if words[0] == "said"]
    return (said[-1] - said[-2]) / requests
