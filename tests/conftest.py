"""Makes the tools' library and the harness importable, and offers to every
test that runs in the emulator:

    build     the build directory (CORDON_BUILD, default build)
    iso_of    iso_of(policy, **options of image.make_iso) -> path of an ISO
    disk      the disk image; disk_sums: {file on it: SHA-256 as the host says}
    machine   machine(policy or iso, **options) -> a started Machine, with the
              devices and the disk that the policy asks for
"""

import hashlib
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tools"), ROOT]

from lib import forward, image, policy as policies  # noqa: E402
from tests.lib.machine import Machine  # noqa: E402


@pytest.fixture(scope="session")
def build():
    path = os.path.abspath(os.environ.get("CORDON_BUILD",
                                          os.path.join(ROOT, "build")))
    assert os.path.exists(os.path.join(path, "kernel.elf")), (
        f"there is no {path}/kernel.elf: run the tests through make")
    return path


@pytest.fixture(scope="session")
def iso_of(build):
    made = {}

    def make(policy, **options):
        policy = os.path.join(ROOT, policy)
        # The order of keywords does not matter, their values do.
        key = repr((policy, sorted(options.items(), key=str)))
        if key not in made:
            name = hashlib.sha256(key.encode()).hexdigest()[:12]
            stem = os.path.splitext(os.path.basename(policy))[0]
            out = os.path.join(build, "tests", f"{stem}-{name}.iso")
            made[key] = image.make_iso(build, policy, out, **options)
        return made[key]

    return make


@pytest.fixture(scope="session")
def disk(build):
    path = os.path.join(build, "disk", "disk.img")
    assert os.path.exists(path), f"there is no {path}: run make disk"
    return path


@pytest.fixture(scope="session")
def disk_sums(disk):
    with open(os.path.join(os.path.dirname(disk), "big.bin.sha256")) as f:
        return {"/" + name: digest for digest, name in map(str.split, f)}


@pytest.fixture
def test_directory(build, request):
    """Where this test's files go: console, trace, dumps."""
    name = re.sub(r"[^\w.-]+", "-", request.node.nodeid.split("/")[-1])
    if len(name) > 100:          # a file's name has its limit
        name = name[:80] + hashlib.sha256(name.encode()).hexdigest()[:12]
    path = os.path.join(build, "tests", name)
    os.makedirs(path, exist_ok=True)
    return path


@pytest.fixture
def machine(iso_of, test_directory, request):
    started = []

    def start(policy, iso_options=None, **options):
        """policy: a policy file of the project, or the path of an ISO."""
        ports = {}
        if policy.endswith(".iso"):
            iso = policy
        else:
            iso = iso_of(policy, **(iso_options or {}))
            wanted = policies.Policy(os.path.join(ROOT, policy))
            options.setdefault("smp", wanted.cpus)
            if "netdevs" not in options:
                options["netdevs"], ports = forward.place(wanted.netdevs,
                                                          anywhere=True)
            options["devices"] = wanted.devices + list(options.get("devices", ()))
            if wanted.disk and "disks" not in options:
                options["disks"] = [request.getfixturevalue("disk")]
        directory = test_directory
        if started:
            directory = os.path.join(directory, str(len(started) + 1))
        m = Machine(iso, directory, **options)
        m.ports = ports
        started.append(m)
        return m.start()

    yield start
    for m in started:
        m.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows where its console and trace are."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and "test_directory" in getattr(item, "funcargs", {}):
        report.sections.append(("files of this test",
                                item.funcargs["test_directory"]))
