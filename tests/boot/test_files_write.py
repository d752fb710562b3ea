"""Writing: what the console changes is what the host finds on the image, errors
are for people, and after a power cut everything that was synced is there."""

import os
import random
import re
import signal
import subprocess
import time

import pytest

from tests.lib import disks
from tests.lib.machine import PATIENCE

POLICY = "policies/files.yaml"
PARTITION = 1 << 20             # tools/mkdisk: where ext4 begins
SBIN = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}


@pytest.fixture
def own_disk(disk, test_directory):
    """A copy of the disk that keeps what is written to it."""
    path = os.path.join(test_directory, "disk.img")
    yield disks.copy(disk, path)
    os.remove(path)


def partition(image):
    """The file system alone, for tools that know no offset."""
    path = image + ".part"
    size = os.path.getsize(image) - 2 * PARTITION
    with open(image, "rb") as source, open(path, "wb") as target:
        source.seek(PARTITION)
        while size:
            data = source.read(min(1 << 20, size))
            if data.count(0) == len(data):
                target.seek(len(data), os.SEEK_CUR)
            else:
                target.write(data)
            size -= len(data)
        target.truncate()
    return path


def e2fsck(path, *options):
    done = subprocess.run(["e2fsck", "-f", *options, path], env=SBIN,
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def dump(path, name):
    """A file's bytes as debugfs reads them; None if it is not there."""
    out = path + ".file"
    done = subprocess.run(["debugfs", "-R", f"dump {name} {out}", path],
                          env=SBIN, capture_output=True, text=True)
    if "File not found" in done.stderr:
        return None
    with open(out, "rb") as f:
        data = f.read()
    os.remove(out)
    return data


def test_what_is_written_is_on_the_disk(machine, own_disk):
    m = machine(POLICY, disks=[own_disk], keep_writes=True)
    m.wait_prompt()
    assert "writable" in m.run("df")
    assert m.run("put /hello.txt hello  'big  world'") == ""
    assert m.run("put -a /hello.txt again; cat /hello.txt") == \
        "hello big  world\nagain"
    assert m.run("mkdir /new /new/deep; cp /hello.txt /docs/files.md /new") == ""
    assert m.run("mv /new/hello.txt /new/deep/h; touch /new/empty") == ""
    assert m.run("cp /big.bin /new/big; rm /hello.txt; rmdir /new/none") == \
        "rmdir: /new/none: no such file or directory"
    assert m.run("ls /new").split() == ["big", "deep/", "empty", "files.md"]
    _, status = m.run_and_exit("sync")
    assert status == 0
    part = partition(own_disk)
    try:
        status, says = e2fsck(part, "-n")
        assert status == 0 and "recover" not in says, says
        assert dump(part, "/new/deep/h") == b"hello big  world\nagain\n"
        assert dump(part, "/new/empty") == b""
        assert dump(part, "/hello.txt") is None
        with open("docs/files.md", "rb") as f:
            assert dump(part, "/new/files.md") == f.read()
        assert dump(part, "/new/big") == dump(part, "/big.bin")
    finally:
        os.remove(part)


@pytest.mark.parametrize("command, says", [
    ("put /docs x", "put: /docs: is a directory"),
    ("put /none/x y", "put: /none/x: no such file or directory"),
    ("put /" + "n" * 256 + " x", "file name too long"),
    ("mkdir /docs", "mkdir: /docs: there is a file of that name"),
    ("rmdir /docs", "rmdir: /docs: directory not empty"),
    ("rmdir /big.bin", "rmdir: /big.bin: not a directory"),
    ("rm /docs", "rm: /docs: is a directory"),
    ("rm /none", "rm: /none: no such file or directory"),
    ("mv /docs /docs/x", "mv: /docs: cannot be moved there"),
    ("mv /docs /big.bin", "mv: /docs: not a directory"),
    ("cp /docs /x", "cp: /docs: is a directory"),
    ("cp /big.bin /big.bin", "cp: /big.bin: is the same file"),
    ("cp /big.bin /a /b", "cp: /b: not a directory"),
], ids=lambda text: text[:20])
def test_errors_are_for_people(machine, command, says):
    machine(POLICY).refuses(command, says)


def test_typing_a_file(machine):
    m = machine(POLICY)
    m.wait_prompt()
    m.send_line("put /typed")
    m.expect(r"end with Ctrl-D\)\n")
    m.send("first\rsecond\x7f\x7fnd\r\x04")
    m.expect(r"cordon> $")
    assert m.run("cat /typed") == "first\nsecond"
    m.send_line("put /typed")
    m.expect(r"end with Ctrl-D\)\n")
    m.send("gone\x03")
    m.expect(r"cordon> $")
    assert m.run("cat /typed") == "first\nsecond"


def test_a_full_disk(machine):
    m = machine(POLICY)
    m.wait_prompt()
    assert "cp: /2: the disk is full" in m.run("cp /big.bin /1; cp /big.bin /2")
    assert m.run("status") == "1"
    assert "cordon" in m.run("head -n 1 /docs/README.md; df").lower()
    assert m.run("rm /2; put /fits x; cat /fits") == "x"


def read_only_policy(directory):
    path = os.path.join(directory, "read-only.yaml")
    with open(POLICY, encoding="utf-8") as f:
        text = f.read()
    assert text.count(", access: write") == 2
    return path, text


def test_a_disk_that_the_policy_lets_fs_only_read(machine, test_directory):
    path, text = read_only_policy(test_directory)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("as: disk, access: write", "as: disk"))
    m = machine(path)
    m.wait_prompt()
    assert "read-only" in m.run("df")
    assert "put: /x: the file system is read-only" in m.run("put /x y")


def test_a_client_that_the_policy_lets_only_read(machine, test_directory):
    path, text = read_only_policy(test_directory)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("from: fs, access: write", "from: fs"))
    m = machine(path)
    m.wait_prompt()
    assert "writable" in m.run("df")
    assert m.run("put /x y") == "put: /x: not allowed to write"
    assert m.run("rm /big.bin") == "rm: /big.bin: not allowed to write"


@pytest.mark.parametrize("options, says", [
    ("-O ^has_journal", "it has no journal"),
    ("-O bigalloc", "features that this server cannot write"),
    ("-O quota", "features that this server cannot write"),
])
def test_a_file_system_that_cannot_be_written(machine, test_directory, options,
                                              says):
    """Then it is read, and the reason said."""
    path = os.path.join(test_directory, "small.img")
    disks.blank(path, 16 << 20)
    subprocess.run(f"mke2fs -q -F -t ext4 {options} {path}", shell=True,
                   check=True, env=SBIN)
    policy, text = read_only_policy(test_directory)
    with open(policy, "w", encoding="utf-8") as f:
        f.write(text.replace("partition=1", "whole"))
    m = machine(policy, disks=[path])
    m.wait_prompt()
    assert says in m.run("df")
    assert "put: /x: the file system is read-only" in m.run("put /x y")
    assert m.run("ls /") == "lost+found/"


def test_the_driver_may_die_while_files_are_written(machine, own_disk):
    """Its clients ask its successor; nothing is lost, nobody notices."""
    m = machine(POLICY, disks=[own_disk], keep_writes=True)
    m.wait_prompt()
    assert m.run("put /a x; kill nvme; cp /big.bin /copy; sync", 90) == ""
    sums = m.run("sha256sum /big.bin /copy").split()
    assert sums[0] == sums[2]
    assert m.run("rm /copy; kill nvme; sync; cp /big.bin /copy; kill nvme", 90
                 ) == ""
    sums = m.run("sha256sum /big.bin /copy; cat /a").split()
    assert sums[0] == sums[2] and sums[4] == "x"
    m.run_and_exit("sync")
    part = partition(own_disk)
    assert e2fsck(part, "-n")[0] == 0
    os.remove(part)


def test_the_file_server_may_be_killed_while_it_writes(machine, own_disk):
    """The next one replays; what was synced is there."""
    m = machine(POLICY, disks=[own_disk], keep_writes=True)
    m.wait_prompt()
    m.run("put /synced yes; sync; put /later perhaps")
    m.run("kill fs")
    assert m.run("cat /synced") == "yes"
    assert m.run("put /again x; cat /again") == "x"
    m.run_and_exit("sync")
    part = partition(own_disk)
    assert e2fsck(part, "-n")[0] == 0
    os.remove(part)


def test_a_disk_that_fails_every_write(machine, own_disk, test_directory):
    """An error for whoever syncs, the reason in the log, and what had been
    synced before is read again: never a hang, never a half."""
    rules = os.path.join(test_directory, "blkdebug")
    with open(rules, "w", encoding="ascii") as f:
        f.write('[inject-error]\nevent = "none"\niotype = "write"\nerrno = "5"\n')
    m = machine(POLICY, disks=[f"blkdebug:{rules}:{own_disk}"],
                keep_writes=True)
    m.wait_prompt()
    assert m.run("put /x y; cat /x") == "y"      # in memory as yet
    assert "the disk could not be read or written" in m.run("sync")
    assert "cat: /x: " in m.run("cat /x")
    assert "writing failed" in m.run("log")
    deadline = time.monotonic() + 15 * PATIENCE
    while "files.md" not in m.run("ls /docs"):
        assert time.monotonic() < deadline
        time.sleep(1)
    assert "no such file" in m.run("cat /x")
    assert re.search(r"^fs +running .* - +-$", m.run("cages"), re.M)


def test_changes_reach_the_disk_by_themselves(machine, own_disk):
    """Some seconds after the last request, the disk needs no repair."""
    m = machine(POLICY, disks=[own_disk], keep_writes=True)
    m.wait_prompt()
    m.run("put /later x; mkdir /d")
    deadline = time.monotonic() + 30 * PATIENCE
    found = None
    while found != b"x\n" and time.monotonic() < deadline:
        time.sleep(2)
        part = partition(own_disk)
        found = dump(part, "/later")
    kill_machine(m)
    part = partition(own_disk)
    status, says = e2fsck(part, "-n")
    os.remove(part)
    assert found == b"x\n"
    assert status == 0 and "recover" not in says, says


# --- power cuts ---

CUT_WRITES = 1000        # what copying and syncing big.bin takes, about

def cut_seeds():
    """SEED=n: that one alone; POWER_CUTS=n: so many, from 1 on."""
    if "SEED" in os.environ:
        return [int(os.environ["SEED"])]
    return list(range(1, 1 + int(os.environ.get("POWER_CUTS", "50"))))


class Workload:
    """What is on the disk as far as the console has confirmed it: for each path
    the text of the last sync, and what may have replaced it since."""

    def __init__(self, machine, seed):
        self.m, self.chance = machine, random.Random(seed)
        self.synced, self.now, self.maybe = {}, {}, {}

    def change(self, path, text):
        self.now[path] = text
        self.maybe.setdefault(path, [self.synced.get(path)]).append(text)

    def step(self, number):
        path = f"/cut/{self.chance.randrange(12)}"
        what = self.chance.random()
        if what < 0.5:
            # A new file takes the old one's place: all of either, never both.
            text = f"{number} x" + "x" * self.chance.randrange(60)
            self.change(path, text + "\n")
            self.m.run(f"put /cut/new {text}; mv /cut/new {path}")
        elif what < 0.6 and self.now.get(path):
            self.change(path, None)
            self.m.run(f"rm {path}")
        elif what < 0.7:
            self.m.run(f"cp /docs/files.md /cut/f{number}")
        elif what < 0.8:
            self.m.run(f"rm /cut/f{self.chance.randrange(number + 1)}")
        else:
            self.m.run("sync")
            self.synced, self.maybe = dict(self.now), {}

    def check(self, part):
        for path in set(self.now) | set(self.synced):
            data = dump(part, path)
            found = None if data is None else data.decode(errors="replace")
            allowed = self.maybe.get(path, [self.synced.get(path)])
            assert found in allowed, f"{path}: {found!r} is none of {allowed!r}"


def kill_machine(m):
    """The power cut: QEMU ends at once, by its number."""
    os.kill(m.process.pid, signal.SIGKILL)
    m.process.wait()


def writes(m):
    """How many the disk has been asked for so far, as QEMU counts them."""
    with open(m.trace_path, encoding="ascii") as f:
        return f.read().count("pci_nvme_write ")


@pytest.mark.parametrize("seed", cut_seeds())
def test_power_cut(machine, own_disk, seed):
    m = machine(POLICY, disks=[own_disk], keep_writes=True,
                trace_events=("pci_nvme_write",))
    m.wait_prompt()
    work = Workload(m, seed)
    m.run("mkdir /cut; sync")
    for number in range(work.chance.randrange(5, 25)):
        work.step(number)
    # In the middle of something, at one of its writes.
    last = writes(m) + work.chance.randrange(1, CUT_WRITES)
    m.send_line("cp /big.bin /cut/big; sync; echo whole")
    while writes(m) < last and "\nwhole\n" not in m.console:
        time.sleep(0.001)
    kill_machine(m)
    print(f"cut after {writes(m)} writes, to be {last}")
    part = partition(own_disk)
    status, says = e2fsck(part, "-y")
    assert status in (0, 1), says
    status, says = e2fsck(part, "-n")
    assert status == 0, says
    work.check(part)
    os.remove(part)
    # The image itself: the server replays the journal, and goes on.
    again = machine(POLICY, disks=[own_disk], keep_writes=True)
    again.wait_prompt()
    assert "writable" in again.run("df")
    assert again.run("put /cut/after x; cat /cut/after") == "x"
    again.run_and_exit("sync")
    part = partition(own_disk)
    status, says = e2fsck(part, "-n")
    assert status == 0, says
    work.check(part)
    os.remove(part)
