"""QEMU's gdb port, for what its control socket cannot do: writing to physical
memory and device registers behind the guest's back. The machine stands still
while this is open (GDB's manual, appendix E: the remote serial protocol)."""

import socket


class Gdb:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rwb", buffering=0)
        self.command("?")
        # QEMU: addresses are physical ones from now on.
        assert self.command("Qqemu.PhyMemMode:1") == "OK"

    def command(self, text):
        data = text.encode()
        self.stream.write(b"$%s#%02x" % (data, sum(data) & 0xff))
        while self.stream.read(1) != b"$":
            pass
        answer = b""
        while (byte := self.stream.read(1)) != b"#":
            answer += byte
        self.stream.read(2)
        self.stream.write(b"+")
        return answer.decode()

    def read32(self, address):
        return int.from_bytes(bytes.fromhex(self.command(f"m{address:x},4")),
                              "little")

    def write32(self, address, value):
        data = value.to_bytes(4, "little").hex()
        assert self.command(f"M{address:x},4:{data}") == "OK"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Lets the machine go on."""
        self.command("D")
        self.stream.close()
        self.socket.close()
