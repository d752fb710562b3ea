# The 82574L's driver without its main loop.
benchnic_CORE := $(INTEL_NIC) $(addprefix $(O)/u/drivers/nic/e1000e/,chip.o descriptor.o)
benchnic_LIBS := $(benchnic_CORE)
$(O)/bin/benchnic: $(benchnic_CORE)
