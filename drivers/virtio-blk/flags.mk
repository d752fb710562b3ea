# The block service is the NVMe driver's, behind another core.
virtio-blk_SERVICE := $(addprefix $(O)/u/drivers/nvme/,$(addsuffix .o,\
	client connect entry events service))
virtio-blk_LIBS := $(virtio-blk_SERVICE) $(VIRTIO)
$(O)/bin/virtio-blk: $(virtio-blk_SERVICE) $(VIRTIO)
