# The attacks, and the mutants that some are tried on: builds that leave a part
# of the defence out. A mutation lives where its `#ifndef MUTATION_name` stands,
# so only those files are compiled anew; the rest is the ordinary build's.
#
#   $(O)/mutations/NAME/kernel.elf     if a file of the kernel has the guard
#   $(O)/mutations/NAME/bin/PROGRAM    if one of servers/PROGRAM has

.PHONY: attack mutations

# Words such as `iommu/vtd/domain.c|skip_iotlb_flush`.
MUTATED := $(sort $(subst :MUTATION_,|,$(shell grep -roE 'MUTATION_[a-z0-9_]+' \
	--include=*.c $(KERNEL_DIRS) $(BOOT_DIRS) servers)))
MUTATION_NAMES := $(sort $(foreach w,$(MUTATED),$(lastword $(subst |, ,$(w)))))
# $(call mutated,NAME): the files that have its guard.
mutated = $(patsubst %|$(1),%,$(filter %|$(1),$(MUTATED)))
# $(call mutate,NAME,PREFIX,OBJECTS): these, with the mutated files' in place.
mutate = $(foreach o,$(3),$(if $(filter $(o),$(call objects,$(2),$(call mutated,$(1)))),\
	$(o:$(O)/%=$(O)/mutations/$(1)/%),$(o)))

# $(call mutant,NAME)
define mutant
mutant_$(1)_KERNEL_CFLAGS = $$(KERNEL_CFLAGS) -DMUTATION_$(1) -Wno-unused -Wno-unused-parameter
mutant_$(1)_USER_CFLAGS = $$(USER_CFLAGS) -DMUTATION_$(1) -Wno-unused -Wno-unused-parameter
$$(eval $$(call compile,mutations/$(1)/k,,mutant_$(1)_KERNEL_CFLAGS,$(CC)))
$$(eval $$(call compile,mutations/$(1)/u,,mutant_$(1)_USER_CFLAGS,$(CC),$(NEWLIB_STAMP)))
ifneq ($(filter $(KERNEL_SOURCES),$(call mutated,$(1))),)
$(1)_MUTANTS += $(O)/mutations/$(1)/kernel.elf
$(1)_MUTANT_KERNEL := $(call mutate,$(1),k,$(KERNEL_OBJECTS))
endif
$$(foreach d,$$(filter $$(PROGRAM_DIRS),$$(patsubst %/,%,$$(dir $(call mutated,$(1))))),\
	$$(eval $$(call mutant_program,$(1),$$(notdir $$(d)))))
$(O)/mutations/$(1)/kernel.elf: $$($(1)_MUTANT_KERNEL) $(KERNEL_SCRIPT)
	$$(call say,LD,$$@)
	$(Q)$(CC) $$(KERNEL_LDFLAGS) -o $$@ $$($(1)_MUTANT_KERNEL)
-include $(patsubst %.c,$(O)/mutations/$(1)/k/%.d,$(call mutated,$(1)))
-include $(patsubst %.c,$(O)/mutations/$(1)/u/%.d,$(call mutated,$(1)))
endef

# $(call mutant_program,NAME,PROGRAM)
define mutant_program
$(1)_MUTANTS += $(O)/mutations/$(1)/bin/$(2)
$(1)_$(2)_OBJECTS := $$(call mutate,$(1),u,$$($(2)_OBJECTS))
$(O)/mutations/$(1)/u/servers/$(2)/%.o: mutant_$(1)_USER_CFLAGS += $$($(2)_CFLAGS)
$(O)/mutations/$(1)/bin/$(2): $$($(1)_$(2)_OBJECTS) $(LIBSYS_CRT0) $(LIBSYS) \
		$$(filter %.o,$$($(2)_LIBS))
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $$(USER_LDFLAGS) -o $$@ $(LIBSYS_CRT0) $$($(1)_$(2)_OBJECTS) \
		-Wl,--start-group $$($(2)_LIBS) $(LIBSYS) $(NEWLIB)/lib/libc.a \
		$(NEWLIB)/lib/libm.a -lgcc -Wl,--end-group
endef
$(foreach m,$(MUTATION_NAMES),$(eval $(call mutant,$(m))))
$(O)/mutations/%/k/kernel/fastpath.o: private KERNEL_CFLAGS += $(FASTPATH_CFLAGS)

# The plugin that counts guest instructions, as a witness.
$(O)/mutations/count.so: tests/bench/count.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -shared -fPIC -o $@ $<

mutations: $(foreach m,$(MUTATION_NAMES),$($(m)_MUTANTS)) ## build what the attacks' mutations leave out

attack: all disk mutations $(O)/mutations/count.so | setup-test setup-image setup-emulator ## run the attacks in the emulator
	$(Q)tools/run-layer $(O) attack $(if $(TESTS),-k '$(TESTS)')
