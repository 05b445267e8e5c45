/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay-map when memory runs out once, at the first program that it compiles:
 * stands before jq_init() of libjq.
 */
#include <dlfcn.h>
#include <jq.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

jq_state *
jq_init(void)
{
	static bool starved = true;
	void *symbol = dlsym(RTLD_NEXT, "jq_init");
	jq_state *(*real)(void) = NULL;

	if (starved || symbol == NULL) {
		starved = false;
		return NULL;
	}
	memcpy(&real, &symbol, sizeof(real));
	return real();
}
