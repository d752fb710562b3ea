# The 82574L's driver without its main loop.
nic-rings_CORE := $(INTEL_NIC) $(addprefix $(O)/u/drivers/nic/e1000e/,chip.o descriptor.o)
nic-rings_LIBS := $(nic-rings_CORE)
$(O)/bin/nic-rings: $(nic-rings_CORE)
