"""QEMU's control socket: one command, one answer."""

import json
import socket
import time


class QmpError(Exception):
    pass


class Qmp:
    def __init__(self, path, timeout=10):
        deadline = time.monotonic() + timeout
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise QmpError(f"no answer at {path}") from None
                time.sleep(0.02)
        self.socket.settimeout(timeout)
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self.events = []
        self.read()                      # the greeting
        self.command("qmp_capabilities")

    def read(self):
        line = self.stream.readline()
        if not line:
            raise QmpError("QEMU closed its control socket")
        return json.loads(line)

    def command(self, name, **arguments):
        """Returns what the command returned; raises QmpError if it failed."""
        self.stream.write(json.dumps({"execute": name, "arguments": arguments}))
        self.stream.flush()
        while True:
            answer = self.read()
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise QmpError(f"{name}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def close(self):
        self.stream.close()
        self.socket.close()
