# Cordon: the one file that you start everything from.  `make help` lists what
# it can do, `make run` builds what is missing and boots the system.
#
# The parts are in tools/*.mk, one idea each.  A source file needs no entry
# anywhere: what lies in boot/, kernel/, iommu/, libsys/, servers/NAME, drivers/NAME,
# drivers/nic/NAME, tests/unit, tests/fuzz and tests/attack/NAME is found by itself.
#
#   O=DIR          build there (default: build)
#   V=1            show the commands
#   DEBUG=1        build with assertions, in build/debug
#   MUTATION=NAME  build a deliberately broken kernel, in build/mutation-NAME

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash

.DEFAULT_GOAL := all

include tools/common.mk
include tools/setup.mk
include tools/generate.mk
include tools/kernel.mk
include tools/lwip.mk
include tools/programs.mk
include tools/kernel-tests.mk
include tools/host.mk
include tools/image.mk
include tools/tests.mk
include tools/fuzz.mk
include tools/coverage.mk
include tools/attack.mk
include tools/check.mk
include tools/bench.mk

.PHONY: all clean distclean help

all: kernel programs kernel-tests hosttools

# Only what a build made: `O=.` or a directory of other things stays.
clean: ## remove the build directory
	$(Q)rm -rf build
	$(Q)[ ! -e $(O)/flags ] || [ -e $(O)/Makefile ] || rm -rf $(O)

distclean: clean ## also remove the cache of third-party builds
	$(Q)rm -rf $(addprefix $(CORDON_CACHE)/,newlib-* newlib.* ext2fs-* ext2fs.* lwip-* lwip.* src packages.lock)

help: ## list the targets and the settings
	@sed -n '/^# Cordon/,/^$$/s/^# \{0,1\}//p' Makefile
	@echo "Targets:"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' \
		Makefile tools/*.mk | sort | \
		while IFS=$$'\t' read -r t d; do printf '  %-14s %s\n' "$$t" "$$d"; done
	@echo "Settings for run: CMD= POLICY= HTTP_PORT= KEEP=1 SMP= MEM= CPU= OVMF=1 ICOUNT=1"
	@echo "  TRACE=FILE TIMEOUT= QEMU_ARGS= (see docs/building.md)"
