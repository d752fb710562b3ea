/*
 * Services: finding the one the policy granted, and offering one's own.
 *
 * A service is an Endpoint. Each protocol numbers its operations from 1, as
 * message labels, in its own header. The answer's label is 0 or an error of
 * the enum below, and words that the protocol says.
 */
#pragma once

#include <cordon/ipc.h>
#include <cordon/manifest.h>

enum service_error {
    SERVICE_OK = 0,
    SERVICE_BAD_REQUEST = 1,  /* message is not what the protocol says */
    SERVICE_UNKNOWN = 2,      /* no such operation */
    SERVICE_DENIED = 3,       /* the policy does not allow it */
    SERVICE_NOT_FOUND = 4,    /* no such file, device, handle */
    SERVICE_NO_MEMORY = 5,    /* the server has no memory or slots left */
    SERVICE_TOO_LARGE = 6,    /* beyond a bound of the protocol */
    SERVICE_BUSY = 7,         /* try again later */
    SERVICE_IO = 8,           /* the device failed */
    SERVICE_GONE = 9,         /* what it depends on has died */
    SERVICE_TIMEOUT = 10,     /* no answer in time */
    SERVICE_UNSUPPORTED = 11, /* known, but this server or device cannot */
    SERVICE_READ_ONLY = 12,
    SERVICE_EXISTS = 13,
    SERVICE_CORRUPT = 14,     /* data on the medium is damaged */
    SERVICE_QUARANTINED = 15, /* the device did not reset; see design */
    SERVICE_ERRORS = 16
};

/* A client's badge is its component's number plus one, and this bit if the
 * policy says `access: write`: it may change what the service keeps. */
#define SERVICE_BADGE_WRITE (1ull << 63)

/* A sentence for people; "unknown error" for a number beyond the list. */
const char *service_error_text(uint64_t error);

/* The errno that newlib's callers expect for it. */
int service_error_errno(uint64_t error);

/* The service_error that a status of message_call stands for. */
enum service_error service_error_of(uint64_t status);

/* The Endpoint of a used service by the name that the policy gives it (`as`),
 * or 0 if the policy grants none. */
cap_t service_find(const char *name);

/* The Endpoint of an offered service, to receive on, or 0. */
cap_t service_offered(const char *name);

/* Calls of libsys on the endpoint STARTUP_FAULT (init's), beside LABEL_FAULT of
 * the kernel; the badge says which component. */
enum lifecycle_label {
    LIFECYCLE_EXIT = 1,   /* word 0: the status given to exit(). No answer: the
                             sender waits to be destroyed */
    LIFECYCLE_READY = 2,  /* optional: the component's services work now */
    LIFECYCLE_LOG = 3,    /* text for people, see <cordon/log.h> */
    LIFECYCLE_CLIENT = 4, /* word 0: a badge. The answer: the bytes of a struct
                             service_client, see service_client() */
    LIFECYCLE_UNMAPPED = 5, /* words: address and bytes where lent memory was
                               mapped that is not any more */
};

/* Tells init that the component's services work (LIFECYCLE_READY). */
void service_ready(void);

/* A client as the policy describes it. */
struct service_client {
    char name[32];    /* the component's */
    bool write;       /* `access: write` */
    bool has_network; /* `network` was given; else what follows is 0 */
    uint32_t sockets; /* at once */
    bool names;       /* may have names resolved */
    uint64_t memory;  /* bytes of the server's for its sockets */
    uint32_t rule_count;
    struct manifest_network_rule rules[MANIFEST_NETWORK_RULES_MAX];
};

/*
 * Asks init who the sender of a request is: `badge` as it came with the
 * message. init answers only about a component that uses a service of the
 * asker's; if it uses several of them, `access` and `network` are those of the
 * first that has a network. Returns SERVICE_OK; SERVICE_DENIED: it uses none,
 * or there is no such component; SERVICE_BUSY: asked too often, try again; or
 * why init did not answer. The policy does not change while the system runs, so
 * one call per client is enough. Like every call, it overwrites the thread's
 * message page: take what the request says first.
 */
enum service_error service_client(uint64_t badge, struct service_client *out);

/*
 * The loop of a server. `handle` reads the request from *m and builds the
 * answer in it: message_begin(m, SERVICE_OK); message_put(m, ...). It may
 * answer later instead: service_defer. Capabilities nobody took are deleted.
 */
struct service {
    cap_t endpoint;
    void (*handle)(struct service *s, struct message *m);
    /* Events of the notification bound to this thread; may be NULL. */
    void (*events)(struct service *s, uint64_t bits);
    void *state; /* the server's own */

    cap_t signal;  /* Notification to signal when the loop waits again; 0: none.
                      Cheaper than to signal and then to wait */
    cap_t reply;   /* the loop's, see service_defer */
    bool deferred; /* the request in hand is answered later */
};

/* Serves until receiving fails for good; returns that status. */
uint64_t service_run(struct service *s);

/* Like service_run, but returns OK as soon as `*stop` is true. */
uint64_t service_run_until(struct service *s, const volatile bool *stop);

/* In handle(): the request will be answered later. Returns the Reply to give
 * to service_answer, or 0 if there is no memory for another one (then answer
 * at once). */
cap_t service_defer(struct service *s);

/* Answers a deferred request and gives its Reply back to the loop. */
uint64_t service_answer(cap_t reply, struct message *m);
