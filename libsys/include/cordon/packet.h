/*
 * Packet service: send and receive Ethernet frames through a caged network
 * driver, or through a switch that speaks the same protocol. Zero copy: the
 * client owns every buffer. It lends its memory in pools, which stay mapped in
 * the device's Domain for as long as they are lent, so a packet costs neither
 * a map nor a flush, and the driver never sees what is in it.
 *
 *   packet_open("packet", NULL, &dev);
 *   packet_pool_lend(dev, 512 * PACKET_BUFFER_BYTES, &pool);
 *   packet_post(dev, 0, buffers, 256);         buffers to receive into
 *   n = packet_receive(dev, 0, arrivals, 64);  what came, oldest first
 *   packet_send(dev, 0, sends, m); packet_kick(dev);
 *   done = packet_sent(dev, 0);                so many entries are ours again
 *   packet_wait(dev, false, deadline);
 *
 * Everything on a queue ends in the order in which it was handed over, so a
 * driver cannot name a buffer at all: it says "the oldest one has 60 bytes",
 * or "three more entries were sent". What else it says is checked here.
 *
 * First part: what a client uses (libsys/packet_client.c). Second part: the
 * protocol, for those who serve it (<cordon/packet_server.h>).
 *
 * One thread at a time may use a struct packet_device.
 */
#pragma once

#include <cordon/memory.h>

/* Status of a call; packet_error_text() says it for people. */
enum packet_status {
    PACKET_OK = 0,
    PACKET_E_REQUEST = 1,     /* malformed call */
    PACKET_E_LIMIT = 2,       /* too many clients, pools, queues, addresses */
    PACKET_E_MEMORY = 3,      /* out of memory, here or in the driver */
    PACKET_E_BUSY = 4,        /* another client has the device */
    PACKET_E_DEVICE = 5,      /* the device does not work; see the log */
    PACKET_E_GONE = 6,        /* the driver has gone */
    PACKET_E_SERVICE = 7,     /* no such service, or it is not this one */
    PACKET_E_UNSUPPORTED = 8, /* the device cannot */
    PACKET_E_CORRUPT = 9,     /* the other side broke the rings: given up */
    PACKET_E_DENIED = 10,     /* the policy does not allow it */
    PACKET_STATUSES = 11
};

#define PACKET_RING_ENTRIES 512u /* buffers posted, or entries being sent */
#define PACKET_BUFFER_BYTES                                                    \
    2048u /* the device may write so much from offset                          \
           */
#define PACKET_MAX_QUEUES    8u
#define PACKET_MAX_POOLS     8u
#define PACKET_POOL_MAX      (64ul << 20)
#define PACKET_MAX_SEGMENTS  32u   /* entries of one packet */
#define PACKET_FRAME_MIN     14u   /* shorter is not sent; below 60 is padded */
#define PACKET_FRAME_MAX     1518u /* with a VLAN tag, without FCS */
#define PACKET_TSO_MAX       65535u /* bytes of a packet to be segmented */
#define PACKET_MSS_MIN       64u
#define PACKET_MAX_MULTICAST 64u

enum packet_feature {
    PACKET_CAN_CHECKSUM_SEND = 1,    /* TCP and UDP over IPv4 and IPv6 */
    PACKET_CAN_CHECKSUM_RECEIVE = 2, /* arrivals say what was checked */
    PACKET_CAN_TSO4 = 4,             /* TCP segmentation over IPv4 */
    PACKET_CAN_TSO6 = 8,             /* ... over IPv6 */
    PACKET_CAN_HASH = 16,            /* RSS: flows spread over the queues */
    PACKET_CAN_CHECKSUM_IP = 32,     /* the IPv4 header's, when sending */
    PACKET_WANTS_PAGES = 64,         /* takes pools in Frames of 4 KiB only */
};

/* The device, as its driver describes it. */
struct packet_info {
    uint8_t mac[6];
    uint16_t mtu;      /* bytes after the Ethernet header: 1500 */
    uint32_t queues;   /* queue pairs, 1 to PACKET_MAX_QUEUES */
    uint32_t features; /* enum packet_feature */
    char name[32];     /* of device and driver, NUL-terminated */
};

struct packet_link {
    bool up, full_duplex;
    uint32_t mbps; /* 0: not known */
};

/* Counts since the driver started. Packets unless said otherwise. */
struct packet_statistics {
    uint64_t received, received_bytes;
    uint64_t sent, sent_bytes;
    uint64_t received_broadcast, received_multicast;
    uint64_t missed;  /* came when there was no buffer */
    uint64_t damaged; /* bad FCS, length or symbol: dropped by the device */
    uint64_t refused; /* the client's entries that were not allowed */
    uint64_t lied;    /* of the device: descriptors that could not be true */
    uint64_t faults;  /* DMAs that the IOMMU blocked */
    uint64_t resets;  /* of the device, since it hung or a client left */
};

enum packet_filter {
    PACKET_FILTER_PROMISCUOUS = 1,   /* every frame on the wire */
    PACKET_FILTER_ALL_MULTICAST = 2, /* every multicast frame */
};

/* Memory lent to the device. `data` is mapped in the client, page aligned. */
struct packet_pool {
    void *data;
    size_t bytes; /* a multiple of 4 KiB */
    uint32_t id;  /* 0 to PACKET_MAX_POOLS - 1 */
};

/*
 * A buffer to receive into: PACKET_BUFFER_BYTES from `offset` in the pool, all
 * of which the device may write to at any time until it comes back. As the
 * Ethernet header has 14 bytes, an offset of 2 mod 4 aligns what follows.
 */
struct packet_buffer {
    uint32_t offset;
    uint16_t pool;
    uint16_t reserved; /* 0 */
};
_Static_assert(sizeof(struct packet_buffer) == 8, "as the ring has it");

enum packet_arrival_flags {
    PACKET_IP_GOOD = 1,  /* the IPv4 header's checksum is right */
    PACKET_IP_BAD = 2,   /* ... is wrong */
    PACKET_L4_GOOD = 4,  /* the TCP or UDP checksum is right */
    PACKET_L4_BAD = 8,   /* ... is wrong */
    PACKET_HASHED = 16,  /* `hash` is the flow's RSS hash */
    PACKET_NOTHING = 32, /* nothing came: the buffer is given back; bytes 0 */
    PACKET_ARRIVAL_FLAGS = 63,
};

/* A frame that came, without its FCS, or a buffer given back. The frame is in
 * memory that the device can still reach: do not check it twice, a hostile
 * device may change it in between. */
struct packet_arrival {
    struct packet_buffer buffer; /* the one posted longest ago */
    uint16_t bytes;              /* PACKET_FRAME_MIN to PACKET_BUFFER_BYTES */
    uint16_t flags;              /* enum packet_arrival_flags */
    uint32_t hash;
};

enum packet_send_flags {
    PACKET_MORE = 1,     /* the packet goes on in the next entry */
    PACKET_SUM_IP = 2,   /* fill in the IPv4 header checksum */
    PACKET_SUM_TCP = 4,  /* fill in the TCP checksum, or */
    PACKET_SUM_UDP = 8,  /* the UDP checksum */
    PACKET_SEGMENT = 16, /* cut TCP data into segments of `mss` bytes */
    PACKET_IPV6 = 32,    /* with SUM_TCP, SUM_UDP, SEGMENT: it is IPv6 */
    PACKET_SEND_FLAGS = 63,
};

/*
 * A piece of a packet to send; the first one says what to do with the packet:
 *
 *  SUM_TCP, SUM_UDP  l2_bytes and l3_bytes are the headers' lengths, and the
 *        checksum field holds the sum of the pseudo-header (RFC 9293, 3.1),
 *        not inverted, with the length of header and data.
 *  SUM_IP   the checksum field is 0.
 *  SEGMENT  needs SUM_TCP, and SUM_IP if it is IPv4; l4_bytes is the length of
 *        the TCP header, IPv4's total length or IPv6's payload length is 0, and
 *        the pseudo-header's sum leaves the length out. All headers are in
 *        the first entry.
 *
 * The memory must not change until packet_sent() has counted the entry.
 */
struct packet_send {
    uint32_t offset;
    uint16_t bytes; /* of this piece, 1 to 65535 */
    uint8_t pool;
    uint8_t flags;     /* enum packet_send_flags; PACKET_MORE in each but the
                          last, the others in the first alone */
    uint8_t l2_bytes;  /* Ethernet header, 14, or 18 with a VLAN tag */
    uint8_t l3_bytes;  /* IP header with options or extension headers */
    uint8_t l4_bytes;  /* TCP header */
    uint8_t reserved0; /* 0 */
    uint16_t mss;      /* PACKET_MSS_MIN to what the MTU leaves */
    uint16_t reserved1;
};
_Static_assert(sizeof(struct packet_send) == 16, "as the ring has it");

struct packet_device; /* an open device */

/* What packet_open may be told; all zero (or NULL) are the defaults. */
struct packet_options {
    uint32_t queues; /* to use, if the device has so many; 0: one */
    /* A Notification of the caller's, with the badge that it wants to hear; it
     * is signalled when something came, was sent, or the link changed. 0: the
     * device has its own, for packet_wait(). */
    cap_t wake;
};

/*
 * Opens the service that the policy calls `service`. Waits up to 10 s for the
 * driver. PACKET_OK and *out, or a status.
 */
int packet_open(const char *service, const struct packet_options *options,
                struct packet_device **out);

/* Takes every pool back and disconnects: when it returns, the device cannot
 * reach them (R4). */
void packet_close(struct packet_device *dev);

/* Never fails; valid until packet_close(). */
const struct packet_info *packet_info(const struct packet_device *dev);

/* How many queues are in use: they are numbered from 0. */
uint32_t packet_queues(const struct packet_device *dev);

/*
 * Allocates `bytes` (rounded up to whole Frames, see memory_alloc) and lends
 * it, until packet_close(). packet_pool_share() lends memory that the caller
 * has mapped already, with these rights (RIGHT_READ alone: to send from only);
 * it stays the caller's. PACKET_E_MEMORY, PACKET_E_LIMIT; PACKET_E_UNSUPPORTED:
 * large Frames, which PACKET_WANTS_PAGES excludes.
 */
int packet_pool_lend(struct packet_device *dev, size_t bytes,
                     struct packet_pool *pool);
int packet_pool_share(struct packet_device *dev, const struct memory *memory,
                      unsigned rights, struct packet_pool *pool);

/* Hands over buffers to receive into; returns how many there was room for. The
 * driver may see them only after packet_kick(). */
unsigned packet_post(struct packet_device *dev, unsigned queue,
                     const struct packet_buffer *buffers, unsigned count);

/* Takes up to `max` frames that came, and never waits. */
unsigned packet_receive(struct packet_device *dev, unsigned queue,
                        struct packet_arrival *arrivals, unsigned max);

/*
 * Hands over entries to send: as many whole packets as there is room for.
 * Returns the entries taken. A packet that is not as described above is not
 * sent, counted in the statistics (`refused`), and comes back like any other.
 * The driver may see them only after packet_kick().
 */
unsigned packet_send(struct packet_device *dev, unsigned queue,
                     const struct packet_send *entries, unsigned count);

/* How many entries have been sent (or given up) since the last call: the
 * oldest ones, whose memory is the caller's again. */
unsigned packet_sent(struct packet_device *dev, unsigned queue);

/* Entries handed over that packet_sent() has not counted, and room for more. */
unsigned packet_unsent(const struct packet_device *dev, unsigned queue);
unsigned packet_room(struct packet_device *dev, unsigned queue);

/* Shows the driver what was handed over and wakes it if it sleeps: once for a
 * batch, all queues. */
void packet_kick(struct packet_device *dev);

/*
 * Waits until there is something or the deadline (0 polls). True: look at the
 * queues and the link. Something is: frames; room to send where there was none;
 * with `sent` any entry that was sent; a change of the link. Makes sure about
 * once a second that the driver lives, so call it again after a timeout.
 */
bool packet_wait(struct packet_device *dev, bool sent, uint64_t deadline);

/*
 * For a caller that waits elsewhere (with packet_options.wake): packet_sleep()
 * asks to be signalled; false means there is something to do already, do not
 * wait. packet_awake() after waking. packet_check() about once a second sees
 * whether the driver still lives: if it died, the connection is made anew,
 * pools are lent and buffers posted again, what was being sent counts as sent.
 * False: it is gone for good.
 */
bool packet_sleep(struct packet_device *dev, bool sent);
void packet_awake(struct packet_device *dev);
bool packet_check(struct packet_device *dev);

/* PACKET_OK, or why nothing works any more (E_GONE, E_CORRUPT). */
int packet_state(const struct packet_device *dev);

/* The state of the link as the driver last said; no call. */
struct packet_link packet_link(const struct packet_device *dev);

/* Calls to the driver; they return an enum packet_status. */
int packet_statistics(struct packet_device *dev, struct packet_statistics *out);

/* What to receive beside broadcasts and the device's own address: flags of enum
 * packet_filter and these multicast addresses (at most PACKET_MAX_MULTICAST). A
 * device that cannot tell so many apart lets more pass. */
int packet_filter(struct packet_device *dev, uint32_t flags,
                  const uint8_t (*multicast)[6], unsigned count);

/* One line for people, without a newline; never NULL. */
const char *packet_error_text(int status);

/*
 * ---- The protocol --------------------------------------------------------
 *
 * Calls on the service's endpoint; the badge names the client. Replies carry
 * an enum packet_status as their label.
 *
 *  INFO    in: PACKET_PROTOCOL. out: struct packet_info as bytes.
 *  RINGS   as <cordon/share.h> says, id = queue: PACKET_RING_FRAMES Frames of
 *          4 KiB, writable. The driver zeroes them and lays struct
 *          packet_shared over them. The first one begins a new connection: the
 *          old one with all its pools is gone. PACKET_E_BUSY: somebody else is
 *          connected.
 *  OPEN    in: number of queues, whose RINGS have come; cap: a Notification
 *          that the driver signals. out: cap: the Notification that the client
 *          signals. From here on frames flow.
 *  LEND    as <cordon/share.h> says, id = pool. Frames that are not writable
 *          can only be sent from.
 *  CLOSE   ends the connection: the device is kept from all pools, confirmed.
 *  STATISTICS  out: struct packet_statistics as bytes.
 *  FILTER  in: enum packet_filter, then the addresses as bytes, 6 each.
 *
 * Queue n has three rings (<cordon/ring.h>):
 *  posts     client to driver, struct packet_buffer. The driver gives the place
 *            back when it has taken the entry. Not more than
 *            PACKET_RING_ENTRIES are posted without an arrival.
 *  arrivals  driver to client, struct packet_shared_arrival; the n-th is about
 *            the n-th post.
 *  sends     client to driver, struct packet_send. Giving the place back says
 *            that it was sent.
 */
#define PACKET_PROTOCOL 1u

enum packet_call {
    PACKET_CALL_INFO = 1,
    PACKET_CALL_RINGS = 2,
    PACKET_CALL_OPEN = 3,
    PACKET_CALL_LEND = 4,
    PACKET_CALL_CLOSE = 5,
    PACKET_CALL_STATISTICS = 6,
    PACKET_CALL_FILTER = 7,
};

struct packet_shared_arrival {
    uint16_t bytes;
    uint16_t flags;
    uint32_t hash;
};
_Static_assert(sizeof(struct packet_shared_arrival) == 8, "");

/* struct packet_shared.link: written by the driver, which signals the client
 * when it changes, asleep or not. Queue 0's counts. */
#define PACKET_LINK_UP   0x80000000u
#define PACKET_LINK_FULL 0x40000000u
#define PACKET_LINK_MBPS 0x00ffffffu

#define PACKET_RING_HEAD 128u /* sizeof(struct ring_shared) */

struct packet_shared {
    uint32_t link;
    _Alignas(64) uint8_t posts[PACKET_RING_HEAD + 8 * PACKET_RING_ENTRIES];
    _Alignas(64) uint8_t arrivals[PACKET_RING_HEAD + 8 * PACKET_RING_ENTRIES];
    _Alignas(64) uint8_t sends[PACKET_RING_HEAD + 16 * PACKET_RING_ENTRIES];
};
#define PACKET_RING_FRAMES 5u
_Static_assert(sizeof(struct packet_shared) <= PACKET_RING_FRAMES * PAGE_SIZE,
               "fits");
