# The benchmarks: guest instructions, exact under -icount.

.PHONY: bench bench-quick bench-linux
bench: all disk | setup-image setup-emulator setup-plot setup-web ## take every figure twice, compare, write docs/benchmarks.*
	$(Q)tools/bench --build $(O) --twice --keep

bench-quick: kernel kernel-tests hosttools programs | setup-image setup-emulator ## take the kernel's figures once and print them
	$(Q)tools/bench --build $(O) --only kernel

bench-linux: | setup-build setup-emulator setup-linux ## the socket benchmarks on stock Linux, in the same emulator
	$(Q)tests/bench/linux/run --build $(O) --card igb
	$(Q)tests/bench/linux/run --build $(O) --card e1000e
