"""Copies of the disk image with something broken, for the tests of bad input.
Offsets are in bytes of the whole disk; docs/building.md says what is on it."""

import os
import subprocess

SECTOR = 512
GPT_HEADER = 1 * SECTOR            # UEFI 5.3.2: the primary header is LBA 1
GPT_ENTRIES = 2 * SECTOR
PARTITION = 1 << 20                # where the one partition starts
SUPERBLOCK = PARTITION + 1024      # ext4: 1024 bytes into its file system
SUPERBLOCK_MAGIC = SUPERBLOCK + 56


def copy(source, target):
    """A sparse copy: the image is mostly holes."""
    subprocess.run(["cp", "--sparse=always", source, target], check=True)
    return target


def damaged(source, target, *patches):
    """A copy with bytes overwritten: each patch is (offset, bytes); a negative
    offset counts from the end."""
    copy(source, target)
    size = os.path.getsize(target)
    with open(target, "r+b") as f:
        for offset, data in patches:
            f.seek(offset if offset >= 0 else size + offset)
            f.write(data)
    return target


def without_primary_gpt(source, target):
    return damaged(source, target, (GPT_HEADER, bytes(SECTOR)))


def without_gpt(source, target):
    return damaged(source, target, (GPT_HEADER, bytes(SECTOR)),
                   (-SECTOR, bytes(SECTOR)))


def without_file_system(source, target):
    return damaged(source, target, (SUPERBLOCK, bytes(1024)))


def blank(target, size=16 << 20):
    with open(target, "wb") as f:
        f.truncate(size)
    return target


def read(image, path):
    """A file on the disk, as the host's own tools read it."""
    return subprocess.run(
        ["/usr/sbin/debugfs", "-R", f"cat {path}", f"{image}?offset={PARTITION}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
