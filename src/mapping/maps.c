/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "mapping/maps.h"
#include "log/log.h"
#include "os/clock.h"

/* What is known of a program. */
enum maps_fault {
	MAPS_NO_FAULT,
	MAPS_WRONG_WHEN_ASKED, /* costs those who ask it */
	MAPS_WRONG_AT_START    /* costs its relays all that they do */
};

struct maps {
	struct map_program *list; /* the providers' own texts */
	size_t n;
	int *first; /* by place of a relay: the number of its first program */
	_Atomic enum maps_fault *faults; /* of each program */
	pthread_mutex_t lock;            /* of the start by a question */
	struct map_master *master;
};

/* --- all programs of a configuration ------------------------------------- */

static size_t
maps_count(const struct provider *p)
{
	size_t n = 0;

	while (p->programs != NULL && p->programs[n].label != NULL)
		n++;
	return n;
}

/* Relays of one provider share its programs. */
static const struct relay_conf *
maps_same(const struct conf *conf, const struct relay_conf *relay)
{
	const struct relay_conf *r = conf->relays;

	while (r != relay && r->provider->programs != relay->provider->programs)
		r = r->next;
	return r;
}

static void
maps_gather(struct maps *m, const struct conf *conf)
{
	const struct relay_conf *r, *same;
	size_t i, n;

	for (r = conf->relays; r != NULL; r = r->next) {
		if (r->provider->programs == NULL)
			continue;
		same = maps_same(conf, r);
		if (same != r) {
			m->first[r->place] = m->first[same->place];
			continue;
		}
		m->first[r->place] = (int)m->n;
		n = maps_count(r->provider);
		for (i = 0; i < n; i++)
			m->list[m->n++] = r->provider->programs[i];
	}
}

static void
maps_release(struct maps *m)
{
	free(m->list);
	free(m->first);
	free(m->faults);
	free(m);
}

struct maps *
maps_new(const struct conf *conf)
{
	const struct relay_conf *r;
	struct maps *m = calloc(1, sizeof(*m));
	size_t relays = 0, programs = 0;

	if (m == NULL)
		return NULL;
	for (r = conf->relays; r != NULL; r = r->next) {
		relays++;
		programs += maps_count(r->provider);
	}
	m->list = calloc(programs + 1, sizeof(*m->list));
	m->first = calloc(relays + 1, sizeof(*m->first));
	m->faults = calloc(programs + 1, sizeof(*m->faults));
	if (m->list == NULL || m->first == NULL || m->faults == NULL ||
	    pthread_mutex_init(&m->lock, NULL) != 0) {
		maps_release(m);
		return NULL;
	}
	maps_gather(m, conf);
	return m;
}

/* Who is told of the programs that cannot be compiled. */
struct maps_starting {
	struct maps *maps;
	void (*complain)(void *, bool, const char *);
	void *arg;
	bool good;
};

static void
maps_found_wrong(void *arg, size_t program, const char *line)
{
	struct maps_starting *s = arg;

	atomic_store(&s->maps->faults[program], MAPS_WRONG_AT_START);
	s->good = false;
	s->complain(s->arg, true, line);
}

int
maps_start(
    struct maps *m, void (*complain)(void *, bool, const char *), void *arg)
{
	struct maps_starting s = { m, complain, arg, true };
	char why[MAP_WHY];

	if (m->n == 0)
		return 0;
	m->master = map_master_start(
	    m->list, m->n, maps_found_wrong, &s, why, sizeof(why));
	if (m->master == NULL)
		complain(arg, true, why);
	return m->master != NULL && s.good ? 0 : -1;
}

bool
maps_broken(const struct maps *m, const struct relay_conf *relay)
{
	const size_t n = m == NULL ? 0 : maps_count(relay->provider);
	size_t i;

	for (i = 0; i < n; i++)
		if (atomic_load(
			&m->faults[(size_t)m->first[relay->place] + i]) ==
		    MAPS_WRONG_AT_START)
			return true;
	return false;
}

static void
maps_end(struct maps *m, void (*end)(struct map_master *))
{
	if (m == NULL)
		return;
	end(m->master);
	(void)pthread_mutex_destroy(&m->lock);
	maps_release(m);
}

void
maps_free(struct maps *m)
{
	maps_end(m, map_master_stop);
}

void
maps_leave(struct maps *m)
{
	maps_end(m, map_master_leave);
}

pid_t
maps_pid(const struct maps *m)
{
	return m == NULL ? 0 : map_master_pid(m->master);
}

int
maps_workers(const struct maps *m)
{
	return m == NULL || m->master == NULL ? 0 :
						map_master_workers(m->master);
}

/* --- one question -------------------------------------------------------- */

/* Makes *worker, and the map master before it.  False with the reason in why. */
static bool
maps_worker(struct maps *m, struct map_worker **worker, char *why, size_t size)
{
	struct map_master *master;

	if (*worker != NULL)
		return true;
	(void)pthread_mutex_lock(&m->lock);
	if (m->master == NULL)
		m->master = map_master_later(m->list, m->n, why, size);
	master = m->master;
	(void)pthread_mutex_unlock(&m->lock);
	if (master == NULL)
		return false;
	if ((*worker = map_worker_new(master)) != NULL)
		return true;
	(void)snprintf(why, size, "no memory left");
	return false;
}

/* What people are told, the title of the provider in front. */
static const char *const maps_words[MAP_RESULTS] = { [MAP_LATE] =
							 "'s map took too long",
	[MAP_CRASHED] = "'s map crashed",
	[MAP_MEMORY] = "'s map needs too much memory",
	[MAP_OFF] = "'s map has failed five times in a row and is not asked "
		    "for a minute",
	[MAP_NONE] = "'s map cannot be run, see the log" };

/* Tells of what did not end well; why: as map_ask() has it. */
static void
maps_tell(struct maps_asked *out, const struct relay_conf *relay,
    const struct map_program *program, size_t bytes, const char *why)
{
	const char *title = relay->provider->title;
	const char *file = strrchr(program->label, '/');

	if (out->result == MAP_ERROR) {
		(void)snprintf(out->why, sizeof(out->why),
		    "%s has answered something that %s does not understand: "
		    "%s",
		    title, file == NULL ? program->label : file + 1, why);
		return;
	}
	(void)snprintf(
	    out->why, sizeof(out->why), "%s%s", title, maps_words[out->result]);
	if (out->result == MAP_OFF)
		return;
	if (out->result != MAP_NONE) {
		log_warning("relay %s: %s%s (%s, %zu bytes)", relay->name,
		    title, maps_words[out->result], program->label, bytes);
		return;
	}
	out->internal = true;
	/* The words of jq begin with a line. */
	if (why[0] >= '0' && why[0] <= '9') {
		out->broken = true;
		log_error("relay %s: %s:%s", relay->name, program->label, why);
	} else {
		log_error("relay %s: %s", relay->name, why);
	}
}

static void
maps_tell_broken(struct maps_asked *out, const struct relay_conf *relay)
{
	out->result = MAP_NONE;
	out->internal = out->broken = true;
	(void)snprintf(out->why, sizeof(out->why), PROVIDER_BROKEN,
	    relay->provider->title);
}

struct maps_asked
maps_ask(struct maps *m, struct map_worker **worker,
    const struct relay_conf *relay, const struct query *q, int64_t deadline)
{
	struct maps_asked out = { .result = MAP_DONE };
	const struct map_program *program;
	char why[MAP_WHY] = "";
	struct buf question;
	int64_t begun;
	int number = 0;

	buf_init(&question, MAP_QUESTION);
	out.asked = q->provider->map(q, &question, &number);
	if (!out.asked) {
		buf_free(&question);
		return out;
	}
	program = &q->provider->programs[number];
	number += m->first[relay->place];
	if (atomic_load(&m->faults[number]) != MAPS_NO_FAULT) {
		maps_tell_broken(&out, relay);
		buf_free(&question);
		return out;
	}
	begun = clock_ms();
	if (maps_worker(m, worker, why, sizeof(why)))
		out.result = map_ask(*worker, number, &question,
		    deadline + MAPS_AFTER, &out.entities, why, sizeof(why));
	else
		out.result = MAP_NONE;
	out.ms = clock_ms() - begun;
	if (out.result != MAP_DONE)
		maps_tell(&out, relay, program, question.len, why);
	if (out.broken) {
		atomic_store(&m->faults[number], MAPS_WRONG_WHEN_ASKED);
		maps_tell_broken(&out, relay);
	}
	buf_free(&question);
	return out;
}
