"""docs/tutorial.md, step by step, in a copy of the project: every file it
shows, every command, and every line of output that it promises.

Fences in the page:  ```LANG file=PATH  the whole file
                     ```LANG edit=PATH  replaces from its own first line to the
                                        next empty line or the file's end
                     ```sh              is run
                     ```output          lines that the last command printed
"""

import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FENCE = re.compile(r"^```(\w+)(?: (file|edit)=(\S+))?\n(.*?)^```$",
                   re.MULTILINE | re.DOTALL)
# Large, or made anew anyway.
LEFT_OUT = ("disk", "tests", "iso", "fuzz", "unit", "results", "f", "t")


def copy_project(build, to):
    # Without git: the project may have come as an archive.
    shutil.copytree(ROOT, to, ignore=lambda d, names: [
        n for n in names if n in (".git", "__pycache__", ".pytest_cache")
        or (d == ROOT and n.startswith("build"))])
    shutil.copytree(build, os.path.join(to, "build"), ignore=lambda d, names:
                    [n for n in names if (d == build and n in LEFT_OUT)
                     or n.startswith("mutation-")])


def edit(text, block):
    first = block.split("\n")[0] + "\n"
    at = text.index(first)
    end = text.find("\n\n", at)
    return text[:at] + block + (text[end + 1:] if end >= 0 else "")


def run(command, directory):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(command, shell=True, cwd=directory, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=300)
    assert done.returncode == 0, f"$ {command}\n{done.stdout[-4000:]}"
    return done.stdout


def test_tutorial(build, tmp_path):
    project = str(tmp_path / "cordon")
    copy_project(build, project)
    with open(os.path.join(ROOT, "docs", "tutorial.md"), encoding="utf-8") as f:
        page = f.read()
    output, commands = "", 0
    for language, kind, name, block in FENCE.findall(page):
        path = os.path.join(project, name)
        if kind == "file":
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(block)
        elif kind == "edit":
            with open(path, encoding="utf-8") as f:
                text = edit(f.read(), block)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        elif language == "sh":
            output = run(block, project)
            commands += 1
        elif language == "output":
            for line in block.splitlines():
                assert line in output, f"no {line!r} in\n{output[-4000:]}"
    assert commands >= 6
