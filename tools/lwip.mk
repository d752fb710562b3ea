# lwIP, the TCP/IP stack: unpacked once into the cache, compiled here, since its
# options are ours (servers/net/lwip/lwipopts.h) and a change of them is a change
# of every file of it.

LWIP_FILES := $(addprefix core/,def dns inet_chksum init ip mem memp netif pbuf \
	raw stats sys tcp tcp_in tcp_out timeouts udp) \
	$(addprefix core/ipv4/,dhcp etharp icmp igmp ip4 ip4_addr ip4_frag) \
	$(addprefix core/ipv6/,ethip6 icmp6 inet6 ip6 ip6_addr ip6_frag mld6 nd6) \
	netif/ethernet
LWIP_OBJECTS := $(patsubst %,$(O)/lwip/%.o,$(LWIP_FILES))

# Its warnings are not ours to mend, but a function that does not exist is.
$(LWIP_OBJECTS): $(O)/lwip/%.o: $(O)/flags | $(LWIP_STAMP) $(NEWLIB_STAMP) $(GENERATED)
	$(call say,CC,lwip/$*.c)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) $(LWIP_CFLAGS) -flto -O3 -w -Werror=implicit-function-declaration \
		-MD -MP -c -o $@ $(LWIP)/src/$*.c

-include $(LWIP_OBJECTS:.o=.d)

# lwIP's own tests, on the host: all of it once more, with the sanitizers, our
# heap and checksum, and tests/lwip/lwipopts.h instead of ours.
LWIP_CHECK        := $(O)/unit/lwip
LWIP_CHECK_FILES  := $(addprefix src/,$(LWIP_FILES) core/ipv4/acd) $(addprefix test/unit/,\
	ip4/test_ip4 ip6/test_ip6 udp/test_udp tcp/test_tcp tcp/test_tcp_oos \
	tcp/test_tcp_state tcp/tcp_helper core/test_def core/test_dns \
	core/test_netif core/test_pbuf core/test_timers etharp/test_etharp \
	dhcp/test_dhcp)
LWIP_CHECK_OURS   := tests/lwip/main.c servers/net/heap.c servers/net/checksum.c
LWIP_CHECK_CFLAGS  = -std=gnu11 -O1 -g -w -Werror=implicit-function-declaration \
	-D_GNU_SOURCE -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize=alignment,shift,pointer-overflow -fno-sanitize-recover=all \
	-Itests/lwip -Iservers/net/lwip -I. -I$(LWIP)/src/include -I$(LWIP)/test/unit
LWIP_CHECK_OBJECTS := $(patsubst %,$(O)/lwip-check/%.o,\
	$(LWIP_CHECK_FILES) $(basename $(LWIP_CHECK_OURS)))

$(patsubst %,$(O)/lwip-check/%.o,$(LWIP_CHECK_FILES)): \
		$(O)/lwip-check/%.o: tests/lwip/lwipopts.h $(O)/flags | $(LWIP_STAMP) setup-test
	$(call say,CC,lwip/$*.c)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LWIP_CHECK_CFLAGS) -MD -MP -c -o $@ $(LWIP)/$*.c
$(patsubst %.c,$(O)/lwip-check/%.o,$(LWIP_CHECK_OURS)): \
		$(O)/lwip-check/%.o: %.c $(O)/flags | $(LWIP_STAMP) setup-test
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LWIP_CHECK_CFLAGS) -MD -MP -c -o $@ $<
$(LWIP_CHECK): $(LWIP_CHECK_OBJECTS)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $(LWIP_CHECK_OBJECTS) \
		$$(pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lm -lrt)

.PHONY: lwip-check
lwip-check: $(LWIP_CHECK) ## run lwIP's own tests with our options
	$(Q)$(LWIP_CHECK)

-include $(LWIP_CHECK_OBJECTS:.o=.d)

# For tests on the host that link lwIP as it runs in the server: theirs is the
# line `libs: $(LWIP_HOST)`. $(call lwip_host,PREFIX,COMPILER,FLAGS,PROGRAMS)
LWIP_HOST_CFLAGS = -std=gnu11 -O1 -g -w -D_GNU_SOURCE -fno-omit-frame-pointer \
	$(HOST_INCLUDE) $(LWIP_CFLAGS)
define lwip_host
$(patsubst %,$(O)/$(1)/lwip/%.o,$(LWIP_FILES)): \
		$(O)/$(1)/lwip/%.o: servers/net/lwip/lwipopts.h $(O)/flags | $(LWIP_STAMP) setup-test $(GENERATED)
	$$(call say,CC,lwip/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$(2) $$(LWIP_HOST_CFLAGS) $(3) -fno-sanitize=alignment,shift,pointer-overflow \
		-fno-sanitize-recover=all -MD -MP -c -o $$@ $(LWIP)/src/$$*.c
$(O)/$(1)/liblwip.a: $(patsubst %,$(O)/$(1)/lwip/%.o,$(LWIP_FILES))
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && $(AR) rcsD $$@ $$^
$(4): $(O)/$(1)/liblwip.a
$(4): private LWIP_HOST = $(O)/$(1)/liblwip.a
$(O)/$(1)/servers/net/%.o $(O)/$(1)/tests/%.o: private TEST_CFLAGS += $(LWIP_CFLAGS)
-include $(patsubst %,$(O)/$(1)/lwip/%.d,$(LWIP_FILES))
endef
$(eval $(call lwip_host,t,$$(CC),-fsanitize=address$(,)undefined,$(addprefix $(O)/unit/test_net_,tcp rights lies datagrams card)))
$(eval $(call lwip_host,f,$$(CLANG),-fsanitize=fuzzer-no-link$(,)address$(,)undefined,$(O)/fuzz/fuzz_net_server $(O)/fuzz/fuzz_net_frames))
$(eval $(call lwip_host,fc,$$(CLANG),-fsanitize=fuzzer-no-link$(,)address$(,)undefined,$(O)/fuzz-reach/fuzz_net_server $(O)/fuzz-reach/fuzz_net_frames))
