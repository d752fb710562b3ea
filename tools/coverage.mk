# Coverage of kernel/ and iommu/: unit tests and fuzz targets that link a part
# of them, built by clang, and all that runs in the emulator (tools/coverage).

COVER_CFLAGS = $(TEST_CFLAGS) -w -fprofile-instr-generate -fcoverage-mapping
COVER_MACHINE_CFLAGS = $(HOST_MACHINE) $(COVER_CFLAGS) $(HOST_MACHINE_LAST)
# Those that include something of kernel/ or iommu/.
COVER_SOURCES := $(shell grep -lE '^ \* links:.* (kernel|iommu)/|^\#include "(kernel|iommu)/' \
	$(UNIT_SOURCES) $(FUZZ_SOURCES))
COVER_UNIT := $(filter $(UNIT_SOURCES),$(COVER_SOURCES))
COVER_FUZZ := $(filter $(FUZZ_SOURCES),$(COVER_SOURCES))
COVER_TESTS := $(patsubst tests/unit/%.c,$(O)/unit-cover/%,$(COVER_UNIT)) \
	$(patsubst tests/fuzz/%.c,$(O)/fuzz-reach/%,$(COVER_FUZZ))

$(eval $(call compile,c,,COVER_CFLAGS,$(CLANG),setup-test))
$(eval $(call compile,cm,,COVER_MACHINE_CFLAGS,$(CLANG),setup-test))
$(call test_programs,$(COVER_UNIT),c,unit-cover,$(CLANG),-fprofile-instr-generate,-lcmocka)

.PHONY: coverage coverage-report
coverage: all disk $(COVER_TESTS) | setup-test setup-image setup-emulator ## which lines of kernel/ and iommu/ the tests execute (TESTS= as for boot)
	$(Q)tools/coverage $(O) --make '$(MAKE) --no-print-directory' --keep --tests '$(TESTS)' $(COVER_TESTS)

coverage-report: all $(COVER_TESTS) | setup-test ## the same from what the last run in the emulator noted
	$(Q)tools/coverage $(O) --report-only $(COVER_TESTS)
