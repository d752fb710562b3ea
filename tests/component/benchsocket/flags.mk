# The same traffic as on Linux.
benchsocket_TRAFFIC := $(O)/u/tests/bench/traffic.o
benchsocket_LIBS := $(benchsocket_TRAFFIC)
$(O)/bin/benchsocket: $(benchsocket_TRAFFIC)
$(eval $(call compile,u,tests/bench/,USER_CFLAGS,$(CC),$(NEWLIB_STAMP)))
