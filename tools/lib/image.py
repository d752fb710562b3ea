"""Makes the ISO that GRUB boots: the kernel, then as modules `init`, the
`manifest` and every program that the policy names, each known by its name."""

import os
import shutil
import subprocess
import tempfile

from .policy import Policy


class ImageError(Exception):
    pass


def run(command, what):
    """Runs a host tool; its output is shown only when it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              errors="replace")
    except FileNotFoundError:
        raise ImageError(f"{what}: {command[0]} is not installed "
                         "(make setup installs it)") from None
    if done.returncode != 0:
        raise ImageError(f"{what} failed:\n{done.stdout}")
    return done.stdout


def compile_policy(build, policy, out):
    """policy.yaml -> manifest; policyc's own messages tell what is wrong."""
    policyc = os.path.join(build, "tools", "policyc")
    # Messages on the machine name the file as a person would.
    name = os.path.relpath(policy)
    run([policyc, "--binaries", os.path.join(build, "bin"), "--name",
         name if not name.startswith("..") else policy, "-o", out, policy],
        f"policyc {policy}")


def make_iso(build, policy, out, kernel=None, manifest=None, omit=(),
             replace=None, cmdline=""):
    """Builds the ISO `out` for a policy file from the build directory.

    manifest: this file in place of the policy's compiled form.
    omit:     names of modules to leave out (a test of bad input).
    replace:  {module name: file} to put in place of what the build made.
    cmdline:  the kernel's command line.
    """
    replace = dict(replace or {})
    kernel = kernel or os.path.join(build, "kernel.elf")
    with tempfile.TemporaryDirectory(prefix="cordon-iso.") as work:
        boot = os.path.join(work, "root", "boot")
        os.makedirs(os.path.join(boot, "grub"))
        shutil.copyfile(kernel, os.path.join(boot, "kernel.elf"))

        if manifest is None and "manifest" not in replace:
            manifest = os.path.join(work, "manifest")
            compile_policy(build, policy, manifest)
        files = {"init": os.path.join(build, "bin", "init"),
                 "manifest": manifest}
        for name in Policy(policy).binaries:
            files[name] = os.path.join(build, "bin", name)
        files.update(replace)

        modules = []
        for name, path in files.items():
            if name in omit:
                continue
            if not os.path.exists(path):
                raise ImageError(f"{policy} names the program `{name}`, and "
                                 f"{path} does not exist")
            target = os.path.join(boot, name)
            if name == "manifest" or name in replace:
                shutil.copyfile(path, target)
            else:
                run(["strip", "-o", target, path], f"strip {path}")
            modules.append(name)

        with open(os.path.join(boot, "grub", "grub.cfg"), "w") as f:
            f.write("set timeout=0\nset default=0\n"
                    "menuentry Cordon {\n"
                    f"    multiboot2 /boot/kernel.elf {cmdline}\n")
            for name in modules:
                f.write(f"    module2 /boot/{name} {name}\n")
            f.write("}\n")
        os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
        # Two tests may make the same image at the same time.
        part = f"{out}.{os.getpid()}.part"
        # Only the GRUB modules that this needs: a smaller ISO boots sooner.
        run(["grub-mkrescue", "--install-modules=multiboot2 normal iso9660 "
             "part_msdos part_gpt fat all_video search", "--fonts=",
             "--themes=", "--locales=", "-o", part,
             os.path.join(work, "root")], "grub-mkrescue")
        os.replace(part, out)
    return out
