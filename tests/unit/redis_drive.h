/* SPDX-License-Identifier: MIT */
/*
 * redis_drive: what the tests of a cache in Redis have in common: a real server
 * of their own, and a second client that looks and meddles.
 */
#ifndef CTIM_REDIS_DRIVE_H
#define CTIM_REDIS_DRIVE_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "tests/unit/cache_drive.h"

#define REST 10000 /* ms for which a cache that failed is left alone */
#define RATE 5

static int port;
static pid_t server = -1;

/* A listening socket on a free port of loopback. */
static inline int
listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	slow_down(100);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 10), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	port = ntohs(a.sin_port);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d/0", port);
	return fd;
}

/* A second client, to look and to meddle. */
static inline redisReply *
ask(const char *command, const char *arg)
{
	redisContext *c = redisConnect("127.0.0.1", port);
	redisReply *reply = redisCommand(c, command, arg);

	redisFree(c);
	return reply;
}

static inline void
do_it(const char *command, const char *arg)
{
	redisReply *reply = ask(command, arg);

	ck_assert_ptr_nonnull(reply);
	ck_assert_int_ne(reply->type, REDIS_REPLY_ERROR);
	freeReplyObject(reply);
}

static inline bool
have_redis(void)
{
	return access("/usr/bin/redis-server", X_OK) == 0;
}

/* A Redis server with nothing in it, that ends with this process. */
static inline void
start(const char *option, const char *value)
{
	char text[8];
	redisContext *c = NULL;
	int i, fd = listener();

	close(fd);
	snprintf(text, sizeof(text), "%d", port);
	if ((server = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(1);
		execl("/usr/bin/redis-server", "redis-server", "--port", text,
		    "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		    "--dir", "/tmp", option, value, (char *)NULL);
		_exit(1);
	}
	for (i = 0; i < 3000; i++) {
		c = redisConnect("127.0.0.1", port);
		if (c != NULL && c->err == 0)
			break;
		redisFree(c);
		c = NULL;
		usleep(10000);
	}
	ck_assert_ptr_nonnull(c);
	redisFree(c);
}

static inline void
stop(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = -1;
}

#endif
