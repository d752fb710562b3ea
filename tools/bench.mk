# The benchmarks: guest instructions, exact under -icount.

.PHONY: bench bench-quick
bench: all disk | setup-image setup-emulator setup-plot ## take every figure twice, compare, write docs/benchmarks.*
	$(Q)tools/bench --build $(O) --twice --keep

bench-quick: kernel kernel-tests hosttools programs | setup-image setup-emulator ## take the kernel's figures once and print them
	$(Q)tools/bench --build $(O) --only kernel
