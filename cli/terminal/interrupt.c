/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stddef.h>

#include "cli/terminal/interrupt.h"

static const int interrupt_signals[] = { SIGINT, SIGTERM, SIGHUP };

static volatile sig_atomic_t came;

static void
interrupt_note(int number)
{
	(void)number;
	came = 1;
}

void
interrupt_catch(bool once)
{
	/* A call that waits must see the signal, so no SA_RESTART. */
	struct sigaction action = { .sa_handler = interrupt_note,
		.sa_flags = once ? (int)SA_RESETHAND : 0 },
			 before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0;
	     i < sizeof(interrupt_signals) / sizeof(interrupt_signals[0]); i++)
		if (sigaction(interrupt_signals[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(interrupt_signals[i], &action, NULL);
}

bool
interrupt_came(void)
{
	return came != 0;
}
