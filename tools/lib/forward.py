"""Ports of this host that lead into the guest: QEMU's hostfwd. Where one is
taken already, the next free one stands in for it."""

import re
import socket

HTTP = 80
TRIES = 100
# hostfwd=tcp:HOST:PORT-GUEST:PORT, the hosts perhaps empty.
RULE = re.compile(r"hostfwd=(tcp|udp):([^:,]*):(\d+)-([^:,]*):(\d+)")


def is_free(protocol, host, port):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as s:
        # As QEMU does: remains of closed connections are no owners.
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host or "0.0.0.0", port))
        except OSError:
            return False
    return True


def any_port(protocol, host):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((host or "0.0.0.0", 0))
        return s.getsockname()[1]


def next_free(protocol, host, port, taken):
    for candidate in range(port, min(port + TRIES, 65536)):
        if (protocol, candidate) not in taken and \
                is_free(protocol, host, candidate):
            return candidate
    raise ValueError(f"no {protocol} port is free on this host from {port} on")


def place(netdevs, http_port=0, anywhere=False):
    """Arguments of -netdev whose forwarded ports are free, and what leads
    where: {(protocol, guest's port): host's port}. `http_port`: the one that
    has to lead to the web server. `anywhere`: any ports will do."""
    ports = {}

    def replace(rule):
        protocol, host, port, guest, inside = rule.groups()
        port, inside = int(port), int(inside)
        taken = {(key[0], value) for key, value in ports.items()}
        if anywhere:
            port = any_port(protocol, host)
        elif http_port and (protocol, inside) == ("tcp", HTTP):
            port = http_port
            if not is_free(protocol, host, port):
                raise ValueError(f"port {port} of this host is taken: choose "
                                 "another with HTTP_PORT=")
        else:
            port = next_free(protocol, host, port, taken)
        ports[protocol, inside] = port
        return f"hostfwd={protocol}:{host}:{port}-{guest}:{inside}"

    return [RULE.sub(replace, n) for n in netdevs], ports
