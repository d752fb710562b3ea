"""The console: line editing on the real UART, commands, statuses, and what it
says when a service is missing."""

import re
import time

from tests.lib.machine import PATIENCE

POLICY = "policies/minimal.yaml"

UP, LEFT = "\x1b[A", "\x1b[D"


def test_commands_and_statuses(machine):
    m = machine(POLICY)
    m.wait_prompt()
    assert m.run("echo one 'two  three' \"f;r\"") == "one two  three f;r"
    assert m.run("status") == "0"
    assert m.run("nonsense") == "nonsense: no such command; `help` lists them"
    assert m.run("status") == "127"
    assert m.run("head -n x /f").startswith("head: usage: head ")
    assert m.run("status") == "2"
    assert m.run("echo a; echo b") == "a\nb"
    assert m.run("echo 'open") == "a quote is not closed"
    assert re.fullmatch(r"\w{3} 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC",
                        m.run("date"))
    listed = m.run("help")
    for command in ("ls", "cat", "sha256sum", "cages", "devices", "verify",
                    "log", "kill", "restart", "poweroff", "reboot"):
        assert re.search(rf"^{command}\b", listed, re.M), command
    assert "run-and-exit" not in listed


def test_line_editing(machine):
    m = machine(POLICY)
    m.wait_prompt()
    assert "abXc" in m.run("echo abc" + LEFT + "X")
    # The row was redrawn on the way, so look only at the end of the output.
    m.send_line("echo wrong\x15echo rigt" + LEFT + "h")
    m.expect(r"\nright\n" + re.escape("cordon> "))
    m.send_line(UP)
    m.expect(r"\nright\n" + re.escape("cordon> "))
    m.send("ech\thello\r")
    m.expect(r"\nhello\n" + re.escape("cordon> "))
    m.send("echo lost\x03")
    m.expect(r"\^C\n" + re.escape("cordon> "))
    assert m.run("status") == "0"


def test_a_flood_of_keys_loses_none(machine):
    m = machine(POLICY)
    m.wait_prompt()
    lines = [f"echo {i:04d}-{'x' * (i % 60)}" for i in range(200)]
    m.send("\r".join(lines) + "\recho the end\r")
    m.expect(r"\nthe end\n", 60)
    for line in lines:
        assert "\n" + line[len("echo "):] + "\n" in m.console


def test_says_what_the_policy_does_not_grant(machine):
    m = machine(POLICY)
    m.wait_prompt()
    assert "no file service" in m.run("ls /")
    assert m.run("status") == "1"
    assert "does not grant the console `edu`" in m.run("edu")
    assert "no PCI function" in m.run("devices")


def test_cages_shows_the_console_itself(machine):
    m = machine(POLICY)
    m.wait_prompt()
    rows = m.run("cages").split("\n")
    assert rows[0].split()[:2] == ["component", "state"]
    assert re.match(r"console +running ", rows[1])
    assert "no such component" in m.run("kill nobody")


def test_run_and_exit_gives_the_status(machine):
    for command, want in (("echo hello", 0), ("nonsense", 127),
                          ("cat /nope", 1), ("head", 2)):
        m = machine(POLICY)
        m.wait_prompt()
        output, status = m.run_and_exit(command)
        assert status == want, output
        assert "\x1b" not in output


def test_poweroff_and_its_status(machine):
    m = machine(POLICY)
    m.wait_prompt()
    m.send_line("poweroff 5")
    assert m.wait_exit() == 5


def test_a_chatterbox_does_not_keep_us_from_the_prompt(machine):
    """R7: what it writes is on its own budget, and has an end in init."""
    m = machine("tests/component/chatter/policy.yaml", trace=False)
    m.wait_prompt()
    start = time.monotonic()
    for n in range(5):
        assert m.run(f"echo still {n}") == f"still {n}"
    assert time.monotonic() - start < 2.5 * PATIENCE
    assert re.search(r"and \d+ bytes more: see `log`|chatter: has said enough",
                     m.console)
    # Its control characters do not reach the terminal.
    assert "?[2J? and some more" in m.console
    assert "\x07" not in m.console
    assert m.run("echo the end") == "the end"
