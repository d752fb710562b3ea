# The test layers.  `make test` runs all of them and ends with one line.
#
# A unit test is tests/unit/test_X.c, a fuzz target tests/fuzz/fuzz_X.c.  The
# line `links: kernel/a.c iommu/b.c` in its head comment names the sources of
# the project that it is linked with; `flags: -DX` and `libs: -lX` add options.

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60

# Words such as `tests/unit/test_a.c|links|kernel/a.c`, read in one go.
TEST_HEADS := $(if $(UNIT_SOURCES)$(FUZZ_SOURCES),$(shell awk \
	'FNR <= 40 && match($$0, /(links|flags|libs):/) { \
		k = substr($$0, RSTART, RLENGTH - 1); \
		n = split(substr($$0, RSTART + RLENGTH), w, " "); \
		for (i = 1; i <= n; i++) if (w[i] != "*/") print FILENAME "|" k "|" w[i] }' \
	$(UNIT_SOURCES) $(FUZZ_SOURCES)))
# $(call head,FILE,KEY)
head = $(patsubst $(1)|$(2)|%,%,$(filter $(1)|$(2)|%,$(TEST_HEADS)))

TEST_CFLAGS = -std=gnu11 -O1 -g $(WARNINGS) -Wno-missing-prototypes \
	-D_GNU_SOURCE -fno-omit-frame-pointer $(HOST_INCLUDE) $(DEFINES)
UNIT_CFLAGS = $(TEST_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS = $(TEST_CFLAGS) -Wno-unknown-warning-option \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(UNIT_SOURCES))
FUZZ_TESTS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(FUZZ_SOURCES))

$(eval $(call compile,t,,UNIT_CFLAGS,$(CC),setup-test))
$(eval $(call compile,f,,FUZZ_CFLAGS,$(CLANG),setup-test))

# $(call test_program,NAME,SOURCE,PREFIX,DIR,COMPILER,SANITIZERS,LIBS)
define test_program
$(1)_OBJECTS := $$(call objects,$(3),$(2) $(call head,$(2),links))
$(O)/$(4)/$(1): $$($(1)_OBJECTS)
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(5) $(6) -o $$@ $$($(1)_OBJECTS) $(7) $(call head,$(2),libs)
$(if $(call head,$(2),flags),$(O)/$(3)/$(basename $(2)).o: private TEST_CFLAGS += $(call head,$(2),flags))
-include $$($(1)_OBJECTS:.o=.d)
endef
$(foreach s,$(UNIT_SOURCES),$(eval $(call test_program,$(basename $(notdir $(s))),$(s),t,unit,\
	$(CC),-fsanitize=address$(,)undefined,-lcmocka)))
$(foreach s,$(FUZZ_SOURCES),$(eval $(call test_program,$(basename $(notdir $(s))),$(s),f,fuzz,\
	$(CLANG),-fsanitize=fuzzer$(,)address$(,)undefined,)))

.PHONY: unit unit-build fuzz fuzz-build boot policy-test test

unit-build: $(UNIT_TESTS)
fuzz-build: $(FUZZ_TESTS)

unit: unit-build ## run the unit tests, with sanitizers
	$(Q)tools/run-layer $(O) unit $(UNIT_TESTS)

fuzz: fuzz-build ## run each fuzz target for FUZZ_SECONDS (60)
	$(Q)tools/run-layer $(O) fuzz -seconds $(FUZZ_SECONDS) $(FUZZ_TESTS)

# TESTS=NAME picks tests by name, as pytest's -k does.
policy-test: hosttools | setup-test ## run the tests of the policy compiler
	$(Q)tools/run-layer $(O) policy $(if $(TESTS),-k '$(TESTS)')

boot: all disk | setup-test setup-image setup-emulator ## run the boot tests in the emulator
	$(Q)tools/run-layer $(O) boot $(if $(TESTS),-k '$(TESTS)')

test: | setup-build setup-test setup-image setup-emulator ## run every layer and print one closing line
	$(Q)tools/run-tests $(O) '$(MAKE) --no-print-directory'
