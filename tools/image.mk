# What the emulator boots from, the ISO with the kernel, the manifest and the
# components that the policy names, and the disk image; and booting it.

ISO  = $(O)/iso/$(POLICY_NAME).iso
DISK = $(O)/disk/disk.img

.PHONY: iso disk run debug
iso: $(ISO) ## make the bootable ISO of POLICY=FILE (policies/default.yaml)

$(O)/iso/%.iso: $(POLICY) $(O)/kernel.elf $(BINARIES) $(POLICYC) \
		tools/mkiso tools/lib/image.py tools/lib/policy.py | setup-image
	$(call say,ISO,$@)
	$(Q)tools/mkiso --build $(O) --policy $(POLICY) --out $@

disk: | setup-image $(NEWLIB_STAMP) ## make the disk image
	$(Q)tools/mkdisk $(DISK)

# KEEP=1: a copy of the disk image that keeps what is written to it.
KEPT = $(O)/disk/kept.img
$(KEPT): | disk
	$(call say,COPY,$@)
	$(Q)cp --sparse=always $(DISK) $@.new && mv $@.new $@

RUN_OPTIONS = --iso $(ISO) --policy $(POLICY) \
	--disk $(if $(filter 1,$(KEEP)),$(KEPT) --keep,$(DISK)) \
	$(if $(SMP),--smp $(SMP)) $(if $(MEM),--memory $(MEM)) \
	$(if $(HTTP_PORT),--http-port $(HTTP_PORT)) \
	$(if $(CPU),--cpu '$(CPU)') $(if $(filter 1,$(OVMF)),--uefi) \
	$(if $(filter 1,$(ICOUNT)),--icount) $(if $(filter 0,$(IOMMU)),--no-iommu) \
	$(if $(TRACE),--trace '$(TRACE)') $(if $(TIMEOUT),--timeout $(TIMEOUT)) \
	$(if $(QEMU_ARGS),--qemu-args '$(QEMU_ARGS)')
# The command reaches the shell as it was given, whatever quotes it holds.
run debug: export CORDON_CMD = $(CMD)

# Only a policy whose machine has the disk waits for it to be made.
WANTS_DISK = $(if $(shell grep -sE 'disk: *true' '$(POLICY)'),\
	$(if $(filter 1,$(KEEP)),$(KEPT),disk))

run: $(ISO) $(WANTS_DISK) | setup-emulator ## boot the system; CMD='ls /' runs one command
	$(Q)tools/run $(RUN_OPTIONS) $${CORDON_CMD:+--cmd "$$CORDON_CMD"}

# PROGRAM=NAME adds that component's symbols to the kernel's.
PROGRAM ?= nvme
debug: $(ISO) $(WANTS_DISK) | setup-emulator setup-debug ## boot halted, with gdb attached; PROGRAM=NAME
	$(Q)tools/run-debug $(O) $(PROGRAM) $(RUN_OPTIONS)
