# The test layers.  `make test` runs all of them and ends with one line.
#
# A unit test is tests/unit/test_X.c, a fuzz target tests/fuzz/fuzz_X.c.  The
# line `links: kernel/a.c iommu/b.c` in its head comment names the sources of
# the project that it is linked with; `flags: -DX` and `libs: -lX` add options.
# `machine: tests/host` compiles them all for the machine of that directory:
# its headers stand in for those that touch the CPU.

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))

# Words such as `tests/unit/test_a.c|links|kernel/a.c`, read in one go.
TEST_HEADS := $(if $(UNIT_SOURCES)$(FUZZ_SOURCES),$(shell awk \
	'FNR <= 40 && match($$0, /(links|flags|libs|machine):/) { \
		k = substr($$0, RSTART, RLENGTH - 1); \
		n = split(substr($$0, RSTART + RLENGTH), w, " "); \
		for (i = 1; i <= n; i++) if (w[i] != "*/") print FILENAME "|" k "|" w[i] }' \
	$(UNIT_SOURCES) $(FUZZ_SOURCES)))
# $(call head,FILE,KEY)
head = $(patsubst $(1)|$(2)|%,%,$(filter $(1)|$(2)|%,$(TEST_HEADS)))

TEST_CFLAGS = -std=gnu11 -O1 -g $(WARNINGS) -Wno-missing-prototypes \
	-D_GNU_SOURCE -fno-omit-frame-pointer $(HOST_INCLUDE) $(DEFINES)
UNIT_CFLAGS = $(TEST_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all
# The TSS has its stacks at odd addresses (Intel SDM 3A, 7.7).
HOST_MACHINE := -Itests/host
HOST_MACHINE_LAST := -fno-strict-aliasing -Wno-cast-align -fno-sanitize=alignment
UNIT_MACHINE_CFLAGS = $(HOST_MACHINE) $(UNIT_CFLAGS) $(HOST_MACHINE_LAST)

# With lwIP's own (tools/lwip.mk).
UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(UNIT_SOURCES)) $(LWIP_CHECK)

$(eval $(call compile,t,,UNIT_CFLAGS,$(CC),setup-test))
$(eval $(call compile,tm,,UNIT_MACHINE_CFLAGS,$(CC),setup-test))

# $(call test_program,NAME,SOURCE,PREFIX,DIR,COMPILER,SANITIZERS,LIBS)
define test_program
$(3)_$(1)_OBJECTS := $$(call objects,$(3),$(2) $(call head,$(2),links))
$(O)/$(4)/$(1): $$($(3)_$(1)_OBJECTS)
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(5) $(6) -o $$@ $$($(3)_$(1)_OBJECTS) $(7) $(call head,$(2),libs)
$(if $(call head,$(2),flags),$(O)/$(3)/$(basename $(2)).o: private TEST_CFLAGS += $(call head,$(2),flags))
-include $$($(3)_$(1)_OBJECTS:.o=.d)
endef
# $(call test_programs,SOURCES,PREFIX,DIR,COMPILER,SANITIZERS,LIBS); PREFIXm is
# for the host's machine.
test_programs = $(foreach s,$(1),$(eval $(call test_program,$(basename $(notdir $(s))),$(s),$(2)$(if \
	$(call head,$(s),machine),m),$(3),$(4),$(5),$(6))))
$(call test_programs,$(UNIT_SOURCES),t,unit,$(CC),-fsanitize=address$(,)undefined,-lcmocka)

.PHONY: unit unit-build unit-mutants boot policy-test test

unit-build: $(UNIT_TESTS)

unit: unit-build ## run the unit tests, with sanitizers
	$(Q)tools/run-layer $(O) unit $(UNIT_TESTS)

unit-mutants: $(O)/unit/test_kernel ## show that the kernel's unit test notices each mutation
	$(Q)tools/unit-mutants $(O) '$(CC) $(UNIT_MACHINE_CFLAGS)' \
		$(call head,tests/unit/test_kernel.c,links)

# SEEDS=1000 FROM=1, or SEED=17, reach it as they are (docs/files.md).
.PHONY: power-cut
power-cut: $(O)/unit/test_power_cut ## cut the power under the file server, on the host; SEEDS= or SEED=
	$(Q)$<

# TESTS=NAME picks tests by name, as pytest's -k does.
policy-test: hosttools | setup-test ## run the tests of the policy compiler
	$(Q)tools/run-layer $(O) policy $(if $(TESTS),-k '$(TESTS)')

boot: all disk | setup-test setup-image setup-emulator ## run the boot tests in the emulator
	$(Q)tools/run-layer $(O) boot $(if $(TESTS),-k '$(TESTS)')

test: | setup-build setup-test setup-image setup-emulator ## run every layer and print one closing line
	$(Q)tools/run-tests $(O) '$(MAKE) --no-print-directory'
