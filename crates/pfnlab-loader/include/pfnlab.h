/* pfnlab.h: what a page-frame allocator exports to be tested by pfnlab.
 *
 *     cc -shared -fPIC -I DIR_OF_THIS_FILE -o liballoc.so alloc.c
 *     pfnlab check --lib ./liballoc.so
 *
 * Four functions must be there: pfnlab_abi, pfnlab_create, pfnlab_alloc, pfnlab_free. The others may
 * be; what is not exported is not asked for. Functions are called one after the other, by one thread.
 * Memory is counted in page frames; a frame is named by its number. The frames themselves do not
 * exist: nothing may be written there.
 *
 * Each allocator runs in a process of its own, with a limit on memory and on the time of each call; it
 * is killed when it is not needed any more, so nothing need be released. The last line the library
 * printed is shown when it dies.
 */
#ifndef PFNLAB_H
#define PFNLAB_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. */
#define PFNLAB_ABI 1

/* What a function returns that did what it was asked for, and has nothing else to say. */
#define PFNLAB_OK 0
/* No block of that order, or above, is left. You are held to that. */
#define PFNLAB_EXHAUSTED (-1)
/* The order is above the largest you have. You are held to that, too. */
#define PFNLAB_TOO_LARGE (-2)
/* Refused for a reason of your own; nothing is promised. */
#define PFNLAB_REFUSED (-3)
/* What should go back was not handed out, or not in this size. */
#define PFNLAB_NOT_LENT (-4)

/* The largest order anybody asks for: 2^10 frames. */
#define PFNLAB_MAX_ORDER 10

/* A run of free memory: frames start, start + 1, ..., end - 1. */
struct pfnlab_memory {
    uint64_t start;
    uint64_t end;
    uint32_t node; /* the NUMA node it belongs to, from 0 */
    uint32_t zero; /* not used yet */
};

/* What an allocator begins with. It may be read only while pfnlab_create runs. */
struct pfnlab_machine {
    const struct pfnlab_memory *memory; /* ascending, disjoint */
    uint64_t pieces;                    /* how many of these there are */
    uint32_t cpus;                      /* CPUs are 0, 1, ..., cpus - 1 */
    uint32_t nodes;                     /* nodes are 0, 1, ..., nodes - 1 */
};

/* Flags of a request. An allocator may ignore them. */
#define PFNLAB_GFP_DMA         0x0001u /* from the lowest memory */
#define PFNLAB_GFP_HIGHMEM     0x0002u
#define PFNLAB_GFP_DMA32       0x0004u
#define PFNLAB_GFP_MOVABLE     0x0008u /* the frames can be moved later on */
#define PFNLAB_GFP_RECLAIMABLE 0x0010u /* the frames can be reclaimed */
#define PFNLAB_GFP_HIGH        0x0020u /* urgent: reserves may be used */

/* A request: 2^order frames in a row, the first at a multiple of 2^order. */
struct pfnlab_request {
    uint32_t order; /* 0 to PFNLAB_MAX_ORDER */
    uint32_t flags; /* PFNLAB_GFP_* and others */
    uint32_t cpu;   /* the CPU that asks */
    uint32_t zero;  /* not used yet */
};

/* ---- must be there ---- */

/* Returns PFNLAB_ABI. */
uint32_t pfnlab_abi(void);

/* Makes an allocator of the machine's memory, all of it free. It is handed to every other function.
 * NULL: it cannot be made, which is a finding. */
void *pfnlab_create(const struct pfnlab_machine *machine);

/* Hands out a block; returns its first frame, or PFNLAB_EXHAUSTED, _TOO_LARGE, _REFUSED. */
int64_t pfnlab_alloc(void *allocator, const struct pfnlab_request *request);

/* Takes back a block that was handed out, in one piece; returns PFNLAB_OK or PFNLAB_NOT_LENT. */
int32_t pfnlab_free(void *allocator, uint64_t frame, uint32_t order, uint32_t cpu);

/* ---- may be there ---- */

/* Turns a block that was handed out into 2^order single frames, each of which will be given back
 * alone, with order 0; returns PFNLAB_OK or PFNLAB_NOT_LENT. */
int32_t pfnlab_split(void *allocator, uint64_t frame, uint32_t order);

/* Hands out up to `count` single frames, writes them to `frames` and returns how many; when there is
 * not even one, a code as of pfnlab_alloc. The order of the request is 0. */
int64_t pfnlab_bulk(void *allocator, const struct pfnlab_request *request, uint64_t *frames,
                    uint64_t count);

/* Hands out exactly `count` frames in a row, the first at a multiple of the next power of two; returns
 * the first or a code as of pfnlab_alloc. Each frame is given back alone. The order of the request
 * is 0. */
int64_t pfnlab_exact(void *allocator, const struct pfnlab_request *request, uint32_t count);

/* Empties what is cached for a CPU. Export it if you cache frames for CPUs: they are then allowed to
 * be missing from what is free. */
void pfnlab_drain(void *allocator, uint32_t cpu);

#ifdef __cplusplus
}
#endif

#endif
