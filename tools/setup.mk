# What the machine must have.  Each check is quick when all is there; a missing
# package is installed, a missing library built once into the cache.

NEWLIB        := $(shell tools/setup/newlib --path)
EXT2FS        := $(shell tools/setup/ext2fs --path)
NEWLIB_STAMP  := $(NEWLIB)/.done
EXT2FS_STAMP  := $(EXT2FS)/.done
LWIP          := $(shell tools/setup/lwip --path)
LWIP_STAMP    := $(LWIP)/.done
# For a program's flags.mk: `fs_CFLAGS := $(EXT2FS_CFLAGS)` and so on.
EXT2FS_CFLAGS := -isystem $(EXT2FS)/include
EXT2FS_LIBS   := $(EXT2FS)/lib/libext2fs.a $(EXT2FS)/lib/libcom_err.a
LWIP_CFLAGS   := -Iservers/net/lwip -isystem $(LWIP)/src/include

SETUP_GROUPS := build image emulator test graph debug lint plot
.PHONY: setup $(addprefix setup-,$(SETUP_GROUPS))

setup: $(addprefix setup-,$(SETUP_GROUPS)) $(NEWLIB_STAMP) $(EXT2FS_STAMP) $(LWIP_STAMP) ## install and build all that the other targets need

# Of the benchmarks alone, and one is large: not in `setup`.
.PHONY: setup-linux setup-web
setup-linux setup-web: setup-%:
	@tools/setup/packages $*

# One run of apt for all that the goals will need, not one for each group.
ifneq ($(filter run debug test attack boot,$(MAKECMDGOALS)),)
SETUP_FIRST := build image emulator $(if $(filter test attack boot,$(MAKECMDGOALS)),test)
else
SETUP_FIRST :=
endif

$(addprefix setup-,$(SETUP_GROUPS)): setup-%:
	@tools/setup/packages $(sort $(SETUP_FIRST) $*)

$(NEWLIB_STAMP): | setup-build
	@tools/setup/newlib
$(EXT2FS_STAMP): | setup-build $(NEWLIB_STAMP)
	@tools/setup/ext2fs
$(LWIP_STAMP): | setup-build
	@tools/setup/lwip
