"""A witness of these cases alone."""

from tests.attack.witnesses import Breach

COMPAT_VECTOR = 0x77        # see main.c


def no_compat(attempt):
    """QEMU's trace: no message of CPU and vector passed the IOMMU as it was"""
    for event in attempt.machine.trace.events("vtd_ir_remap_msi"):
        if event.text.startswith(f"(addr 0xfee00000, data {COMPAT_VECTOR:#x})"):
            raise Breach(f"QEMU let it through: {event.text}")
