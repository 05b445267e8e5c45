/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/terminal/prompt.h"
#include "os/writeall.h"

/* Signals before whose effect the terminal must be as it was. */
static const int prompt_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
	SIGTSTP };

#define SIGNALS (sizeof(prompt_signals) / sizeof(prompt_signals[0]))

static volatile sig_atomic_t caught;

/* The terminal and the signals as they were, to be restored. */
struct terminal {
	int fd;
	struct termios mode;
	struct sigaction actions[SIGNALS];
	sigset_t mask; /* what was blocked before */
};

static void
on_signal(int number)
{
	caught = number;
}

/*
 * The signals are blocked but while ppoll(2) waits, so that none can come
 * between looking for one and waiting.
 */
static void
prompt_catch_signals(struct terminal *t)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	caught = 0;
	sigemptyset(&action.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&block, prompt_signals[i]);
	sigprocmask(SIG_BLOCK, &block, &t->mask);
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaction(prompt_signals[i], NULL, &t->actions[i]);
		if (t->actions[i].sa_handler != SIG_IGN)
			sigaction(prompt_signals[i], &action, NULL);
	}
}

static void
leave_signals(const struct terminal *t)
{
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(prompt_signals[i], &t->actions[i], NULL);
	if (caught != 0)
		raise(caught);
	/* The raised signal takes effect here. */
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

/* The next byte that was typed; -1 with errno, EINTR when a signal came. */
static int
next_byte(const struct terminal *t)
{
	struct pollfd poll_fd = { .fd = t->fd, .events = POLLIN };
	unsigned char c;
	ssize_t n;

	if (ppoll(&poll_fd, 1, NULL, &t->mask) == -1)
		return -1;
	n = read(t->fd, &c, 1);
	if (n == 0)
		errno = ENODATA;
	return n == 1 ? c : -1;
}

static ssize_t
prompt_read_line(const struct terminal *t, char *answer, size_t size)
{
	size_t len = 0;
	int c;

	while ((c = next_byte(t)) != '\n' && c != -1)
		if (len < size)
			answer[len++] = (char)c;
	if (c == '\n' && len == size)
		errno = E2BIG;
	if (c == -1 || len == size)
		return -1;
	answer[len] = '\0';
	return (ssize_t)len;
}

static ssize_t
ask_once(struct terminal *t, const char *question, bool echo, char *answer,
    size_t size)
{
	struct termios mode;
	ssize_t len;
	int error;

	if (tcgetattr(t->fd, &t->mode) == -1)
		return -1;
	mode = t->mode;
	if (!echo)
		mode.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	prompt_catch_signals(t);
	if (tcsetattr(t->fd, TCSADRAIN, &mode) == -1 ||
	    writeall(t->fd, question, strlen(question)) == -1)
		len = -1;
	else
		len = prompt_read_line(t, answer, size);
	error = errno;
	tcsetattr(t->fd, TCSADRAIN, &t->mode);
	/* Without echo the typed newline did not show either. */
	if (!echo || len == -1)
		(void)writeall(t->fd, "\n", 1);
	leave_signals(t);
	errno = error;
	return len;
}

ssize_t
prompt_ask(const char *question, bool echo, char *answer, size_t size)
{
	struct terminal t;
	ssize_t len;
	int error;

	t.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t.fd == -1)
		return -1;
	/* After a signal that did not end the process (stopped, continued) the
	 * question is asked again. */
	do
		len = ask_once(&t, question, echo, answer, size);
	while (len == -1 && errno == EINTR);
	error = errno;
	if (len == -1)
		explicit_bzero(answer, size);
	close(t.fd);
	errno = error;
	return len;
}
