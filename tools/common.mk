# Where things are built, how a command is announced, which flags are in force.

ifneq ($(origin O),command line)
O := build$(if $(MUTATION),/mutation-$(MUTATION),$(if $(filter 1,$(DEBUG)),/debug))
endif
CORDON_CACHE ?= $(HOME)/.cache/cordon
export CORDON_CACHE

CC      := gcc
CLANG   := clang
AR      := ar
STRIP   := strip
PYTHON  := /usr/bin/python3

# $(call say,TAG,what): one readable line, or the whole command with V=1.
ifeq ($(V),1)
Q   :=
say  = @:
else
Q   := @
say  = @printf '  %-7s %s\n' '$(1)' '$(2)' >&2
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wcast-align \
	-Wstrict-prototypes -Wmissing-prototypes
DEFINES  := $(if $(filter 1,$(DEBUG)),-DCORDON_DEBUG) \
	$(if $(MUTATION),-DMUTATION_$(subst -,_,$(MUTATION)) -Wno-unused -Wno-unused-parameter)

# gcc's own headers (stdint.h, stdarg.h ...).  Asked for at first use, because
# the compiler may be what the set-up step is about to install.
GCC_INCLUDE = $(eval GCC_INCLUDE := $$(shell $(CC) -print-file-name=include))$(GCC_INCLUDE)

# $(call sources,DIRS): the C and assembly files of some directories.
sources = $(sort $(wildcard $(foreach d,$(1),$(d)/*.c $(d)/*.S)))
# $(call objects,PREFIX,SOURCES)
objects = $(patsubst %,$(O)/$(1)/%.o,$(basename $(2)))

# A file whose content is the flags: whoever depends on it is built anew when
# they change, and only then.
$(O)/flags: FORCE | setup-build
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(KERNEL_CFLAGS) / $(USER_CFLAGS) / $(HOST_CFLAGS) / $(KERNEL_LDFLAGS) / $(USER_LDFLAGS))' > $@.new.$$$$; \
	cmp -s $@.new.$$$$ $@ && rm $@.new.$$$$ || mv $@.new.$$$$ $@
.PHONY: FORCE
FORCE:

# $(call compile,PREFIX,SOURCE-PREFIX,FLAGS-VARIABLE,COMPILER,NEEDS): the rules
# that make PREFIX/SOURCE-PREFIXx.o.  Header dependencies come with them.
define compile
$(O)/$(1)/$(2)%.o: $(2)%.c $(O)/flags | setup-build $(GENERATED) $(5)
	$$(call say,CC,$$<)
	$(Q)mkdir -p $$(@D)
	$(Q)$(4) $$($(3)) -MD -MP -c -o $$@ $$<
$(O)/$(1)/$(2)%.o: $(2)%.S $(O)/flags | setup-build $(GENERATED) $(5)
	$$(call say,AS,$$<)
	$(Q)mkdir -p $$(@D)
	$(Q)$(4) $$($(3)) -D__ASSEMBLER__ -MD -MP -c -o $$@ $$<
endef

# A comma that a function's argument may hold.
, := ,
