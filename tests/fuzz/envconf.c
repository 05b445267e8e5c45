/* SPDX-License-Identifier: MIT */
/* Variables of the environment, each ended by a NUL.  What is written of them
 * is read back as it was. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf_read.h"
#include "packaging/container/envconf.h"
#include "relay/lists.h"
#include "tests/fuzz/fuzz.h"

#define VARIABLES 64

struct reread {
	const struct envconf *env;
	size_t n;
	unsigned line;
};

static void
envconf_told(void *arg, bool error, const char *line)
{
	(void)arg;
	(void)error;
	HOLDS(*line != '\0' && strchr(line, '\n') == NULL);
}

static bool
reread_section(void *arg, const char *section, char *why)
{
	const struct reread *r = arg;

	(void)why;
	HOLDS(strcmp(section, r->env->row[r->n].section) == 0);
	return true;
}

static bool
reread_key(void *arg, const char *section, const char *key, const char *value,
    char *why)
{
	struct reread *r = arg;
	const struct envconf_row *row = &r->env->row[r->n++];

	(void)why;
	HOLDS(r->n <= r->env->n && strcmp(section, row->section) == 0);
	HOLDS(strcmp(key, row->key->name) == 0 && r->line == row->line);
	HOLDS(strcmp(value, row->text) == 0);
	HOLDS(row->file || strcmp(value, row->value) == 0 ||
	    (strncmp(value, "env:", 4) == 0 &&
		strcmp(value + 4, row->variable) == 0));
	return true;
}

static void
reread_fault(void *arg, unsigned line, const char *why)
{
	(void)arg;
	fprintf(stderr, "%u: %s\n", line, why);
	HOLDS(false);
}

static void
written_again(struct envconf *env)
{
	struct reread r = { .env = env };
	const struct conf_handler handler = { .section = reread_section,
		.key = reread_key,
		.complain = reread_fault,
		.arg = &r,
		.line = &r.line };
	struct buf out;
	FILE *f;

	buf_init(&out, 1 << 20);
	HOLDS(envconf_write(env, &out) == 0);
	HOLDS((f = fmemopen(out.data, out.len, "r")) != NULL);
	HOLDS(conf_read(f, &handler) && r.n == env->n);
	fclose(f);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *variables[VARIABLES + 1] = { NULL }, *copy = malloc(size + 1);
	struct envconf env = { .tell = envconf_told };
	size_t i, n = 0, at;

	HOLDS(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (at = 0; at < size && n < VARIABLES; at += strlen(copy + at) + 1)
		variables[n++] = copy + at;
	envconf_take(&env, variables, &relay_lists);
	for (i = 0; i < env.n; i++)
		if (env.row[i].file)
			HOLDS((env.row[i].text = strdup("file:/a")) != NULL);
	envconf_express(&env);
	if (env.good)
		written_again(&env);
	envconf_free(&env);
	free(copy);
	return 0;
}
