"""The virtio-blk driver on the machine: the tests of the block service, behind
another device."""

import re

from tests.boot.test_nvme import check, finish, scratch  # noqa: F401 (a fixture)

POLICY = "tests/component/blocktest/policy.yaml"


def policy_for(build, source):
    """An NVMe policy with the other driver and device."""
    with open(source) as f:
        text = f.read()
    assert 'class: "01:08:02"' in text
    text = text.replace("binary: nvme", "binary: virtio-blk")
    text = text.replace('class: "01:08:02"', 'class: "01:00"')
    text = re.sub(r"interrupts: \{count: \d+", "interrupts: {count: 1", text)
    path = f"{build}/tests/virtio-blk-{source.split('/')[-1]}"
    with open(path, "w") as f:
        f.write(text)
    return path


def drive(image, options="", iommu="on"):
    return ["-drive", f"if=none,id=vd,format=raw,file={image},snapshot=on",
            # On the root bus it would not be an express device, without a reset.
            "-device", "pcie-root-port,id=vport,chassis=9,addr=9",
            "-device", f"virtio-blk-pci-non-transitional,drive=vd,bus=vport,iommu_platform={iommu}{options}"]


def test_writes_and_reads(machine, scratch, build):  # noqa: F811
    m = machine(policy_for(build, POLICY), disks=[], extra=drive(scratch("disk.img")))
    check(finish(m), 1)


def test_blocks_of_4096_bytes(machine, scratch, build):  # noqa: F811
    m = machine(policy_for(build, POLICY), disks=[],
                extra=drive(scratch("disk.img"), ",logical_block_size=4096,physical_block_size=4096"))
    lines = finish(m)
    check(lines, 1)
    assert "16384 blocks of 4096 bytes" in m.run("log")


def test_hostile_client_harms_itself_alone(machine, scratch, build):  # noqa: F811
    m = machine(policy_for(build, POLICY), disks=[], extra=drive(scratch("disk.img")))
    m.wait_prompt()
    m.expect(r"(client|hostile): done, (.|\n)*(client|hostile): done, .*\n", 90)
    log = m.run("log")
    check([line for line in log.split("\n") if line.startswith("client: ")], 1)
    assert "hostile: done, 1 disks, 0 failed" in log, log
    assert re.search(r"^nvme +running .* \d+ +-$", m.run("cages"), re.M), m.tail()


def test_requests_in_flight_are_asked_again(machine, scratch, build):  # noqa: F811
    m = machine(policy_for(build, "tests/component/blocktest/deaths.yaml"), disks=[],
                extra=drive(scratch("disk.img")))
    check(finish(m), 1)
    assert "restart 3 of 5" in m.run("log")


def test_files_on_it(machine, disk, disk_sums, build):
    """The default system with another disk driver."""
    m = machine(policy_for(build, "policies/files.yaml"), disks=[],
                extra=drive(disk))
    m.wait_prompt()
    path, want = next(iter(disk_sums.items()))
    assert want in m.run(f"sha256sum {path}", 120)
    assert want in m.run(f"kill nvme; sha256sum {path}", 120)


def test_past_the_iommu_is_refused(machine, scratch, build):  # noqa: F811
    m = machine(policy_for(build, POLICY), disks=[],
                extra=drive(scratch("disk.img"), iommu="off"))
    m.expect("DMA would not go through the IOMMU", 60)
