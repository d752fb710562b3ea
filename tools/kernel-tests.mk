# Programs that stand in for init and test the kernel itself: each directory of
# tests/kernel/, with the tools that lie beside them.  They use no library.

KERNEL_TEST_DIRS := $(patsubst %/,%,$(sort $(wildcard tests/kernel/*/)))
KERNEL_TESTS     := $(addprefix $(O)/kernel-tests/,$(notdir $(KERNEL_TEST_DIRS)))

KERNEL_TEST_CFLAGS = -std=gnu11 -O2 -g $(WARNINGS) -ffreestanding -nostdinc \
	-isystem $(GCC_INCLUDE) -I$(GEN) -Ikernel/include -Iboot/include -Ilibsys/include \
	-mgeneral-regs-only \
	-fno-pie -fno-stack-protector -fcf-protection=none -fno-common \
	-fno-asynchronous-unwind-tables $(DEFINES)

$(eval $(call compile,s,tests/kernel/,KERNEL_TEST_CFLAGS,$(CC)))

# $(call kernel_test,NAME,DIR)
define kernel_test
$(1)_TEST_OBJECTS := $$(call objects,s,$$(call sources,tests/kernel $(2)))
$(O)/kernel-tests/$(1): $$($(1)_TEST_OBJECTS)
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $$(USER_LDFLAGS) -o $$@ $$($(1)_TEST_OBJECTS)
-include $$($(1)_TEST_OBJECTS:.o=.d)
endef
$(foreach d,$(KERNEL_TEST_DIRS),$(eval $(call kernel_test,$(notdir $(d)),$(d))))

.PHONY: kernel-tests
kernel-tests: $(KERNEL_TESTS)
