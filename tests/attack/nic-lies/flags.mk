# The 82574L's driver, with a layer of lies.
nic-lies_CORE := $(INTEL_NIC) $(addprefix $(O)/u/drivers/nic/e1000e/,chip.o descriptor.o)
nic-lies_LIBS := $(nic-lies_CORE)
$(O)/bin/nic-lies: $(nic-lies_CORE)
