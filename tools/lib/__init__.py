"""What tools/run, tools/mkiso and the tests share: policies, ISOs, QEMU."""
