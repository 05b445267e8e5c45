/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <errno.h>

#include "base/hash.h"
#include "shared/shared.h"

struct shared *
shared_new(void)
{
	struct shared *s;
	int error;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return NULL;
	/* The first hash draws the key, which all workers then inherit. */
	(void)hash_bytes("", 0);
	s->pace = &s->paces;
	/* The mapping comes zeroed: every slot of every table is free. */
	if (madvise(s, sizeof(*s), MADV_DONTDUMP) == -1 ||
	    slots_init(&s->breakers.slots) == -1 ||
	    slots_init(&s->paces.slots) == -1 ||
	    slots_init(&s->kept.slots) == -1 ||
	    slots_init(&s->jwks.slots) == -1 || quota_init(&s->quotas) == -1 ||
	    counters_init(&s->counters) == -1 ||
	    matches_init(&s->matches) == -1) {
		error = errno;
		shared_free(s);
		errno = error;
		return NULL;
	}
	return s;
}

void
shared_free(struct shared *s)
{
	/* Other processes may still use the locks and the tables: only the
	 * mapping of this one ends. */
	if (s != NULL)
		(void)munmap(s, sizeof(*s));
}
