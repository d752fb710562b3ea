# The NVMe driver's core without its service.
nvme-orphan_CORE := $(addprefix $(O)/u/drivers/nvme/,$(addsuffix .o,\
	command controller identify queue recovery request))
nvme-orphan_LIBS := $(nvme-orphan_CORE)
$(O)/bin/nvme-orphan: $(nvme-orphan_CORE)
