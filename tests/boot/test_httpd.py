"""The web server, iperf's server and the echo on the machine, through a caged
disk, a caged card, the stack and user-mode networking, with stock clients."""

import concurrent.futures
import hashlib
import os
import re
import socket
import subprocess
import time

import pytest

from tests.lib import disks
from tests.lib.machine import PATIENCE

POLICY = "tests/boot/policies/http.yaml"
HEAD = "HTTP/1.1\r\nHost: cordon\r\n"
SBIN = dict(os.environ, PATH="/usr/sbin:/sbin:" + os.environ["PATH"])


class Site:
    """A machine that serves, and clients for it."""

    def __init__(self, machine):
        self.machine = machine
        self.http = machine.ports["tcp", 80]

    def wait(self):
        """Until it answers."""
        end = time.monotonic() + 40 * PATIENCE
        while self.curl("-o", "/dev/null", "/", check=False).returncode:
            assert time.monotonic() < end, self.machine.tail()
            time.sleep(0.2)
        return self

    def curl(self, *arguments, check=True, **options):
        """The last argument is a path on the server."""
        *rest, path = arguments
        return subprocess.run(
            ["curl", "-sS", "--path-as-is", "-m", str(60 * PATIENCE), *rest,
             f"http://127.0.0.1:{self.http}{path}"],
            check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def status(self, *arguments, **options):
        return int(self.curl("-o", "/dev/null", "-w", "%{http_code}",
                             *arguments, **options).stdout)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.http), 30 * PATIENCE)

    def ask(self, request):
        """The raw answer, until the server closes."""
        with self.connect() as s:
            s.sendall(request if isinstance(request, bytes) else request.encode())
            return until_end(s)

    def nobody_died(self):
        assert "stopped" not in self.machine.run("log")


def wait_until(condition, timeout=20):
    end = time.monotonic() + timeout * PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def until_end(s):
    data = b""
    while piece := s.recv(1 << 16):
        data += piece
    return data


def read_answer(f):
    """One answer from a connection's file: (status, fields, body)."""
    status = int(f.readline().split()[1])
    fields = {}
    while line := f.readline().strip():
        name, _, value = line.decode().partition(":")
        fields[name.lower()] = value.strip()
    return status, fields, f.read(int(fields.get("content-length", 0)))


@pytest.fixture
def start(machine):
    def boot(policy=POLICY, **options):
        m = machine(policy, **options)
        m.wait_prompt()
        return Site(m).wait()
    return boot


def changed(test_directory, *replacements):
    """The policy with some of its text replaced."""
    with open(POLICY, encoding="utf-8") as f:
        text = f.read()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = os.path.join(test_directory, "http.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def test_files_as_curl_has_them(start, disk_sums):
    site = start()
    big = site.curl("/big.bin").stdout
    assert hashlib.sha256(big).hexdigest() == disk_sums["/big.bin"]
    assert site.curl("-r", "1000-300000", "/big.bin").stdout == big[1000:300001]
    assert site.curl("-r", "-70000", "/big.bin").stdout == big[-70000:]
    assert site.curl("-r", "67000000-", "/big.bin").stdout == big[67000000:]
    assert site.status("-r", "67108864-", "/big.bin") == 416
    head = site.curl("-I", "/big.bin").stdout.decode()
    assert head.startswith("HTTP/1.1 200 OK") and "Content-Length: 67108864" in head
    tag = re.search(r'ETag: ("\S+")', head)[1]
    assert site.status("-H", f"If-None-Match: {tag}", "/big.bin") == 304
    since = re.search("Last-Modified: (.*)\r", head)[1]
    assert site.status("-H", f"If-Modified-Since: {since}", "/big.bin") == 304
    assert site.status("-H", 'If-Range: "x"', "-r", "0-1", "/big.bin") == 200
    # What is listed is there.
    assert site.status("/src") == 301
    page = site.curl("-L", "/src").stdout.decode()
    names = re.findall(r'href="\./([^"]+)"', page)
    assert names == sorted(names) and "Makefile" in names and "servers/" in names
    assert f">Makefile</a><td>{len(site.curl('/src/Makefile').stdout)}<" in page
    assert site.status("/nothing") == 404
    assert site.status("/src/Makefile/") == 404
    assert site.status("/../../../src/%2e%2e/src/./Makefile") == 200
    assert f"the hardware says what {POLICY} says" in site.machine.run("verify")
    site.nobody_died()


def test_a_hundred_fetches_at_once(start, disk_sums):
    site = start()
    big = site.curl("/big.bin").stdout
    assert hashlib.sha256(big).hexdigest() == disk_sums["/big.bin"]

    def fetch(i):
        first = i * 600_000
        last = first + 500_000 + i
        got = site.curl("-r", f"{first}-{last}", "/big.bin").stdout
        return got == big[first:last + 1]

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        assert all(pool.map(fetch, range(100)))
    site.nobody_died()


def test_one_connection_for_many_requests(start):
    site = start()
    makefile = site.curl("/src/Makefile").stdout
    with site.connect() as s, s.makefile("rb") as f:
        for _ in range(50):                      # one after the other
            s.sendall(f"GET /src/Makefile {HEAD}\r\n".encode())
            assert read_answer(f)[2] == makefile
        s.sendall(b"".join(                      # all at once, in order
            f"GET /src/Makefile {HEAD}Range: bytes={i}-{2 * i}\r\n\r\n".encode()
            for i in range(40)))
        for i in range(40):
            status, fields, body = read_answer(f)
            assert status == 206 and body == makefile[i:2 * i + 1]
        s.sendall(f"GET /nothing {HEAD}\r\nHEAD / HTTP/1.0\r\n\r\n".encode())
        assert read_answer(f)[0] == 404
        assert f.readline().startswith(b"HTTP/1.1 200") and b"close" in f.read()


MALFORMED = [
    (b"\x16\x03\x01\0\x05hello\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    (f"GET / {HEAD}a : b\r\n\r\n", 400),
    (f"GET /%00 {HEAD}Connection: close\r\n\r\n", 400),
    (f"PUT /upload/a {HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (f"PUT /upload/a {HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     400),
    (f"PUT /upload/a {HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (f"PUT /upload/a {HEAD}\r\n", 411),
    (f"PUT /upload/{'a' * 300} {HEAD}Content-Length: 1\r\n\r\na", 414),
    (f"GET /{'a' * 9000} {HEAD}\r\n", 414),
    (f"GET / {HEAD}a: {'a' * 9000}\r\n\r\n", 431),
    ("GET / " + HEAD + "a: b\r\n" * 100 + "\r\n", 431),
    (f"BREW / {HEAD}Connection: close\r\n\r\n", 501),
    ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
]


def test_malformed_requests(start):
    site = start()
    for request, status in MALFORMED:
        answer = site.ask(request)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), request
        assert b"\r\nConnection: close\r\n" in answer
    assert site.status("/src/Makefile") == 200
    site.nobody_died()


def test_put_and_delete(start, test_directory):
    site = start()
    path = os.path.join(test_directory, "data")
    data = os.urandom(3_000_000)
    with open(path, "wb") as f:
        f.write(data)
    assert site.status("-T", path, "/upload/data") == 201
    assert hashlib.sha256(data).hexdigest() in site.machine.run(
        "sha256sum /upload/data")
    assert site.curl("/upload/data").stdout == data
    assert site.status("-T", "-", "/upload/data", input=b"chunks") == 204
    assert site.curl("/upload/data").stdout == b"chunks"
    assert site.status("-T", path, "-H", "If-None-Match: *", "/upload/data") == 412
    # Elsewhere, into nowhere, and too much.
    assert site.status("-T", path, "/data") == 403
    assert site.status("-X", "DELETE", "/src/Makefile") == 403
    assert site.status("-T", path, "/upload/no/data") == 409
    assert site.ask(f"PUT /upload/huge {HEAD}Content-Length: 999999999999\r\n\r\n"
                    ).startswith(b"HTTP/1.1 507 ")
    # Broken off: nothing is left.
    with site.connect() as s:
        s.sendall(f"PUT /upload/half {HEAD}Content-Length: 99999\r\n\r\n".encode()
                  + bytes(5000))
        wait_until(lambda: ".put-" in site.machine.run("ls -a /upload"))
    wait_until(lambda: ".put-" not in site.machine.run("ls -a /upload"))
    assert site.machine.run("ls /upload") == "data"
    assert site.status("-X", "DELETE", "/upload/data") == 204
    assert site.machine.run("ls /upload") == ""
    site.nobody_died()


def test_a_full_disk(start, test_directory):
    small = os.path.join(test_directory, "small.img")
    disks.blank(small, 16 << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", small], check=True, env=SBIN)
    site = start(changed(test_directory, ("partition=1", "whole")), disks=[small])
    path = os.path.join(test_directory, "data")
    with open(path, "wb") as f:
        f.write(os.urandom(30 << 20))
    with open(path, "rb") as f:     # in chunks: how much it is nobody knows before
        assert site.status("-T", "-", "/upload/data", stdin=f) == 507
    assert site.machine.run("ls /upload") == ""
    assert site.status("-T", "-", "/upload/small", input=b"x") == 201


def test_where_nothing_may_be_changed(start, test_directory):
    """The argument says where; the policy's `access` has the last word."""
    site = start(changed(test_directory, (
        "      - {service: files, from: fs, access: write}\n      - service: net",
        "      - {service: files, from: fs}\n      - service: net")))
    assert site.status("-T", "-", "/upload/a", input=b"x") == 403
    assert site.status("-X", "DELETE", "/upload/a") == 403
    assert site.status("/src/Makefile") == 200


def test_clients_that_stop_reading_or_say_nothing(start):
    """They are closed after a while; others do not notice before."""
    site = start()
    silent = [site.connect() for _ in range(10)]
    stuck = []
    for _ in range(10):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.settimeout(30 * PATIENCE)
        s.connect(("127.0.0.1", site.http))
        s.sendall(f"GET /big.bin {HEAD}\r\n".encode())
        stuck.append(s)
    half = site.connect()
    half.sendall(b"GET /src/Makef")
    began = time.monotonic()
    assert len(site.curl("-r", "0-9999999", "/big.bin").stdout) == 10_000_000
    assert time.monotonic() - began < 10 * PATIENCE
    assert until_end(half).startswith(b"HTTP/1.1 408 ")
    assert all(until_end(s) == b"" for s in silent)
    # What was on the way when the server gave up is less than the file.
    time.sleep(max(0, began + 50 - time.monotonic()))
    for s in stuck:
        try:
            assert len(until_end(s)) < 67_108_864
        except ConnectionResetError:
            pass
    assert site.status("/src/Makefile") == 200
    site.nobody_died()


@pytest.mark.parametrize("few", [
    ("put=/upload", "connections=12"),
    ("listen: [tcp 80], sockets: 140", "listen: [tcp 80], sockets: 13"),
], ids=["connections", "sockets"])
def test_more_connections_than_there_are(start, test_directory, few):
    """Idle ones make room for new ones."""
    site = start(changed(test_directory, few))
    idle = [site.connect() for _ in range(30)]
    assert site.status("/src/Makefile") == 200
    for s in idle[-8:]:
        s.sendall(f"GET /src/Makefile {HEAD}\r\n".encode())
        with s.makefile("rb") as f:
            assert read_answer(f)[0] == 200
    assert until_end(idle[0]) == b""
    site.nobody_died()


def test_the_files_and_the_stack_may_die(start, disk_sums):
    site = start()
    assert site.status("/src/Makefile") == 200
    for who in ("fs", "nvme", "httpd", "net", "nic"):
        site.machine.run(f"kill {who}")
        site.wait()
        big = site.curl("/big.bin").stdout
        assert hashlib.sha256(big).hexdigest() == disk_sums["/big.bin"], who


def test_the_file_server_may_die_under_transfers(start, disk_sums):
    """httpd lives; what a client takes for the whole file is the file."""
    site = start()
    wait_until(lambda: site.status("/src/Makefile") == 200)
    with site.connect() as s:                   # an upload stands still
        s.sendall(f"PUT /upload/a {HEAD}Content-Length: 9\r\n\r\nhell".encode())
        wait_until(lambda: ".put-" in site.machine.run("ls -a /upload"))
        site.machine.run("kill fs")
        s.sendall(b"o all")
        assert until_end(s).startswith(b"HTTP/1.1 503 ")
    wait_until(lambda: site.status("/src/Makefile") == 200)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        under_way = [pool.submit(site.curl, "-f", "/big.bin", check=False)
                     for _ in range(4)]
        for _ in range(3):
            time.sleep(1)
            site.machine.run("kill fs")
        for each in under_way:
            got = each.result()
            assert got.returncode != 0 or hashlib.sha256(
                got.stdout).hexdigest() == disk_sums["/big.bin"]
    wait_until(lambda: site.status("/src/Makefile") == 200)
    assert hashlib.sha256(site.curl("/big.bin").stdout).hexdigest() == \
        disk_sums["/big.bin"]
    assert not re.search("httpd: .*stopped", site.machine.run("log"))


def test_the_cable_is_out_in_mid_transfer(start, disk_sums):
    """TCP sends again what was lost; nobody is told."""
    site = start()
    sum_ = hashlib.sha256()
    with site.connect() as s:
        s.sendall(f"GET /big.bin {HEAD}Connection: close\r\n\r\n".encode())
        with s.makefile("rb") as f:
            while f.readline().strip():
                pass
            sum_.update(f.read(1_000_000))
            site.machine.hmp("set_link net0 off")
            time.sleep(3)                       # that long it is out
            site.machine.hmp("set_link net0 on")
            while piece := f.read(1 << 20):
                sum_.update(piece)
    assert sum_.hexdigest() == disk_sums["/big.bin"]
    assert "net: link down" in site.machine.run("log")
    site.nobody_died()


def test_iperf_and_echo(start):
    site = start()
    ports = site.machine.ports

    def iperf(port, *arguments):
        return subprocess.run(
            ["iperf", "-c", "127.0.0.1", "-p", str(port), *arguments],
            check=True, capture_output=True, text=True,
            timeout=60 * PATIENCE).stdout

    assert "MBytes" in iperf(ports["tcp", 5001], "-n", "8M")
    out = iperf(ports["tcp", 5001], "-n", "8M", "-R")
    assert re.search(r"8\.\d+ MBytes", out), out
    out = iperf(ports["udp", 5001], "-u", "-b", "2M", "-t", "1")
    assert re.search(r"Server Report:\n.*\n.* \d+/ *\d+ \(", out), out
    log = site.machine.run("log")
    assert re.search(r"iperf: TCP, 10\.0\.2\.2 port \d+: received 8388608 bytes", log)
    assert re.search(r"iperf: TCP, 10\.0\.2\.2 port \d+: sent 8388608 bytes", log)
    assert re.search(r"iperf: UDP, 10\.0\.2\.2 port \d+: received \d+ bytes in 1\.0", log)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20 * PATIENCE)
        s.connect(("127.0.0.1", ports["udp", 7]))
        for size in (0, 1, 1000, 1472):
            data = os.urandom(size)
            s.send(data)
            assert s.recv(65536) == data
    with socket.create_connection(("127.0.0.1", ports["tcp", 7])) as s:
        s.settimeout(20 * PATIENCE)
        data = os.urandom(100_000)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        assert until_end(s) == data
