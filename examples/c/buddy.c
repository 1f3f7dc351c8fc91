/* A buddy allocator of fifty lines, to be tested by pfnlab: see README.md. */
#include <stdlib.h>
#include <string.h>

#include "pfnlab.h"

#define NOTHING (-1)

struct buddy {
    uint64_t first, end; /* all memory lies between; first is where a largest block can begin */
    signed char *free;   /* by frame: the order of the free block that begins there, or NOTHING */
    signed char *lent;   /* the same for the blocks that clients have */
};

uint32_t pfnlab_abi(void) { return PFNLAB_ABI; }

/* Puts a block among the free ones: with its buddy, if that is free, and with that one's buddy ... */
static void put(struct buddy *b, uint64_t frame, int order)
{
    while (order < PFNLAB_MAX_ORDER) {
        uint64_t buddy = frame ^ (1ull << order);
        if (buddy >= b->end || b->free[buddy - b->first] != order)
            break;
        b->free[buddy - b->first] = NOTHING;
        frame &= ~(1ull << order);
        order++;
    }
    b->free[frame - b->first] = order;
}

void *pfnlab_create(const struct pfnlab_machine *machine)
{
    struct buddy *b = malloc(sizeof *b);
    b->first = machine->memory[0].start >> PFNLAB_MAX_ORDER << PFNLAB_MAX_ORDER;
    b->end = machine->memory[machine->pieces - 1].end;
    b->free = memset(malloc(b->end - b->first), NOTHING, b->end - b->first);
    b->lent = memset(malloc(b->end - b->first), NOTHING, b->end - b->first);
    for (uint64_t piece = 0; piece < machine->pieces; piece++)
        for (uint64_t frame = machine->memory[piece].start; frame < machine->memory[piece].end; frame++)
            put(b, frame, 0);
    return b;
}

int64_t pfnlab_alloc(void *allocator, const struct pfnlab_request *request)
{
    struct buddy *b = allocator;
    int wanted = request->order;
    for (int order = wanted; order <= PFNLAB_MAX_ORDER; order++)
        for (uint64_t frame = b->first; frame < b->end; frame += 1ull << order) {
            if (b->free[frame - b->first] != order)
                continue;
            b->free[frame - b->first] = NOTHING;
            while (order-- > wanted) /* cut in halves; the upper one stays free */
                b->free[frame + (1ull << order) - b->first] = order;
            b->lent[frame - b->first] = wanted;
            return frame;
        }
    return wanted > PFNLAB_MAX_ORDER ? PFNLAB_TOO_LARGE : PFNLAB_EXHAUSTED;
}

int32_t pfnlab_free(void *allocator, uint64_t frame, uint32_t order, uint32_t cpu)
{
    struct buddy *b = allocator;
    (void)cpu;
    if (frame < b->first || frame >= b->end || b->lent[frame - b->first] != (int)order)
        return PFNLAB_NOT_LENT;
    b->lent[frame - b->first] = NOTHING;
    put(b, frame, order);
    return PFNLAB_OK;
}
