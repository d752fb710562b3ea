# User programs: each directory of servers/, drivers/, drivers/nic/, tests/attack/
# and tests/component/ that has C files becomes $(O)/bin/NAME, linked with libsys
# and newlib. Those of SHARED_DIRS are parts that programs name in NAME_LIBS.

SHARED_DIRS  := drivers/nic/intel drivers/virtio
PROGRAM_DIRS := $(filter-out $(SHARED_DIRS),$(sort $(foreach d,\
	$(wildcard servers/* drivers/* drivers/nic/* tests/attack/* tests/component/*),\
	$(if $(wildcard $(d)/*.c),$(d)))))
PROGRAMS     := $(notdir $(PROGRAM_DIRS))
BINARIES     := $(addprefix $(O)/bin/,$(PROGRAMS))
ifneq ($(words $(PROGRAMS)),$(words $(sort $(PROGRAMS))))
$(error two programs have one name, see: $(PROGRAM_DIRS))
endif

INTEL_NIC := $(call objects,u,$(call sources,drivers/nic/intel))
VIRTIO    := $(call objects,u,$(call sources,drivers/virtio))

# NAME/flags.mk may set NAME_CFLAGS and NAME_LIBS.
-include $(wildcard $(addsuffix /flags.mk,$(PROGRAM_DIRS)))

# libsys brings the headers that newlib lacks, so it comes first.
USER_INCLUDE := -Ilibsys/include -I$(GEN) -Ikernel/include -Iboot/include -I.
USER_CFLAGS = -std=gnu11 -O2 -g $(WARNINGS) -D_GNU_SOURCE \
	-U__linux__ -U__linux -Ulinux -nostdinc $(USER_INCLUDE) \
	-isystem $(GCC_INCLUDE) -isystem $(NEWLIB)/include \
	-fno-pie -fno-stack-protector -fcf-protection=none \
	-ftls-model=local-exec -fno-asynchronous-unwind-tables \
	-fno-common -ffunction-sections -fdata-sections $(DEFINES)
USER_LDFLAGS = -nostdlib -static -no-pie -Wl,-Ttext-segment=0x400000 \
	-Wl,-z,separate-code -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
	-Wl,-z,norelro -Wl,--gc-sections -Wl,--build-id=none -Wl,--no-eh-frame-hdr

LIBSYS_SOURCES := $(call sources,libsys libsys/*)
LIBSYS_CRT0    := $(call objects,u,$(filter libsys/crt0.%,$(LIBSYS_SOURCES)))
LIBSYS_OBJECTS := $(filter-out $(LIBSYS_CRT0),$(call objects,u,$(LIBSYS_SOURCES)))
LIBSYS         := $(O)/libsys.a

.PHONY: programs libsys
programs: $(BINARIES) ## build libsys and every user program
libsys: $(LIBSYS) $(LIBSYS_CRT0)

$(eval $(call compile,u,libsys/,USER_CFLAGS,$(CC),$(NEWLIB_STAMP)))

# The folders: a file that goes away is an object that must.
$(LIBSYS): $(LIBSYS_OBJECTS) libsys/. libsys/posix/.
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(LIBSYS_OBJECTS)

# $(call program,NAME,DIR)
define program
$(1)_ALL_CFLAGS = $$(USER_CFLAGS) $$($(1)_CFLAGS)
$(1)_OBJECTS := $$(call objects,u,$$(call sources,$(2)))
$(1)_NEEDS := $(NEWLIB_STAMP) \
	$$(if $$(findstring $(EXT2FS),$$($(1)_CFLAGS) $$($(1)_LIBS)),$(EXT2FS_STAMP)) \
	$$(if $$(findstring $(LWIP),$$($(1)_CFLAGS)),$(LWIP_STAMP))
$$(eval $$(call compile,u,$(2)/,$(1)_ALL_CFLAGS,$(CC),$$($(1)_NEEDS)))
$$($(1)_OBJECTS): $(wildcard $(2)/flags.mk)
$(O)/bin/$(1): $$($(1)_OBJECTS) $(LIBSYS_CRT0) $(LIBSYS) $(wildcard $(2)/flags.mk)
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $$(USER_LDFLAGS) -o $$@ $(LIBSYS_CRT0) $$($(1)_OBJECTS) \
		-Wl,--start-group $$($(1)_LIBS) $(LIBSYS) $(NEWLIB)/lib/libc.a \
		$(NEWLIB)/lib/libm.a -lgcc -Wl,--end-group
-include $$($(1)_OBJECTS:.o=.d)
endef
$(foreach d,$(SHARED_DIRS),$(eval $(call compile,u,$(d)/,USER_CFLAGS,$(CC),$(NEWLIB_STAMP))))
$(foreach d,$(PROGRAM_DIRS),$(eval $(call program,$(notdir $(d)),$(d))))

-include $(INTEL_NIC:.o=.d) $(VIRTIO:.o=.d)
-include $(LIBSYS_OBJECTS:.o=.d) $(LIBSYS_CRT0:.o=.d)
