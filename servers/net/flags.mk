# Optimised as one program: lwIP is many small functions in many files.
net_CFLAGS := $(LWIP_CFLAGS) -flto -O3
net_LIBS   := -flto=auto -O3 $(LWIP_OBJECTS)
$(O)/bin/net: $(LWIP_OBJECTS)
