"""The little of a policy file that the host's tools need: which programs go
into the ISO, and which devices the emulated machine gets.  What a policy
grants is policyc's business alone."""

import yaml


class Policy:
    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as f:
            tree = yaml.safe_load(f)
        if not isinstance(tree, dict):
            raise ValueError(f"{path}: not a mapping")
        components = tree.get("components") or []
        # Each program once, in the order in which the file names them.
        self.binaries = list(dict.fromkeys(
            str(c["binary"]) for c in components
            if isinstance(c, dict) and "binary" in c))
        machine = tree.get("machine") or {}
        self.cpus = int(machine.get("cpus", 2))
        self.disk = bool(machine.get("disk", False))
        self.netdevs = [str(n) for n in machine.get("netdevs") or []]
        self.devices = [str(d) for d in machine.get("devices") or []]
