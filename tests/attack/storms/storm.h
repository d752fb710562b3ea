/*
 * Storms (R7): each makes one kind of event as fast as it can. Before that, for
 * as long, it runs without making any, so that the witness has a measure of how
 * much others get done beside it.
 */
#pragma once

#include "tests/attack/raw.h"

#define STORM_TIME (120 * NS_PER_MS)

/* Runs `quiet` and then `loud` for `time` each, and says when. */
void storm(uint64_t time, void (*quiet)(void), void (*loud)(void));

/* interrupts.c; `acknowledge`: and lets the line go on each time. */
void storm_interrupts(bool acknowledge);
/* requests.c: interrupt requests for another's entry, all refused. */
void storm_requests(void);
/* dma.c: a network card's DMA, none of which is mapped. */
void storm_dma(void);
/* exceptions.c: a thread whose every instruction faults. */
void storm_exceptions(void);
/* lent.c: accesses to lent memory that is gone, which init mends. */
void storm_lent(void);
/* resets.c: requests to the PCI server that take it long. */
void storm_resets(void);
/* questions.c: to init, which take it long; `wait`: for the answers. */
void storm_questions(bool wait);
/* floods.c: to the PCI server; signals; timers that nobody sees; memory. */
void storm_messages(bool with_capabilities);
void storm_signals(void);
void storm_timers(void);
void storm_memory(void);
/* budget.c: a thread that never waits. */
void storm_budget(void);
