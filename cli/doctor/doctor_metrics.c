/* SPDX-License-Identifier: MIT */
/* The listener of [server] metrics.  It is the pool's, so it is looked for where
 * a pool runs; the gateway serves without it. */
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/doctor/doctor.h"
#include "cli/pool/poolask.h"
#include "conf/conf.h"
#include "net/endpoint.h"
#include "os/clock.h"

#define HEAD 12 /* bytes of "HTTP/1.1 200" */

/* Asks for the metrics.  Returns the bytes of the answer that are in head, or -1
 * with errno. */
static ssize_t
doctor_metrics_ask(const char *at, int64_t ms, char head[HEAD])
{
	static const char get[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct timeval t = { (time_t)(ms / 1000), ms % 1000 * 1000 };
	union endpoint e;
	socklen_t size = endpoint_read(&e, at);
	ssize_t n = -1;
	int fd, error;

	fd = socket(e.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0 &&
	    connect(fd, &e.any, size) == 0 &&
	    send(fd, get, sizeof(get) - 1, MSG_NOSIGNAL) ==
		(ssize_t)sizeof(get) - 1)
		n = recv(fd, head, HEAD, MSG_WAITALL);
	error = errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno;
	(void)close(fd);
	errno = error;
	return n;
}

static bool
doctor_metrics_pool_runs(struct doctor *d)
{
	char why[POOLASK_WHY];
	struct buf answer;
	bool runs;

	buf_init(&answer, POOLASK_MAX);
	runs = poolask(d->conf->control, "ping",
		   (int)doctor_left(d, DOCTOR_CALL), &answer, why) == 0;
	buf_free(&answer);
	return runs;
}

void
doctor_metrics(struct doctor *d)
{
	const char *at = d->conf->metrics;
	char head[HEAD];
	ssize_t n;

	if (at == NULL) {
		doctor_say(d, DOCTOR_OK, "are off");
		return;
	}
	if (!doctor_metrics_pool_runs(d)) {
		doctor_say(d, DOCTOR_SKIPPED, "no pool runs that has them");
		return;
	}
	n = doctor_metrics_ask(at, doctor_left(d, DOCTOR_CALL), head);
	if (n == HEAD && memcmp(head, "HTTP/1.1 200", HEAD) == 0) {
		doctor_say(d, DOCTOR_OK,
		    "Prometheus gets them at http://%s/metrics", at);
	} else if (n == -1) {
		doctor_say(d, DOCTOR_WARN,
		    "nothing is to be had at http://%s/metrics, though the "
		    "pool "
		    "runs: %s",
		    at, strerror(errno));
		doctor_mend_run(d, "reload", NULL);
		doctor_note(
		    d, "opens it; if that fails, the log says what hinders it");
	} else {
		doctor_say(d, DOCTOR_WARN,
		    "something else than the gateway answers at %s", at);
		doctor_sudo(d, "ss -ltnp 'sport = %s'", strrchr(at, ':'));
		doctor_note(d,
		    "shows who; end that, or set another address as metrics in "
		    "[server] of %s",
		    d->whole);
	}
}
