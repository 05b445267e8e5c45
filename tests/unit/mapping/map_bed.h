/* SPDX-License-Identifier: MIT */
/*
 * map_bed: a map master of the plain build, as its client's tests use it.
 */
#ifndef CTIM_MAP_BED_H
#define CTIM_MAP_BED_H

#include <sys/types.h>

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "mapping/map.h"
#include "mapping/map_own.h"
#include "json/jsonin.h"
#include "os/clock.h"
#include "tests/unit/unit.h"

#define BED_TIME 30000 /* ms: none of these needs as much */

#ifdef CTIM_MAP
#define NEEDS_MAP() (void)0
#else
#define NEEDS_MAP() SKIP("this build has no ctim-relay-map")
#endif

static struct map_master *bed_master;
static struct map_worker *bed_worker;
static struct json_object *bed_entities;
static char bed_why[MAP_WHY];

/* A program of tests/plain. */
static inline void
bed_find_other(const char *name)
{
	static char path[PATH_MAX + 64];
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	/* BUILD/tests/unit/describe/NAME */
	(void)snprintf(path, sizeof(path), "%s/tests/plain/%s",
	    dirname(dirname(dirname(dirname(self)))), name);
	map_path = path;
}

/* The program as it is without sanitizers. */
static inline void
bed_find(void)
{
	bed_find_other("ctim-relay-map");
}

static inline void
bed_wrong(void *arg, size_t program, const char *line)
{
	(void)arg;
	ck_abort_msg("program %zu: %s", program, line);
}

static inline void
bed_start_many(const struct map_program *list, size_t n)
{
	bed_find();
	bed_master = map_master_start(
	    list, n, bed_wrong, NULL, bed_why, sizeof(bed_why));
	ck_assert_msg(bed_master != NULL, "%s", bed_why);
	bed_worker = map_worker_new(bed_master);
	ck_assert_ptr_nonnull(bed_worker);
}

static inline void
bed_start(const char *text)
{
	const struct map_program p = { "sample/map.jq", text };

	bed_start_many(&p, 1);
}

static inline void
bed_end(void)
{
	map_worker_free(bed_worker);
	map_master_stop(bed_master);
	json_object_put(bed_entities);
	bed_entities = NULL;
	bed_master = NULL;
	bed_worker = NULL;
}

/* Asks with the answers of a call "a"; the deadline is ms away. */
static inline enum map_result
bed_ask_within(int program, const char *answers, int64_t ms)
{
	enum map_result r;
	struct buf q;

	buf_init(&q, MAP_QUESTION);
	buf_addf(&q,
	    "{\"observable\":{\"type\":\"ip\",\"value\":\"1.2.3.4\"},"
	    "\"type_name\":\"IP\",\"now\":\"2026-11-21T12:00:00Z\","
	    "\"limit\":3,\"route\":\"observe\",\"claim\":{\"region\":\"eu\"},"
	    "\"data\":null,\"answers\":{\"a\":%s}}",
	    answers);
	json_object_put(bed_entities);
	r = map_ask(bed_worker, program, &q, clock_ms() + ms, &bed_entities,
	    bed_why, sizeof(bed_why));
	buf_free(&q);
	return r;
}

static inline enum map_result
bed_ask(int program, const char *answers)
{
	return bed_ask_within(program, answers, BED_TIME);
}

/* What came, as JSON. */
static inline const char *
bed_text(void)
{
	return bed_entities == NULL ?
	    "null" :
	    json_object_to_json_string_ext(bed_entities,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* The first child of a process; 0: none. */
static inline pid_t
bed_child(pid_t parent)
{
	char path[128];
	int pid = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)parent, (int)parent);
	f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f != NULL)
		(void)fclose(f);
	return pid;
}

static inline pid_t
bed_worker_pid(void)
{
	return bed_child(map_master_pid(bed_master));
}

/* Waits until the map master has no worker. */
static inline void
bed_wait_none(void)
{
	int64_t until = clock_ms() + BED_TIME;

	while (map_master_workers(bed_master) != 0) {
		ck_assert_int_lt(clock_ms(), until);
		(void)usleep(1000);
	}
}

#endif
