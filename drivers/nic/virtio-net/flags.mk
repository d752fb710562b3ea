# What all virtio drivers share.
virtio-net_LIBS := $(VIRTIO)
$(O)/bin/virtio-net: $(VIRTIO)
