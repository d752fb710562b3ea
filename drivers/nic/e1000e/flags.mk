# The 82574L: its own chip.c and descriptor.c, and what the Intel chips share.
e1000e_LIBS := $(INTEL_NIC)
$(O)/bin/e1000e: $(INTEL_NIC)
