"""The policy compiler from outside: what it refuses, what it writes, what it
says about a policy.

bad/NAME.yaml is a policy with mistakes, bad/NAME.expected lists every error
and hint that policyc has to print for it, and no others.
"""

import json
import os
import pathlib
import re
import struct
import subprocess
import zlib

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("CORDON_BUILD", ROOT / "build"))
POLICYC = BUILD / "tools" / "policyc"
BAD = sorted((HERE / "bad").glob("*.yaml"))
POLICIES = sorted((ROOT / "policies").glob("*.yaml"))
GOOD = POLICIES + sorted((HERE / "good").glob("*.yaml"))
CRC_START = 20  # offsetof(struct manifest_header, file)


def run(*words, cwd=ROOT, stdin=None):
    return subprocess.run([str(POLICYC), *map(str, words)], cwd=cwd,
                          input=stdin, capture_output=True, timeout=60)


def text(output):
    return output.decode("utf-8", errors="replace")


def name_of(path):
    return path.stem


def compile_policy(source, target, *options):
    done = run(source, "-o", target, *options)
    assert done.returncode == 0, text(done.stderr)
    return target.read_bytes()


# --- what it refuses ---

def found_errors(stderr, name):
    """The output in the form of an .expected file."""
    lines = []
    for line in stderr.splitlines():
        error = re.match(re.escape(name) + r":(?:(\d+):(\d+):)? error: (.*)",
                         line)
        hint = re.match(r" +hint: (.*)", line)
        if error:
            lines.append(f"error {error[1] or 0}:{error[2] or 0} {error[3]}")
        elif hint:
            lines.append(f"hint {hint[1]}")
    return lines


@pytest.fixture
def binaries(tmp_path):
    for name in ("console", "pci"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_bad_policy(path, binaries):
    options = re.findall(rb"^# options: (.*)$", path.read_bytes(), re.M)
    words = text(options[0]).replace("BINARIES", str(binaries)).split() \
        if options else []
    done = run("--check", path.name, *words, cwd=path.parent)
    stderr = text(done.stderr).replace(str(binaries), "BINARIES")
    expected = path.with_suffix(".expected").read_text().splitlines()
    assert found_errors(stderr, path.name) == expected
    assert done.returncode == 1
    assert done.stdout == b""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", stderr), \
        "a control character of the policy reached the terminal"


def test_every_expectation_has_its_policy():
    assert sorted(p.stem for p in BAD) == \
        sorted(p.stem for p in (HERE / "bad").glob("*.expected"))


# Cannot be provoked from outside.
UNREACHABLE = {"out of memory",
               "policyc wrote a manifest that does not check: %s",
               "has %zu bytes, at most %u"}  # test_too_long_a_policy


def all_errors():
    return [line.split(" ", 2)[2] for p in (HERE / "bad").glob("*.expected")
            for line in p.read_text().splitlines() if line.startswith("error")]


def test_every_error_has_an_example():
    formats = set()
    for path in (ROOT / "tools" / "policyc").glob("*.c"):
        source = path.read_text()
        for call in re.findall(r"report_error\((.*?)\);", source, re.S):
            # Neighbouring literals are one format.
            literal = re.search(r'"((?:[^"\\]|\\.|"\s*")*)"', call)
            if literal:
                formats.add(re.sub(r'"\s*"', "", literal[1]))
    formats -= UNREACHABLE
    assert len(formats) > 30, "the pattern above no longer finds the calls"
    errors = all_errors()
    for form in formats:
        pattern = "".join(
            "%" if part == "%%" else ".*" if part.startswith("%") else
            re.escape(part)
            for part in re.split(r"(%%|%[-.0-9]*[a-z]+)", form))
        assert any(re.fullmatch(pattern, e) for e in errors), form


def test_every_error_is_in_the_reference():
    """docs/policy.md shows each kind of error once, as `...`."""
    manual = (ROOT / "docs" / "policy.md").read_text()
    shown = re.findall(r"^\| `` (.*?) `` \|", manual, re.M)
    assert len(shown) > 30
    errors = all_errors()
    for error in shown:
        assert error in errors, f"docs/policy.md: no test gives: {error}"


def test_too_long_a_policy(tmp_path):
    path = tmp_path / "long.yaml"
    path.write_bytes(b"# comment\n" * 26300)
    done = run("--check", path)
    assert done.returncode == 1
    assert "has 263000 bytes, at most 262144" in text(done.stderr)


def test_hostile_yaml_is_refused_quickly():
    for hostile in (b"[" * 250000, b"a: " * 80000, b"- " * 120000,
                    b"? " * 120000, b"&a " * 80000, b"{a: " * 60000,
                    b'"' + b"\\u0041" * 40000 + b'"', b"a:\n" * 80000,
                    b"system: |\n" + b" x\n" * 80000):
        done = run("--check", "-", stdin=hostile)
        assert done.returncode == 1, hostile[:20]


# --- what it writes ---

def without_places(manifest):
    """The manifest with every record's line set to 0, checksum made good."""
    size_of = [112, 40, 32, 16, 12, 12, 28, 12, 28]
    counts = struct.unpack_from("<9I", manifest, 32)
    out = bytearray(manifest)
    at = 72
    for count, size in zip(counts, size_of):
        for _ in range(count):
            struct.pack_into("<I", out, at, 0)
            at += size
    struct.pack_into("<I", out, 16, zlib.crc32(out[CRC_START:]))
    return bytes(out)


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_round_trip(path, tmp_path):
    first = compile_policy(path, tmp_path / "first", "--name", "x.yaml")
    dump = run("--dump", tmp_path / "first")
    assert dump.returncode == 0
    (tmp_path / "again.yaml").write_bytes(dump.stdout)
    second = compile_policy(tmp_path / "again.yaml", tmp_path / "second",
                            "--name", "x.yaml")
    assert without_places(first) == without_places(second)
    assert run("--dump", tmp_path / "second").stdout == dump.stdout


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_compiling_twice_gives_the_same_bytes(path, tmp_path):
    assert compile_policy(path, tmp_path / "a") == \
        compile_policy(path, tmp_path / "b")


def test_header_is_as_documented(tmp_path):
    path = ROOT / "policies" / "files.yaml"
    data = compile_policy(path, tmp_path / "m")
    magic, version, size, crc = struct.unpack_from("<8sIII", data)
    assert (magic, version, size) == (b"CORDONMF", 2, len(data))
    assert crc == zlib.crc32(data[CRC_START:])


def test_components_stand_in_start_order(tmp_path):
    data = run("--binaries-of", HERE / "good" / "order.yaml").stdout
    assert text(data).split() == ["server", "disk", "files", "shell"]


def test_damaged_manifest_is_refused(tmp_path):
    path = tmp_path / "m"
    data = compile_policy(ROOT / "policies" / "files.yaml", path)
    for at in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        assert run("--dump", path).returncode == 1, f"byte {at}"
    for size in (0, 7, 71, 72, len(data) - 1):
        path.write_bytes(data[:size])
        assert run("--dump", path).returncode == 1, f"{size} bytes"


# --- what it says ---

@pytest.mark.parametrize("mode", ["reach", "dot"])
def test_golden_output(mode):
    done = run(f"--{mode}", "tests/policy/good/everything.yaml")
    assert done.returncode == 0
    golden = HERE / "good" / f"everything.{mode}"
    assert text(done.stdout) == golden.read_text()


def test_machine(tmp_path):
    done = run("--machine", HERE / "good" / "everything.yaml")
    assert text(done.stdout).splitlines() == \
        ["cpus 4", "disk", "netdev user,id=n0", "device edu,addr=4", "device edu,addr=5"]
    assert run("--machine", ROOT / "policies" / "minimal.yaml").stdout == b""
    assert run("--check", HERE / "good" / "everything.yaml", "--cpus", 2
               ).returncode == 1, "--cpus does not count more than the policy"
    compile_policy(ROOT / "policies" / "files.yaml", tmp_path / "m")
    assert run("--machine", tmp_path / "m").returncode == 2


def test_modes_take_a_manifest_too(tmp_path):
    policy = "tests/policy/good/everything.yaml"
    assert run(policy, "-o", tmp_path / "m").returncode == 0
    for mode in ("--reach", "--dot", "--binaries-of"):
        assert run(mode, tmp_path / "m").stdout == run(mode, policy).stdout


def test_shipped_policies_name_their_parts():
    """Those that the documentation promises, with what they are for."""
    holds = {p.stem: text(run("--binaries-of", p).stdout).split()
             for p in POLICIES}
    assert holds["default"] == ["pci", "nvme", "e1000e", "fs", "net", "httpd",
                                "console"]
    assert holds["files"] == ["pci", "nvme", "fs", "console"]
    assert holds["edu"] == ["pci", "edu", "console"]
    assert holds["minimal"] == ["console"]


def test_exit_statuses(tmp_path):
    good = ROOT / "policies" / "minimal.yaml"
    assert run("--check", good).returncode == 0
    assert run("--help").returncode == 0
    for words in ([], [good], ["--chekc", good], ["--check"], [good, "-o"],
                  ["--check", good, good], ["--check", "--dump", good],
                  ["--check", good, "--cpus", "9"],
                  ["--check", good, "--cpus", "x"]):
        done = run(*words)
        assert done.returncode == 2, words
        assert text(done.stderr).startswith("policyc: "), words
    assert run("--check", tmp_path / "absent.yaml").returncode == 3
    assert run("--check", tmp_path).returncode == 3
    assert run(good, "-o", tmp_path / "no" / "m").returncode == 3
    assert run("--dump", good).returncode == 1


def test_no_manifest_is_left_when_the_policy_is_wrong(tmp_path):
    done = run(BAD[0], "-o", tmp_path / "m")
    assert done.returncode == 1
    assert not (tmp_path / "m").exists()


# --- the language's descriptions ---

def test_schema_file_is_up_to_date():
    shipped = (ROOT / "policies" / "policy.schema.json").read_bytes()
    assert run("--schema").stdout == shipped, \
        "run: policyc --schema > policies/policy.schema.json"


def test_reference_is_up_to_date():
    manual = (ROOT / "docs" / "policy.md").read_text()
    assert text(run("--reference").stdout) in manual, \
        "put the output of policyc --reference into docs/policy.md"


def matches(value, rule, whole):
    """The part of JSON Schema that policy.schema.json uses."""
    if "$ref" in rule:
        name = rule["$ref"].removeprefix("#/definitions/")
        return matches(value, whole["definitions"][name], whole)
    if "allOf" in rule:
        return all(matches(value, r, whole) for r in rule["allOf"])
    if "anyOf" in rule:
        return any(matches(value, r, whole) for r in rule["anyOf"])
    if "enum" in rule:
        return value in rule["enum"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int,
             "boolean": bool}
    if not isinstance(value, kinds[rule["type"]]):
        return False
    if rule["type"] == "object":
        return set(rule["required"]) <= set(value) and all(
            k in rule["properties"] and matches(v, rule["properties"][k], whole)
            for k, v in value.items())
    if rule["type"] == "array":
        return len(value) <= rule["maxItems"] and all(
            matches(v, rule["items"], whole) for v in value)
    if rule["type"] == "string":
        return re.search(rule["pattern"], value) is not None
    if rule["type"] == "integer":
        return rule["minimum"] <= value <= rule["maximum"]
    return True


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_schema_accepts_good_policies(path):
    schema = json.loads(run("--schema").stdout)
    assert matches(yaml.safe_load(path.read_text()), schema, schema)


# What is wrong in these shows in one value, so an editor can tell.
SEEN_BY_EDITORS = ["unknown-key", "unknown-key-nested", "missing-key",
                   "missing-top-keys", "wrong-kind", "components-is-a-map",
                   "bad-name", "bad-size", "bad-budget", "bad-threads",
                   "bad-word", "bad-interrupts", "device-malformed",
                   "ioports-malformed", "irq-twice", "too-many-items",
                   "network-rules"]


@pytest.mark.parametrize("name", SEEN_BY_EDITORS)
def test_schema_refuses_bad_policies(name):
    schema = json.loads(run("--schema").stdout)
    policy = yaml.safe_load((HERE / "bad" / f"{name}.yaml").read_text())
    assert not matches(policy, schema, schema)
