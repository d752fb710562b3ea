# What the emulator boots from: the ISO with the kernel, the manifest and the
# components that the policy names, and the disk image.

DISK := $(CORDON_CACHE)/disk/cordon.img
