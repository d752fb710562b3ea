# The kernel image: every source of kernel/ and iommu/ for this architecture,
# and of boot/, which runs once and is then given away.

KERNEL_ARCH    := x86_64
KERNEL_DIRS    := kernel kernel/arch/$(KERNEL_ARCH) iommu iommu/vtd
BOOT_DIRS      := boot boot/arch/$(KERNEL_ARCH) boot/vtd
KERNEL_SOURCES := $(call sources,$(KERNEL_DIRS) $(BOOT_DIRS))
KERNEL_OBJECTS := $(call objects,k,$(KERNEL_SOURCES))
KERNEL_SCRIPT  := boot/arch/$(KERNEL_ARCH)/image.ld
KERNEL_INCLUDE := -I$(GEN) -Ikernel/include -Iboot/include -I.

# No SSE and no red zone: an interrupt may arrive at any instruction.
KERNEL_CFLAGS = -std=gnu11 -O2 -g $(WARNINGS) -Wconversion \
	-ffreestanding -nostdinc -isystem $(GCC_INCLUDE) $(KERNEL_INCLUDE) \
	-mno-sse -mgeneral-regs-only -mno-red-zone -mcmodel=kernel \
	-mpreferred-stack-boundary=3 \
	-fno-pie -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing \
	-fno-common -ffunction-sections -fdata-sections $(DEFINES)
# What entry.S jumps to never returns, so no register is anybody else's.
$(addprefix $(O)/k/kernel/,fastpath.o syscall.o interrupts.o): private \
	KERNEL_CFLAGS += -fcall-used-rbx -fcall-used-r12 \
	-fcall-used-r13 -fcall-used-r14 -fcall-used-r15

KERNEL_LDFLAGS = -nostdlib -static -no-pie -Wl,-T,$(KERNEL_SCRIPT) \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
	-Wl,-z,norelro -Wl,--gc-sections -Wl,--orphan-handling=error

.PHONY: kernel
ifeq ($(wildcard $(KERNEL_SCRIPT)),)
kernel:
	@echo "  kernel: $(KERNEL_SCRIPT) is missing, nothing to link"
else
kernel: $(O)/kernel.elf ## build the kernel image
endif

$(eval $(call compile,k,,KERNEL_CFLAGS,$(CC)))

$(O)/kernel.elf: $(KERNEL_OBJECTS) $(KERNEL_SCRIPT) tools/setup/boot-check
	$(Q)tools/setup/boot-check $(KERNEL_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS)

-include $(KERNEL_OBJECTS:.o=.d)
