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
	$(Q)$(CC) $(USER_CFLAGS) $(LWIP_CFLAGS) -w -Werror=implicit-function-declaration \
		-MD -MP -c -o $@ $(LWIP)/src/$*.c

-include $(LWIP_OBJECTS:.o=.d)
