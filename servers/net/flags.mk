net_CFLAGS := $(LWIP_CFLAGS)
net_LIBS   := $(LWIP_OBJECTS)
$(O)/bin/net: $(LWIP_OBJECTS)
