# Fuzzing: libFuzzer targets, clang only.  tests/fuzz/corpus/NAME is the kept
# corpus of a target, $(O)/fuzz/corpus-NAME what was found since.
#
#   make fuzz                          a minute for all together, corpus first
#   make fuzz-long FUZZ_SECONDS=600 [TARGET=fuzz_x] [SEED=7] [JOBS=1]
#   make fuzz-replay TARGET=fuzz_x INPUT=FILE
#   make fuzz-corpus [TARGET=fuzz_x]   keep, of all inputs, the fewest that reach as much
#   make fuzz-reach [TARGET=fuzz_x]    which part of the sources the corpus reaches

FUZZ_SECONDS ?= 600
SEED         ?= 1
TARGET       ?=
# So many at a time; all CPUs by default.
JOBS         ?=

FUZZ_CFLAGS = $(TEST_CFLAGS) -Wno-unknown-warning-option \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fsanitize-coverage-ignorelist=tests/fuzz/uncounted.txt
FUZZ_MACHINE_CFLAGS = $(HOST_MACHINE) $(FUZZ_CFLAGS) $(HOST_MACHINE_LAST)
REACH_CFLAGS = $(FUZZ_CFLAGS) -fprofile-instr-generate -fcoverage-mapping
REACH_MACHINE_CFLAGS = $(HOST_MACHINE) $(REACH_CFLAGS) $(HOST_MACHINE_LAST)

FUZZ_TESTS  := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(FUZZ_SOURCES))
FUZZ_CHOSEN := $(if $(TARGET),$(O)/fuzz/$(TARGET),$(FUZZ_TESTS))
REACH_TESTS := $(patsubst tests/fuzz/%.c,$(O)/fuzz-reach/%,$(FUZZ_SOURCES))
REACH_CHOSEN := $(if $(TARGET),$(O)/fuzz-reach/$(TARGET),$(REACH_TESTS))
FUZZ_JOBS    = $(if $(JOBS),--jobs $(JOBS))

$(eval $(call compile,f,,FUZZ_CFLAGS,$(CLANG),setup-test))
$(eval $(call compile,fm,,FUZZ_MACHINE_CFLAGS,$(CLANG),setup-test))
$(eval $(call compile,fc,,REACH_CFLAGS,$(CLANG),setup-test))
$(eval $(call compile,fcm,,REACH_MACHINE_CFLAGS,$(CLANG),setup-test))
$(call test_programs,$(FUZZ_SOURCES),f,fuzz,$(CLANG),-fsanitize=fuzzer$(,)address$(,)undefined)
$(call test_programs,$(FUZZ_SOURCES),fc,fuzz-reach,$(CLANG),-fsanitize=fuzzer$(,)address$(,)undefined -fprofile-instr-generate)

.PHONY: fuzz fuzz-build fuzz-long fuzz-replay fuzz-corpus fuzz-reach

fuzz-build: $(FUZZ_TESTS)

# Where two targets start from: the good policies, and what they compile to (as
# the target wants it: after a byte that says to mend the checksum).
SEED_POLICIES := $(sort $(wildcard policies/*.yaml tests/policy/good/*.yaml))
FUZZ_SEEDS    := $(patsubst %,$(O)/fuzz/seeds-fuzz_manifest/%,$(notdir $(SEED_POLICIES:.yaml=))) \
	$(patsubst %,$(O)/fuzz/seeds-fuzz_policy/%,$(notdir $(SEED_POLICIES)))
define policy_seed
$(O)/fuzz/seeds-fuzz_policy/$(notdir $(1)): $(1)
	$(Q)mkdir -p $$(@D) && cp $$< $$@
$(O)/fuzz/seeds-fuzz_manifest/$(notdir $(1:.yaml=)): $(1) $(POLICYC)
	$(Q)mkdir -p $$(@D) && $(POLICYC) -o $$@.new $$< && { printf '\0'; cat $$@.new; } > $$@ && rm $$@.new
endef
$(foreach p,$(SEED_POLICIES),$(eval $(call policy_seed,$(p))))

fuzz: fuzz-build $(FUZZ_SEEDS) ## run every fuzz target, a minute for all together
	$(Q)tools/run-fuzz $(O) --total 60 $(FUZZ_JOBS) --seed $(SEED) $(FUZZ_TESTS)

fuzz-long: $(FUZZ_CHOSEN) $(FUZZ_SEEDS) ## run fuzz targets for FUZZ_SECONDS (600) each: TARGET= SEED= JOBS=
	$(Q)tools/run-fuzz $(O) --seconds $(FUZZ_SECONDS) $(FUZZ_JOBS) --seed $(SEED) $(FUZZ_CHOSEN)

fuzz-replay: $(FUZZ_CHOSEN) ## run TARGET= on the file INPUT=
	$(Q)$(if $(and $(TARGET),$(INPUT)),,$(error fuzz-replay needs TARGET= and INPUT=))
	$(Q)$(O)/fuzz/$(TARGET) $(INPUT)

fuzz-corpus: $(FUZZ_CHOSEN) $(FUZZ_SEEDS) ## keep what was found: minimise it into tests/fuzz/corpus
	$(Q)tools/fuzz-corpus $(O) $(FUZZ_CHOSEN)

fuzz-reach: $(REACH_CHOSEN) $(FUZZ_SEEDS) | setup-test ## say which part of its sources each target's corpus reaches
	$(Q)tools/fuzz-reach $(O) $(REACH_CHOSEN)
