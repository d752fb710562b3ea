# Checks of the source itself: its size, its headers, its form.

SIZE_LIMIT := 10000
C_FILES = $(shell find kernel iommu libsys servers drivers tests tools -name '*.[ch]')

.PHONY: size headers format format-check tidy

size: ## count the lines of kernel/ and iommu/ against the limit
	$(Q)tools/setup/size $(SIZE_LIMIT)

# A header that needs another says so itself: each is compiled alone, the
# kernel's freestanding, the user's against newlib, the tools' on the host.
KERNEL_HEADERS := $(wildcard $(foreach d,kernel/include/cordon boot/include/cordon \
	$(KERNEL_DIRS) $(BOOT_DIRS),$(d)/*.h))
USER_HEADERS   := $(wildcard libsys/*.h $(addprefix libsys/include/,*.h */*.h) \
	$(addsuffix /*.h,$(PROGRAM_DIRS) $(SHARED_DIRS)) tests/attack/*.h)
HOST_HEADERS   := $(wildcard tools/*/*.h tests/unit/*.h tests/unit/*/*.h tests/fuzz/*.h tests/host/*.h)

HEADER_STAMPS := $(patsubst %,$(O)/headers/k/%.ok,$(sort $(KERNEL_HEADERS))) \
	$(patsubst %,$(O)/headers/u/%.ok,$(sort $(USER_HEADERS))) \
	$(patsubst %,$(O)/headers/h/%.ok,$(sort $(HOST_HEADERS)))

headers: $(HEADER_STAMPS) ## check that each header compiles alone
	@echo "  headers: $(words $(HEADER_STAMPS)) of $(words $(HEADER_STAMPS)) compile alone"

# $(call header,PREFIX,FLAGS,NEEDS)
define header
$(O)/headers/$(1)/%.ok: % $(O)/flags | setup-build $(GENERATED) $(3)
	$$(call say,HEADER,$$<)
	$(Q)mkdir -p $$(@D)
	$(Q)echo '#include <$$(patsubst kernel/include/%,%,$$(patsubst boot/include/%,%,$$(<:libsys/include/%=%)))>' | $(CC) $(2) -MMD -MP -MT $$@ -MF $$@.d \
		-x c -fsyntax-only - && touch $$@
endef
$(eval $(call header,k,$$(KERNEL_CFLAGS)))
$(eval $(call header,u,$$(USER_CFLAGS) $(EXT2FS_CFLAGS) $(LWIP_CFLAGS),$(NEWLIB_STAMP) $(EXT2FS_STAMP) $(LWIP_STAMP)))
$(eval $(call header,h,$$(HOST_CFLAGS) -Wno-missing-prototypes $(LWIP_CFLAGS),$(LWIP_STAMP)))
-include $(HEADER_STAMPS:%=%.d)

format: | setup-lint ## format every C file as .clang-format says
	$(Q)clang-format -i $(C_FILES)

format-check: | setup-lint ## say which C files are not formatted
	$(Q)clang-format --dry-run -Werror $(C_FILES)

tidy: | setup-lint ## run clang-tidy over the kernel and the user programs
	$(Q)clang-tidy --quiet $(filter %.c,$(KERNEL_SOURCES)) -- \
		$(filter-out -f% -m% -nostdinc,$(KERNEL_CFLAGS)) \
		-ffreestanding -mno-sse -mno-red-zone
	$(Q)$(if $(PROGRAM_DIRS),clang-tidy --quiet \
		$(filter %.c,$(LIBSYS_SOURCES) $(call sources,$(PROGRAM_DIRS) $(SHARED_DIRS))) -- \
		$(USER_CFLAGS) $(EXT2FS_CFLAGS) $(LWIP_CFLAGS))
