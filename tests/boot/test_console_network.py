"""ifconfig, ping, netstat, nslookup and wget on the console of the default
system: hosts on the other side of user-mode networking, and what people are
told when a name, a host, the cable or a right is missing. And the way in: what
`make run` says of the web server."""

import hashlib
import http.server
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

from tests.boot.test_run import ROOT, RUN, Terminal
from tests.lib.machine import PATIENCE
from tests.lib.packets import IP, UDP, Peer, kind_of, udp
from tests.lib.wire import Wire, ip_payload

POLICY = "policies/default.yaml"
HOST = "10.0.2.2"                  # of user-mode networking: this computer
DATA = os.urandom(3_000_000)
SUM = hashlib.sha256(DATA).hexdigest()
ASKED = threading.Event()          # /silent has a client


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        getattr(self, "get_" + self.path.strip("/"), self.get_other)()

    def head(self, status, *fields):
        self.send_response(status)
        for name, value in (*fields, ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def get_data(self):
        self.head(200, ("Content-Length", len(DATA)))
        self.wfile.write(DATA)

    def get_endless(self):
        self.head(200)                     # until the connection ends
        self.wfile.write(DATA)

    def get_chunked(self):
        self.head(200, ("Transfer-Encoding", "chunked"))
        for at in range(0, len(DATA), 77777):
            piece = DATA[at:at + 77777]
            self.wfile.write(b"%x;x=y\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def get_slow(self):
        self.head(200, ("Content-Length", len(DATA)))
        for at in range(0, len(DATA), 100_000):
            self.wfile.write(DATA[at:at + 100_000])
            time.sleep(0.1)

    def get_short(self):
        self.head(200, ("Content-Length", len(DATA) + 1))
        self.wfile.write(DATA)

    def get_moved(self):
        self.head(302, ("Location", "data"), ("Content-Length", 0))

    def get_loop(self):
        self.head(301, ("Location", "/loop"), ("Content-Length", 0))

    def get_silent(self):
        ASKED.set()
        time.sleep(20)

    def get_nonsense(self):
        self.wfile.write(b"220 mail.example ESMTP\r\n")

    def get_other(self):
        self.head(404, ("Content-Length", 0))

    def log_message(self, *_):
        pass


class Server6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


@pytest.fixture(scope="module")
def server():
    """A web server on this computer: its URL as the guest has to say it."""
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    s.daemon_threads = True
    threading.Thread(target=s.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{s.server_port}"
    s.shutdown()


def shown(m, command, pattern, timeout=20):
    """Repeats the command until its output matches; returns the match."""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        output = m.run(command)
        found = re.search(pattern, output, re.M)
        if found or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert found, f"{command}: no {pattern!r} in:\n{output}"
    return found


@pytest.fixture
def system(machine):
    """The default system with its address; change(text) of the policy."""
    def start(change=lambda text: text, directory=None, **options):
        policy = POLICY
        if directory:
            policy = os.path.join(directory, "changed.yaml")
            with open(os.path.join(ROOT, POLICY)) as f:
                text = change(f.read())
            with open(policy, "w") as f:
                f.write(text)
        m = machine(policy, **options)
        m.wait_prompt()
        shown(m, "ifconfig", "inet  10.0.2.15/24, gateway 10.0.2.2, by DHCP")
        return m
    return start


def test_ifconfig(system):
    m = system()
    shown(m, "ifconfig", r"inet6 fec0::5054:ff:fe12:3456/64$")
    text = m.run("ifconfig")
    assert re.match(r"en\d +Intel 82574L, up, link of 1000 Mbit/s\n"
                    r"  mac   52:54:00:12:34:56, packets of 1500 bytes\n", text)
    assert "\n  dns   10.0.2.3\n" in text
    assert re.search(r"\n  in    \d+ packets, ", text)
    for wrong in ("10.0.2.15", "10.0.2.15/33", "up now", "dns", "fec0::1/64"):
        assert m.run("ifconfig " + wrong).startswith("ifconfig: usage: ")
    assert m.run("status") == "2"
    assert m.run("ifconfig 10.0.2.20/24 10.0.2.2") == ""
    shown(m, "ifconfig", r"inet  10\.0\.2\.20/24, gateway 10\.0\.2\.2$")
    assert m.run("ifconfig dhcp") == ""
    shown(m, "ifconfig", r"inet  10\.0\.2\.15/24, .*by DHCP")


def test_ping(system):
    m = system()
    output = m.run(f"ping {HOST} -c 2")
    assert re.search(r"^64 bytes from 10\.0\.2\.2: seq=2 time=", output, re.M)
    assert "2 sent, 2 received, 0 % lost; shortest " in output
    assert m.run("status") == "0"
    shown(m, "ifconfig", r"inet6 fec0::5054:ff:fe12:3456/64$")
    assert "2 received, 0 % lost" in m.run("ping -c 2 -6 fec0::2")
    output = m.run("ping 10.0.2.99 -c 1")          # nobody is there
    assert "1 sent, 0 received, 100 % lost" in output
    assert m.run("status") == "1"
    assert "other family" in m.run("ping -6 10.0.2.2")
    # Ctrl-C ends it, and what was counted is shown.
    m.send_line(f"ping {HOST} -c 0")
    m.expect("seq=2")
    m.send("\x03")
    m.expect(r"[23] sent, [23] received, 0 % lost")
    m.wait_prompt()
    assert m.run("status") == "130"


def test_netstat(system):
    m = system()
    listening = r"^tcp +\*:80 +\* +listening +httpd +0 +0$"
    shown(m, "netstat", listening)
    with subprocess.Popen(["curl", "-sN", "--limit-rate", "20k", "-o", "/dev/null",
                           f"http://127.0.0.1:{m.ports['tcp', 80]}/big.bin"]) as curl:
        shown(m, "netstat", r"^tcp +10\.0\.2\.15:80 +10\.0\.2\.2:\d+ +"
                            r"established +httpd +\d+ +\d+$")
        curl.kill()
    received = int(shown(m, "netstat -s", r"^tcp +(\d+) ")[1])
    assert received > 5
    assert re.search(r"^tcp: \d+ accepted", m.run("netstat -s"), re.M)
    assert m.run("netstat -x").startswith("netstat: usage: ")


def test_wget_prints_the_checksum(system, server):
    m = system()
    for path in ("endless", "chunked", "moved"):
        assert f"{SUM}  /{path.replace('moved', 'data')}\n" in m.run(f"wget {server}/{path}")
    output, status = m.run_and_exit(f"wget {server}/data")
    assert re.fullmatch(rf"{SUM}  /data\n3000000 bytes \(2\.8 MiB\) in .*/s", output)
    assert status == 0


def test_wget_writes_a_file(system, server):
    m = system()
    output = m.run(f"wget {server}/data -O /new.bin")
    assert "/new.bin: 3000000 bytes (2.8 MiB) in " in output
    assert m.run("sha256sum /new.bin") == f"{SUM}  /new.bin"
    assert "no such" in m.run(f"wget -O /absent/x {server}/data")
    assert m.run("status") == "1"


def test_wget_says_what_is_wrong(system, server):
    m = system()
    for path, says in (
            ("/nix", "wget: /nix: the server answered 404, not found"),
            ("/short", f"wget: {HOST}: the connection ended too early"),
            ("/nonsense", f"wget: {HOST}: what answers is no HTTP server"),
            ("/loop", f"wget: {HOST}: more than 5 redirections")):
        assert m.run(f"wget {server}{path}").endswith(says)
        assert m.run("status") == "1"
    assert m.run(f"wget http://{HOST}:1/") == f"wget: {HOST}:1: connection refused"
    assert "https is not supported" in m.run("wget https://example.com/")
    m.send_line(f"wget {server}/silent")
    assert ASKED.wait(20 * PATIENCE)
    m.send("\x03")
    m.wait_prompt()
    assert m.run("status") == "130"


def test_what_the_policy_does_not_allow(system, server, test_directory):
    """The server refuses what the console's `network` does not name."""
    narrow = "network: {connect: [tcp 10.0.2.2:1-9], sockets: 2, memory: 64KiB}"
    m = system(lambda text: re.sub(r"access: write\n +network: \{.*\}", narrow, text),
               test_directory)
    says = "denied by the policy: the console's `network` in "
    assert f"wget: {server[7:]}: {says}" in m.run(f"wget {server}/data")
    assert f"ping: {HOST}: {says}" in m.run(f"ping {HOST} -c 1")
    assert f"nslookup: example.com: {says}" in m.run("nslookup example.com")
    assert "it takes `access: write`" in m.run("ifconfig down")
    assert "httpd" not in m.run("netstat")
    assert m.run(f"wget http://{HOST}:9/").endswith("connection refused")
    assert re.search(r"^clients: [1-9]\d* calls denied", m.run("netstat -s"), re.M)


def test_without_the_cable(system, server):
    m = system()
    m.hmp("set_link net0 off")
    shown(m, "ifconfig", r"^en\d .* no link$")
    assert "no link: the cable is out" in m.run(f"ping {HOST} -c 1")
    m.hmp("set_link net0 on")
    shown(m, f"ping {HOST} -c 1", "1 received")
    assert SUM in m.run(f"wget {server}/data")
    m.run("ifconfig down")
    assert re.search(r"^en\d .*, down, ", m.run("ifconfig"), re.M)
    assert "the interface is down" in m.run(f"ping {HOST} -c 1")
    m.run("ifconfig up")
    shown(m, f"ping {HOST} -c 1", "1 received")


def test_the_cable_is_out_for_a_moment(system, server):
    """In mid-transfer: TCP sends again what was lost."""
    m = system()
    m.send_line(f"wget {server}/slow")
    m.expect(r"\d+ %, ")
    m.hmp("set_link net0 off")
    time.sleep(2)
    m.hmp("set_link net0 on")
    m.expect(rf"{SUM}  /slow\n3000000 bytes", 60)


def test_wget_over_ipv6(system):
    try:
        s = Server6(("::1", 0), Handler)
    except OSError:
        pytest.skip("this computer has no IPv6 loopback")
    threading.Thread(target=s.serve_forever, daemon=True).start()
    try:
        m = system()
        shown(m, "ifconfig", r"inet6 fec0::5054:ff:fe12:3456/64$")
        assert SUM in m.run(f"wget http://[fec0::2]:{s.server_port}/data")
        assert m.run("wget http://[fec0::2]:1/") == "wget: [fec0::2]:1: connection refused"
    finally:
        s.shutdown()


def test_the_stack_dies_and_comes_back(system, server):
    m = system()
    assert SUM in m.run(f"wget {server}/data")
    m.run("kill net")
    shown(m, "ifconfig", r"inet  10\.0\.2\.15/24")
    assert SUM in m.run(f"wget {server}/data")
    shown(m, "netstat", r"^tcp +\*:80 +\* +listening +httpd")


# --- names and the lack of an address: a peer at the other end of the cable ---

@pytest.fixture
def wire(test_directory):
    w = Wire(test_directory)
    yield w
    w.close()


def on_wire(machine, wire, directory, arguments):
    policy = os.path.join(directory, "wire.yaml")
    with open(os.path.join(ROOT, POLICY)) as f:
        text = re.sub(r"\n  (netdevs|devices): .*", "", f.read())
    with open(policy, "w") as f:
        f.write(text.replace("args: [hostname=cordon]", f"args: [{arguments}]"))
    m = machine(policy, extra=wire.arguments("e1000e"))
    m.wait_prompt()
    return m


def dns_answer(question):
    """To a request (RFC 1035, 4.1): an A record for any name but `nix`."""
    ident, name = question[:2], question[12:question.index(b"\0", 12) + 1]
    kind = struct.unpack(">H", question[12 + len(name):14 + len(name)])[0]
    known = kind == 1 and not name.startswith(b"\3nix")
    code = 0 if name.startswith(b"\4host") else 3
    head = ident + struct.pack(">HHHHH", 0x8180 | code, 1, known, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + b"\xc0\0\2\7"
    return head + question[12:16 + len(name)] + (record if known else b"")


def serve_names(peer, ended):
    """Answers DNS requests of the stack until `ended`."""
    while not ended.is_set():
        try:
            frame = peer.until(lambda f: kind_of(f) == IP and f[23] == UDP, 0.5)
        except AssertionError:
            continue
        body = ip_payload(frame)[1]
        source, target = struct.unpack(">HH", body[:4])
        if target == 53:
            peer.send4(UDP, udp(peer.own, peer.stack, 53, source, dns_answer(body[8:])))


def test_names(machine, wire, test_directory):
    m = on_wire(machine, wire, test_directory,
                "address=192.0.2.2/24, gateway=192.0.2.1, dns=192.0.2.1")
    ended = threading.Event()
    peer = threading.Thread(target=serve_names, args=(Peer(wire), ended))
    peer.start()
    try:
        assert m.run("nslookup host.example") == "host.example  192.0.2.7"
        assert m.run("nslookup nix.example") == "nslookup: nix.example: no such name"
        assert m.run("status") == "1"
        assert m.run("wget nix.example") == "wget: nix.example: no such name"
        assert m.run("nslookup 192.0.2.9") == "192.0.2.9  192.0.2.9"
    finally:
        ended.set()
        peer.join()


def test_without_a_dhcp_server(machine, wire, test_directory):
    m = on_wire(machine, wire, test_directory, "hostname=cordon")
    shown(m, "ifconfig", "inet  none, DHCP is asking")
    says = "no address yet: no DHCP server has answered"
    assert says in m.run("ping 192.0.2.1 -c 1")
    assert says in m.run("wget http://192.0.2.1/")


# --- the way in ---

def test_run_says_where_the_web_server_is(iso_of, disk, tmp_path):
    """With port 8080 taken, the next one; and what it leads to is served."""
    iso = shutil.copy(iso_of(POLICY), tmp_path / "own.iso")
    taken = socket.socket()
    try:
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
    except OSError:
        pass                               # somebody else has it: as good
    terminal = Terminal(iso, "--policy", os.path.join(ROOT, POLICY), "--disk", disk)
    try:
        terminal.read_until(b"cordon> ")
        url = re.search(rb"http://localhost:(\d+)/ on this computer leads to",
                        terminal.seen)
        assert url and int(url[1]) != 8080, terminal.seen
        assert terminal.seen.index(url[0]) < terminal.seen.index(b"cordon> ")
        end = time.monotonic() + 20 * PATIENCE
        while True:
            done = subprocess.run(["curl", "-s", f"http://127.0.0.1:{int(url[1])}/docs/"],
                                  capture_output=True, timeout=60)
            if done.returncode == 0 or time.monotonic() > end:
                break
            time.sleep(0.2)
        assert b"architecture.md" in done.stdout
        terminal.type(b"poweroff\r")
        assert terminal.leave() == (0, True)
        done = subprocess.run([RUN, "--iso", str(iso), "--policy", os.path.join(ROOT, POLICY),
                               "--disk", disk, "--http-port", "8080", "--cmd", "echo"],
                              capture_output=True, timeout=100)
        assert done.returncode == 1
        assert b"port 8080 of this host is taken" in done.stderr
    finally:
        terminal.close()
        taken.close()


def test_a_file_is_the_same_from_outside(system, disk_sums):
    """The sum of a big file: on the console, and of what curl gets."""
    m = system()
    shown(m, "netstat", r"^tcp +\*:80 +\* +listening +httpd")
    got = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{m.ports['tcp', 80]}/big.bin"],
                         capture_output=True, timeout=60 * PATIENCE, check=True).stdout
    assert hashlib.sha256(got).hexdigest() == disk_sums["/big.bin"]
    assert m.run("sha256sum /big.bin") == f"{disk_sums['/big.bin']}  /big.bin"
    assert "the hardware says what " in m.run("verify")
