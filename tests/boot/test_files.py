"""Files: what is read through the caged driver is what the host has put there,
and a broken disk gives one clear line and an error, never a hang."""

import os
import random
import re
import shutil
import subprocess
import time

import pytest

from tests.lib.machine import PATIENCE

POLICY = "policies/files.yaml"
PARTITION = 1 << 20             # tools/mkdisk: where ext4 begins
BLOCK = 512


def test_sums_agree_with_the_host(machine, disk_sums):
    m = machine(POLICY)
    m.wait_prompt()
    start = time.monotonic()
    for path, want in disk_sums.items():
        assert m.run(f"sha256sum {path}") == f"{want}  {path}"
    assert time.monotonic() - start < 10 * PATIENCE


@pytest.mark.parametrize("options", [
    {"smp": 1}, {"smp": 8}, {"uefi": True}, {"memory": "64M"},
    {"cpu": "qemu64"},           # no SHA instructions: the sum in plain C
], ids=lambda o: ",".join(f"{k}={v}" for k, v in o.items()))
def test_sums_on_other_machines(machine, disk_sums, options):
    m = machine(POLICY, **options)
    m.wait_prompt()
    want = disk_sums["/big.bin"]
    assert m.run("sha256sum /big.bin") == f"{want}  /big.bin"


def test_every_kind_of_reading(machine):
    m = machine(POLICY)
    m.wait_prompt()
    with open("docs/architecture.md", encoding="utf-8") as f:
        text = f.read()
    assert m.run("cat /docs/architecture.md") == text.rstrip("\n")
    lines = text.split("\n")
    assert m.run("head -n 3 /docs/architecture.md") == "\n".join(lines[:3])
    counted = m.run("wc /docs/architecture.md").split()
    assert counted[:3] == [str(text.count("\n")), str(len(text.split())),
                           str(len(text.encode()))]
    assert "architecture.md" in m.run("ls /docs")
    listed = m.run("ls -l /")
    assert re.search(r"^-r\S+ .* 67108864 .* big\.bin$", listed, re.M), listed
    assert re.search(r"^d\S+ .* docs/$", listed, re.M), listed
    assert re.search(r"size: 67108864 bytes", m.run("stat /big.bin"))
    assert m.run("cd /docs; pwd; cd ../docs/..; ls docs/tutorial.md").endswith(
        "docs/tutorial.md")
    assert "ext4" in m.run("df")


def test_a_large_directory(machine):
    """Thousands of entries come in many messages."""
    m = machine(POLICY)
    m.wait_prompt()
    m.send("ls /src/ker\t")
    m.expect(r"ls /src/kernel/")
    m.send_line("")
    m.expect(re.escape("cordon> "))


@pytest.mark.parametrize("command, says", [
    ("cat /nope", "cat: /nope: no such file or directory"),
    ("cat /docs", "cat: /docs: is a directory"),
    ("cat /big.bin/x", "cat: /big.bin/x: not a directory"),
    ("cat /big.bin/", "cat: /big.bin/: not a directory"),
    ("ls /" + "n" * 256, "file name too long"),
    ("sha256sum /nope /docs", "sha256sum: /docs: is a directory"),
], ids=lambda text: text[:20])
def test_errors_are_for_people(machine, command, says):
    machine(POLICY).refuses(command, says)


def test_control_c_stops_a_command(machine):
    m = machine(POLICY)
    m.wait_prompt()
    m.send_line("hexdump /big.bin")
    m.expect(r"00000100 ")
    m.send("\x03")
    m.expect(r"(^|\n)cordon> $", 10)
    assert m.run("status") == "130"


# Disks that are not as they should be.

def broken(disk, directory, change):
    path = os.path.join(directory, "broken.img")
    os.makedirs(directory, exist_ok=True)
    shutil.copyfile(disk, path)
    with open(path, "r+b") as f:
        change(f)
    return path


def fill(f, offset, size, byte=0):
    f.seek(offset)
    f.write(bytes([byte]) * size)


def last_block(f):
    return f.seek(0, os.SEEK_END) - BLOCK


def wipe_all(f):
    fill(f, 0, 34 * BLOCK)
    fill(f, last_block(f) - 33 * BLOCK, 34 * BLOCK)


def wipe_primary(f):
    fill(f, BLOCK, 33 * BLOCK)


def damage_both(f):
    fill(f, BLOCK + 80, 1, 0xff)
    fill(f, last_block(f) + 80, 1, 0xff)


def wipe_superblocks(f):
    size = last_block(f) - PARTITION - 33 * BLOCK
    for start in range(0, size, 1 << 20):
        fill(f, PARTITION + start, min(65536, size - start))
    fill(f, PARTITION, 4 << 20)
    for group in range(1, 9):
        fill(f, PARTITION + group * (128 << 20) % size, 1 << 20)


def wipe_superblock(f):
    fill(f, PARTITION + 1024, 1024)


@pytest.mark.parametrize("change, says", [
    (wipe_all, "the disk has no GPT"),
    (damage_both, "both copies of the GPT are damaged"),
    (wipe_superblocks, "no usable ext4"),
])
def test_a_broken_disk_is_said_and_answered(machine, disk, test_directory,
                                            change, says):
    m = machine(POLICY, disks=[broken(disk, test_directory, change)])
    m.wait_prompt()
    assert re.search(r"^ls: /: ", m.run("ls /"), re.M)
    assert says in m.run("df")
    assert says in m.run("log")


@pytest.mark.parametrize("change, says", [
    (wipe_primary, "using the backup"),
    (wipe_superblock, "using its copy at block"),
])
def test_a_damaged_disk_is_used_all_the_same(machine, disk, disk_sums,
                                             test_directory, change, says):
    m = machine(POLICY, disks=[broken(disk, test_directory, change)])
    m.wait_prompt()
    want = disk_sums["/big.bin"]
    assert m.run("sha256sum /big.bin") == f"{want}  /big.bin"
    assert says in m.run("log")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_file_system_damaged_at_random(machine, disk, test_directory, seed):
    """Whatever lies on the disk, every command ends and the server lives."""
    def change(f):
        chance = random.Random(seed)
        for _ in range(400):     # most inodes and directories lie in front
            f.seek(PARTITION + 4096 + int(chance.paretovariate(0.5)) * 97
                   % (48 << 20))
            f.write(bytes([chance.randrange(256)]))

    m = machine(POLICY, disks=[broken(disk, test_directory, change)])
    m.wait_prompt()
    for command in ("ls -l /", "ls -l /docs", "ls -l /src/kernel",
                    "ls -l /newlib", "wc /docs/files.md", "df",
                    "sha256sum /big.bin"):
        m.run(command, 30)
    assert m.run("echo alive") == "alive"
    assert re.search(r"^fs +running .* - +-$", m.run("cages"), re.M)


def failing(disk, directory, sector=None):
    """The disk, but reads of a sector (or all) fail with an I/O error."""
    os.makedirs(directory, exist_ok=True)
    rules = os.path.join(directory, "blkdebug")
    with open(rules, "w", encoding="ascii") as f:
        f.write('[inject-error]\nevent = "read_aio"\nerrno = "5"\n')
        if sector is not None:
            f.write(f'sector = "{sector}"\n')
    return f"blkdebug:{rules}:{disk}"


def test_a_disk_that_fails_every_read(machine, disk, test_directory):
    m = machine(POLICY, disks=[failing(disk, test_directory)])
    m.wait_prompt()
    assert "cannot be read" in m.run("ls /")
    assert m.run("status") == "1"
    assert "the partition table cannot be read" in m.run("df")


def test_a_bad_sector_fails_its_file_only(machine, disk, test_directory,
                                          disk_sums):
    """The sector is in the middle of big.bin; debugfs says where that is."""
    listed = subprocess.run(
        ["/usr/sbin/debugfs", "-R", "blocks /big.bin",
         f"{disk}?offset={PARTITION}"], capture_output=True, text=True,
        check=True).stdout.split()
    sector = (PARTITION + int(listed[len(listed) // 2]) * 4096) // BLOCK
    m = machine(POLICY, disks=[failing(disk, test_directory, sector)])
    m.wait_prompt()
    assert m.run("sha256sum /big.bin").startswith(
        "sha256sum: /big.bin: the disk could not be read")
    assert m.run("head -n 1 /docs/files.md") == "# Files"
    assert m.run("hexdump -n 16 /big.bin").startswith("00000000  ")


def test_no_disk_at_all(machine):
    m = machine(POLICY, disks=[])
    m.wait_prompt()
    start = time.monotonic()
    assert re.search(r"^ls: ", m.run("ls /", 90), re.M)
    assert time.monotonic() - start < 30 * PATIENCE
    assert m.run("echo alive") == "alive"


def test_the_file_server_may_be_killed(machine, disk_sums):
    m = machine(POLICY)
    m.wait_prompt()
    m.run("ls /")
    m.run("kill fs")
    assert "big.bin" in m.run("ls /")
    m.run("restart fs")
    want = disk_sums["/big.bin"]
    assert m.run("sha256sum /big.bin") == f"{want}  /big.bin"


def test_clients_honest_and_hostile(machine):
    """tests/component/filetest: newlib's files, and requests that must fail,
    at the same time."""
    m = machine("tests/component/filetest/policy.yaml")
    m.wait_prompt()
    m.expect(r"hostile: all held", 60)
    deadline = time.monotonic() + 30 * PATIENCE
    for role in ("posix", "write"):
        while f"{role}: " not in m.run("log") and time.monotonic() < deadline:
            time.sleep(0.5)
        assert f"{role}: all held" in m.run("log")
    assert re.search(r"^fs +running .* - +-$", m.run("cages"), re.M)
