# Programs for the host: the policy compiler.

HOST_INCLUDE := -I$(GEN) -Ikernel/include -Iboot/include -I. -idirafter libsys/include
HOST_CFLAGS   = -std=gnu11 -O2 -g $(WARNINGS) -D_GNU_SOURCE $(HOST_INCLUDE)

POLICYC         := $(O)/tools/policyc
# With it comes the reader that init uses: the compiler asks it last.
POLICYC_SOURCES := $(call sources,tools/policyc) \
	libsys/manifest.c libsys/manifest_check.c
POLICYC_OBJECTS := $(call objects,h,$(POLICYC_SOURCES))

.PHONY: hosttools policy-check policy-graph
ifeq ($(POLICYC_SOURCES),)
hosttools:
	@echo "  hosttools: tools/policyc has no sources"
else
hosttools: $(POLICYC) ## build the host's tools (policyc)
endif

$(eval $(call compile,h,tools/,HOST_CFLAGS,$(CC)))
$(eval $(call compile,h,libsys/,HOST_CFLAGS,$(CC)))

$(POLICYC): $(POLICYC_OBJECTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $(POLICYC_OBJECTS) -lyaml

POLICY      ?= policies/default.yaml
POLICY_NAME  = $(basename $(notdir $(POLICY)))

policy-check: $(POLICYC) ## check POLICY=FILE, every error with line and column
	$(Q)$(POLICYC) --check $(POLICY)

policy-graph: $(POLICYC) | setup-graph ## draw POLICY=FILE as SVG into the build directory
	$(Q)mkdir -p $(O)/policy
	$(Q)$(POLICYC) --dot $(POLICY) > $(O)/policy/$(POLICY_NAME).dot
	$(Q)dot -Tsvg -o $(O)/policy/$(POLICY_NAME).svg $(O)/policy/$(POLICY_NAME).dot
	@echo "  wrote   $(O)/policy/$(POLICY_NAME).svg"

-include $(POLICYC_OBJECTS:.o=.d)
