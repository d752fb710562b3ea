# What the table of operations makes: the numbers, the stubs, the kernel's
# dispatch table and the manual.
#
#   <cordon/operations.h>  enum of the operations' numbers
#   <cordon/syscalls.h>    stubs for user mode
#   "dispatch.inc"         OPERATION(...) rows for the kernel

OPERATIONS := $(wildcard kernel/api/operations.yaml)
GEN        := $(O)/gen
GENERATED  := $(if $(OPERATIONS),$(GEN)/cordon/operations.h \
	$(GEN)/cordon/syscalls.h $(GEN)/dispatch.inc)

# $(call generate,FILE,OPTION)
define generate
$(1): $(OPERATIONS) tools/apigen.py | setup-build
	$$(call say,GEN,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(PYTHON) tools/apigen.py $(OPERATIONS) $(2) $$@
endef
$(eval $(call generate,$(GEN)/cordon/operations.h,--numbers))
$(eval $(call generate,$(GEN)/cordon/syscalls.h,--stubs))
$(eval $(call generate,$(GEN)/dispatch.inc,--dispatch))

.PHONY: docs docs-check
docs: | setup-build ## write docs/kernel-api.md anew from the table
	$(Q)$(PYTHON) tools/apigen.py $(OPERATIONS) --docs docs/kernel-api.md

docs-check: | setup-build ## check that docs/kernel-api.md agrees with the table
	$(Q)$(PYTHON) tools/apigen.py $(OPERATIONS) --check-docs docs/kernel-api.md
	@echo "  docs/kernel-api.md agrees with $(OPERATIONS)"
