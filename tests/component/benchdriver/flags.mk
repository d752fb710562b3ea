# The NVMe driver's core without its service.
benchdriver_CORE := $(addprefix $(O)/u/drivers/nvme/,$(addsuffix .o,\
	command controller identify queue recovery request))
benchdriver_LIBS := $(benchdriver_CORE)
$(O)/bin/benchdriver: $(benchdriver_CORE)
