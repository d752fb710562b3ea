"""The emulated machine: one place that knows QEMU's command line."""

import os
import subprocess
import tempfile
from dataclasses import dataclass, field

QEMU = "qemu-system-x86_64"
# Debian's place for the firmware image.
OVMF = ("/usr/share/ovmf/OVMF.fd", "/usr/share/qemu/OVMF.fd")
# A value that the guest writes to this port ends QEMU with (value << 1) | 1.
DEBUG_EXIT_PORT = 0xf4


@dataclass
class Config:
    """A machine. The defaults are the machine of `make run`."""
    iso: str
    smp: int = 2
    memory: str = "512M"
    cpu: str = "max"
    iommu: bool = True            # False: no intel-iommu at all
    intremap: bool = True
    iommu_options: str = ""       # more properties of intel-iommu
    uefi: bool = False
    icount: bool = False          # one instruction = 1 ns, one CPU at a time
    debug_exit: bool = True
    disks: list = field(default_factory=list)     # images, each on an NVMe
    netdevs: list = field(default_factory=list)   # arguments of -netdev
    keep_writes: bool = False     # into the images; else they are forgotten
    devices: list = field(default_factory=list)   # arguments of -device
    trace: str = ""               # file for QEMU's own trace
    trace_events: tuple = ("vtd_*",)
    qmp: str = ""                 # path of the QMP socket
    gdb: str = ""                 # as -gdb takes it; the CPUs wait
    extra: list = field(default_factory=list)     # further arguments


def command(config):
    """QEMU's command line; the serial port is on its standard streams."""
    c = config
    args = [QEMU, "-M", "q35", "-accel", "tcg", "-cpu", c.cpu,
            "-smp", str(c.smp), "-m", c.memory, "-display", "none",
            "-no-reboot", "-nic", "none", "-serial", "stdio",
            "-cdrom", c.iso, "-boot", "order=d"]
    if c.debug_exit:
        args += ["-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=4"]
    if c.iommu:
        # intel-iommu must come before the devices that it guards.
        onoff = "on" if c.intremap else "off"
        args += ["-device", f"intel-iommu,intremap={onoff},eim={onoff},pt=off"
                 + ("," + c.iommu_options if c.iommu_options else "")]
    if c.icount:
        args += ["-icount", "shift=0,sleep=off"]
    if c.uefi:
        firmware = next((f for f in OVMF if os.path.exists(f)), None)
        if not firmware:
            raise FileNotFoundError("OVMF is not installed (make setup)")
        args += ["-bios", firmware]
    for i, image in enumerate(c.disks):
        # Else what the guest writes goes to a scratch file that dies with QEMU.
        snapshot = "off" if c.keep_writes else "on"
        args += ["-drive",
                 f"if=none,id=disk{i},format=raw,file={image},snapshot={snapshot}",
                 "-device", f"nvme,serial=cordon{i},drive=disk{i}"]
    for netdev in c.netdevs:
        args += ["-netdev", netdev]
    for device in c.devices:
        args += ["-device", device]
    if c.trace:
        for event in c.trace_events:
            args += ["-trace", event]
        args += ["-D", c.trace]
    if c.qmp:
        args += ["-qmp", f"unix:{c.qmp},server=on,wait=off"]
    if os.environ.get("CORDON_QEMU_PLUGIN"):      # make coverage
        args += ["-plugin", os.environ["CORDON_QEMU_PLUGIN"]]
    if c.gdb:
        args += ["-gdb", c.gdb, "-S"]
    return args + list(c.extra)


def guest_status(returncode):
    """What the guest said when QEMU has ended: its status, or None when QEMU
    itself failed. A guest that powers off through ACPI said 0."""
    if returncode == 0:
        return 0
    if returncode > 0 and returncode & 1:
        return returncode >> 1
    return None


def start(config, **popen):
    """Starts QEMU with pipes for the serial port, in a session of its own: the
    terminal's Ctrl-C is for whoever started it to handle.  It does not outlive
    us, however we end."""
    errors = tempfile.TemporaryFile("w+")
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL",
                                *command(config)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=errors,
                               start_new_session=True, bufsize=0, **popen)
    process.cordon_errors = errors
    return process


def complaints(process):
    """What an ended QEMU wrote to its standard error, without its word about
    the signal that we sent."""
    process.cordon_errors.seek(0)
    return "".join(line for line in process.cordon_errors
                   if "terminating on signal" not in line)


def stop(process, patience=5):
    """Ends this one QEMU, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode
