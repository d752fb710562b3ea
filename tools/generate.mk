# What the table of operations makes: the numbers, the stubs, the kernel's
# dispatch table and the manual.
#
#   <cordon/operations.h>  enum of the operations' numbers
#   <cordon/syscalls.h>    stubs for user mode
#   "dispatch.inc"         OPERATION(...) rows for the kernel
#   "errors.inc"           ERROR(...) rows for the tests

OPERATIONS := $(wildcard kernel/api/operations.yaml)
GEN        := $(O)/gen
GENERATED  := $(if $(OPERATIONS),$(GEN)/cordon/operations.h \
	$(GEN)/cordon/syscalls.h $(GEN)/dispatch.inc $(GEN)/errors.inc)

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
$(eval $(call generate,$(GEN)/errors.inc,--errors))

.PHONY: docs docs-check
docs: | setup-build ## write anew what is generated in docs/
	$(Q)$(PYTHON) tools/apigen.py $(OPERATIONS) --docs docs/kernel-api.md
	$(Q)$(PYTHON) tests/attack/report.py write docs/attacks.md

docs-check: | setup-build ## check that docs/ agrees with what it is generated from
	$(Q)$(PYTHON) tools/apigen.py $(OPERATIONS) --check-docs docs/kernel-api.md
	$(Q)$(PYTHON) tests/attack/report.py check docs/attacks.md
	@echo "  docs/attacks.md agrees with tests/attack"
	@echo "  docs/kernel-api.md agrees with $(OPERATIONS)"
