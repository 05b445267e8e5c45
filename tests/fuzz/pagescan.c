/*
 * A page of OTX, in pieces whose size the first byte says.  What is found must
 * not depend on them, nor on whether the processor has SSE2.
 */
#include <string.h>

#include "fuzz.h"
#include "jsonin.h"
#include "pagescan.h"

/* The half of pagescan_block.c that this machine does not use. */
#define PAGESCAN_PORTABLE
#define pagescan_block	portable_block
#include "../../src/pagescan_block.c"
#undef pagescan_block

void	pagescan_block(struct pagescan_carry *, const char *p, unsigned n,
	    struct pagescan_bits *);

static void
compare_blocks(const uint8_t *data, size_t size)
{
	struct pagescan_carry	 a = { 0 }, b = { 0 };
	struct pagescan_bits	 x, y;
	char			 block[PAGESCAN_BLOCK];
	unsigned		 n;

	for (; size > 0; data += n, size -= n) {
		n = size < PAGESCAN_BLOCK ? (unsigned)size : PAGESCAN_BLOCK;
		memset(block, ' ', sizeof(block));
		memcpy(block, data, n);
		pagescan_block(&a, block, n, &x);
		portable_block(&b, block, n, &y);
		HOLDS(x.brackets == y.brackets);
		HOLDS(x.backslashes == y.backslashes);
		HOLDS(a.escaped == b.escaped && a.string == b.string);
	}
}

static struct pagescan *
scan(const uint8_t *p, size_t n, size_t piece, enum pagescan_state *state)
{
	struct pagescan	*s = pagescan_new("results", "indicator", "x.example");
	char		*copy;
	size_t		 step;

	HOLDS(s != NULL);
	for (; n > 0; p += step, n -= step) {
		step = n < piece ? n : piece;
		HOLDS((copy = malloc(step)) != NULL);
		memcpy(copy, p, step);
		(void)pagescan_add(s, copy, step);
		free(copy);
	}
	*state = pagescan_end(s);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum pagescan_state	 a, b;
	struct pagescan		*whole, *pieces;

	if (size < 2)
		return 0;
	compare_blocks(data + 1, size - 1);
	whole = scan(data + 1, size - 1, size, &a);
	pieces = scan(data + 1, size - 1, (size_t)data[0] + 1, &b);
	HOLDS(a == b);
	if (a == PAGESCAN_FOUND) {
		HOLDS(json_object_equal(pagescan_element(whole),
		    pagescan_element(pieces)));
		HOLDS(strcmp(jsonin_string(pagescan_element(whole),
		    "indicator"), "x.example") == 0);
	} else if (a == PAGESCAN_MORE) {
		HOLDS(json_object_equal(pagescan_top(whole),
		    pagescan_top(pieces)));
	} else {
		HOLDS(strcmp(pagescan_why(whole), pagescan_why(pieces)) == 0);
	}
	pagescan_free(whole);
	pagescan_free(pieces);
	return 0;
}
