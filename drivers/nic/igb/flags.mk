# The 82576: its own chip.c and descriptor.c, and what the Intel chips share.
igb_LIBS := $(INTEL_NIC)
$(O)/bin/igb: $(INTEL_NIC)
