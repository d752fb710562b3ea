/*
 * The VT-d driver on the model: what its tests begin with.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "iommu/iommu.h"
#include "tests/unit/vtd/vtd_model.h"

#define DEV   0x0020 /* 00:04.0, in unit 0's scope */
#define OTHER 0x0500 /* 05:00.0, behind unit 0's bridge */
#define FAR   0x0a08 /* 0a:01.0, in no scope */
#define K4    4096ull
#define M2    (2ull << 20)

/* Options of model_reset for units of several kinds. */
extern const unsigned variants[];
#define VARIANTS 7u

/* Starts the driver on so many new units: is it content? */
bool start(unsigned units, unsigned options);

/* A Domain with pages for its tables, and one mapping more or less in it. */
void domain_make(struct iommu_domain *d);
void map(struct iommu_domain *d, uint64_t at, uint64_t pa, unsigned size,
         unsigned attrs);
void unmap(struct iommu_domain *d, uint64_t at);
void protect(struct iommu_domain *d, uint64_t at, uint64_t pa, unsigned attrs);

void device_make(struct iommu_device *dev, uint16_t rid);

/* A device behind unit 0 tries: 0, or the reason why it was blocked. */
int dma(uint16_t rid, uint64_t address, bool write);
struct iommu_irq irq_of(uint16_t source);
