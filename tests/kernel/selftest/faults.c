/*
 * Faults are messages (R6): decoded, to the handler that the thread was
 * configured with; its answer says whether the thread runs on. Both ways of
 * sending one are taken: with the handler waiting, and before it does.
 */
#include "selftest.h"

#define AT 0x68000000ul
#define MS 1000000ul

static volatile uint64_t seen, kept;

/* Reads where nothing is mapped, with all registers in use. */
static void reader(void)
{
    uint64_t value, marker;

    __asm__ volatile("mov $0x1234567890abcdef, %%r15\n\t"
                     "mov (%2), %0\n\t"
                     "mov %%r15, %1"
                     : "=&r"(value), "=r"(marker)
                     : "r"(AT)
                     : "r15", "memory");
    kept = marker;
    seen = value + 1;
    __asm__ volatile("ud2");
}

static struct result take_fault(void)
{
    return send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0, REPLY,
                        now() + 10000 * MS);
}

static struct result answer_and_take(enum fault_reply answer)
{
    return send_message(OP_REPLY_RECEIVE, ENDPOINT, TAG(answer, 0, 0), 0, 0,
                        REPLY, now() + 10000 * MS);
}

static void check_page_fault(struct result r)
{
    check("received", r.status, OK);
    check("label", TAG_LABEL(r.r[0]), LABEL_FAULT);
    check("words", TAG_WORDS(r.r[0]), FAULT_WORDS);
    check("kind", r.r[1 + FAULT_KIND], FAULT_PAGE);
    check("address", r.r[1 + FAULT_ADDRESS], AT);
    check("code: user, read, not present", r.r[1 + FAULT_CODE] & 0xff, 4);
    check("its vector", r.r[1 + FAULT_CODE] >> 32, 14);
}

static void test_resume(unsigned priority)
{
    struct result r;

    seen = kept = 0;
    worker_start(1, reader, priority, 0);
    check_page_fault(take_fault());
    check("map what was missing",
          space_map(SLOT_SPACE, SPARE, 1, AT, MAP_READ).status, OK);
    r = answer_and_take(FAULT_RESUME);
    check("the read was done", seen, 1);
    check("no register was lost", kept, 0x1234567890abcdef);
    check("second fault", r.r[1 + FAULT_KIND], FAULT_EXCEPTION);
    check("invalid opcode", r.r[1 + FAULT_CODE] >> 32, 6);
    check("stop it",
          send_message(OP_REPLY_SEND, REPLY, TAG(FAULT_STOP, 0, 0), 0, 0, 0, 0)
              .status,
          OK);
    check("it is stopped", thread_read(worker_thread(1)).r[0], 0);
    check("unmap", space_unmap(SLOT_SPACE, SPARE, 1).status, OK);
    worker_end(1);
}

/* Without a handler a thread that faults stops. */
static void test_no_handler(void)
{
    worker_faults_to = 0;
    worker_start(1, reader, 251, 0);
    check("it is stopped", thread_read(worker_thread(1)).r[0], 0);
    worker_end(1);
}

void test_faults(void)
{
    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
    check("frame", untyped_retype(ram, CAP_FRAME, 12, 1, 0, SPARE, 0).status,
          OK);
    worker_faults_to = ENDPOINT;
    test_resume(251); /* it faults at once, before we wait */
    test_resume(100); /* it faults once we wait */
    test_no_handler();
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, REPLY).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, ENDPOINT).status, OK);
}
