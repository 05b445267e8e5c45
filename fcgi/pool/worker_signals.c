/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stddef.h>

#include "fcgi/pool/worker.h"

void
worker_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
		SIGUSR2, SIGCHLD, SIGCONT };
	sigset_t set;
	size_t i;

	/* A spawner may have left some of them ignored. */
	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		(void)signal(signals[i], SIG_DFL);
		(void)sigaddset(&set, signals[i]);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	/* A limit to the size of files is a full disk, no death. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
	(void)sigaddset(&set, SIGURG);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}
