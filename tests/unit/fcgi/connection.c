/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/net/connection.h"
#include "fcgi/net/outgoing.h"
#include "tests/unit/unit.h"

#define REQUEST             \
	"\1\1\0\1\0\10\0\0" \
	"\0\1\1\0\0\0\0\0"  \
	"\1\4\0\1\0\4\0\0"  \
	"\1\1AB"            \
	"\1\4\0\1\0\0\0\0"  \
	"\1\5\0\1\0\3\0\0"  \
	"xyz"               \
	"\1\5\0\1\0\0\0\0"
#define REQUEST_SIZE (sizeof(REQUEST) - 1)

static struct outgoing_room room;
static struct connection *c;
static unsigned char input[CONNECTION_INPUT];
static int peer;

static void
connected(int64_t memory, int64_t disk)
{
	int pair[2];

	room =
	    (struct outgoing_room){ .memory_most = memory, .disk_most = disk };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	peer = pair[1];
	c = connection_new(1000, &room);
	ck_assert_ptr_nonnull(c);
	connection_open(c, pair[0]);
}

static void
disconnected(void)
{
	connection_free(c);
	close(peer);
}

static void
say(const char *p, size_t n)
{
	ck_assert_int_eq(write(peer, p, n), (ssize_t)n);
}

START_TEST(a_request_is_read_as_it_comes)
{
	size_t at;

	connected(0, 0);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_MORE);
	ck_assert_int_eq(c->began, 0);
	for (at = 0; at + 1 < REQUEST_SIZE; at++) {
		say(&REQUEST[at], 1);
		ck_assert_int_eq(connection_read(c, input, 4), RECORD_MORE);
		ck_assert_int_ne(c->began, 0);
	}
	say(&REQUEST[at], 1);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_WHOLE);
	ck_assert_uint_eq(c->bytes, REQUEST_SIZE);
	ck_assert_int_ge(c->whole, c->began);
	disconnected();
}
END_TEST

START_TEST(a_peer_that_leaves_is_told_apart)
{
	connected(0, 0);
	shutdown(peer, SHUT_WR);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_SILENT);
	disconnected();
	connected(0, 0);
	say(REQUEST, 30);
	shutdown(peer, SHUT_WR);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_MORE);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_CUT);
	disconnected();
}
END_TEST

START_TEST(what_is_no_socket_is_a_fault)
{
	connected(0, 0);
	close(c->fd);
	c->fd = memfd_create("no socket", 0);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_FAULT);
	disconnected();
}
END_TEST

START_TEST(a_flood_is_read_in_parts)
{
	static const char many[4 * CONNECTION_INPUT] = "\1\1\0\1\0\10\0\0"
						       "\0\1\0\0\0\0\0\0"
						       "\1\4\0\1\0\0\0\0"
						       "\1\5\0\1\377\377";
	int size = sizeof(many);

	connected(0, 0);
	setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	say(many, 2 * CONNECTION_INPUT - 100);
	ck_assert_int_eq(connection_read(c, input, 1), RECORD_MORE);
	ck_assert_uint_le(c->bytes, CONNECTION_INPUT);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_MORE);
	ck_assert_uint_eq(c->bytes, 2 * CONNECTION_INPUT - 100);
	disconnected();
}
END_TEST

START_TEST(a_request_goes_to_another_process_whole)
{
	struct connection_note note;
	struct connection *other;
	char *env[RECORD_NAMES_MAX + 1];
	int fd[CONNECTION_FDS];
	size_t frames;
	char text[8];

	connected(0, 0);
	other = connection_new(1, &room); /* its max_body is another */
	c->answers = 3;
	say(REQUEST, REQUEST_SIZE);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_WHOLE);
	frames = c->record.frames.len;
	ck_assert_int_eq(connection_pack(c, &note, fd), 0);
	ck_assert_int_eq(fd[CONNECTION_SOCKET], c->fd);
	fd[CONNECTION_SOCKET] = dup(c->fd);
	ck_assert_int_eq(connection_unpack(other, &note, fd), 0);
	ck_assert_int_eq(fcntl(fd[CONNECTION_FILE], F_GETFD), -1);
	ck_assert_int_eq(record_feed(&other->record, "", 0), RECORD_WHOLE);
	record_variables(&other->record, env);
	ck_assert_str_eq(env[0], "A=B");
	ck_assert_ptr_null(env[1]);
	ck_assert_uint_eq(other->record.id, 1);
	ck_assert(other->record.keep);
	ck_assert_uint_eq(other->record.body, 3);
	ck_assert_uint_eq(other->record.kept, 3);
	ck_assert_uint_eq(other->answers, 3);
	ck_assert_int_eq(other->whole, c->whole);
	ck_assert_uint_eq(other->record.frames.len, frames);
	ck_assert_mem_eq(
	    other->record.frames.data, c->record.frames.data, frames);
	connection_free(c);
	c = other;
	ck_assert_int_eq(write(c->fd, "answer", 6), 6);
	ck_assert_int_eq(read(peer, text, sizeof(text)), 6);
	disconnected();
}
END_TEST

START_TEST(a_request_that_cannot_be_taken_over_is_answered)
{
	struct connection_note note;
	struct connection *other;
	int fd[CONNECTION_FDS];
	char text[RECORD_ANSWER_MAX];
	ssize_t n;

	connected(0, 0);
	other = connection_new(1000, &room);
	say(REQUEST, REQUEST_SIZE);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_WHOLE);
	ck_assert_int_eq(connection_pack(c, &note, fd), 0);
	ck_assert_int_eq(ftruncate(fd[CONNECTION_FILE], 1), 0);
	fd[CONNECTION_SOCKET] = dup(c->fd);
	ck_assert_int_eq(connection_unpack(other, &note, fd), -1);
	ck_assert_int_eq(
	    connection_drop(other, RECORD_STARVED), CONNECTION_END);
	n = read(peer, text, sizeof(text));
	ck_assert_int_gt(n, 0);
	ck_assert_ptr_nonnull(memmem(text, (size_t)n, "Status: 500", 11));
	connection_free(other);
	disconnected();
}
END_TEST

START_TEST(the_slowest_goes_first_and_the_young_last)
{
	struct connection old_drip = { .born = 0, .bytes = 10 };
	struct connection old_fast = { .born = 0, .bytes = 100000 };
	struct connection young = { .born = 99000, .bytes = 0 };
	struct connection younger = { .born = 99500, .bytes = 7 };
	int64_t now = 100000;

	ck_assert(connection_slower(&old_drip, &old_fast, now));
	ck_assert(!connection_slower(&old_fast, &old_drip, now));
	ck_assert(connection_slower(&old_fast, &young, now));
	ck_assert(!connection_slower(&young, &old_fast, now));
	ck_assert(connection_slower(&young, &younger, now));
	/* Who has just come has had no time to send anything. */
	young.bytes = 1000;
	younger.bytes = 0;
	ck_assert(connection_slower(&young, &younger, now));
	ck_assert(!connection_slower(&younger, &young, now));
	/* Of those that said nothing the one that waits longest. */
	old_drip.bytes = old_fast.bytes = 0;
	old_fast.born = 1;
	ck_assert(connection_slower(&old_drip, &old_fast, now));
	ck_assert(!connection_slower(&old_fast, &old_drip, now));
	ck_assert(!connection_slower(&old_fast, &old_fast, now));
}
END_TEST

START_TEST(who_was_refused_can_read_why)
{
	char text[RECORD_ANSWER_MAX];
	ssize_t n;

	connected(0, 0);
	ck_assert_int_eq(
	    connection_drop(c, RECORD_STARVED), CONNECTION_NOTHING);
	say(REQUEST, 20);
	ck_assert_int_eq(connection_read(c, input, 4), RECORD_MORE);
	ck_assert_int_eq(connection_drop(c, RECORD_STARVED), CONNECTION_END);
	n = read(peer, text, sizeof(text));
	ck_assert_int_gt(n, 0);
	ck_assert_ptr_nonnull(memmem(text, (size_t)n, "Status: 500", 11));
	ck_assert_int_eq(read(peer, text, 1), 0);
	ck_assert_int_eq(connection_drop(c, RECORD_FAULT), CONNECTION_NOTHING);
	disconnected();
}
END_TEST

/* n bytes of the answer, of one letter. */
static int
answer(char letter, size_t n)
{
	static char text[1 << 16];
	int fd = outgoing_file(&c->out, n);

	if (fd == -1)
		return -1;
	memset(text, letter, n);
	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	ck_assert_int_eq(outgoing_wrote(&c->out), 0);
	return 0;
}

/* What the peer gets next is so much of one letter. */
static void
got(char letter, size_t n)
{
	char some[512];
	ssize_t i, k;

	while (n > 0) {
		k = read(peer, some, n < sizeof(some) ? n : sizeof(some));
		ck_assert_int_gt(k, 0);
		for (i = 0; i < k; i++)
			ck_assert_int_eq(some[i], letter);
		n -= (size_t)k;
	}
}

START_TEST(an_answer_waits_in_memory_and_then_on_disk)
{
	uint64_t taken = 0;

	connected(1000, 2000);
	ck_assert(!outgoing_waits(&c->out));
	ck_assert_int_eq(answer('a', 900), 0);
	ck_assert_int_eq(answer('b', 900), 0);
	/* It would have room in memory, and comes after what is on disk. */
	ck_assert_int_eq(answer('c', 90), 0);
	ck_assert_int_eq(atomic_load(&room.memory), 900);
	ck_assert_int_eq(atomic_load(&room.disk), 990);
	ck_assert_int_eq(answer('d', 1500), -1);
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert(outgoing_waits(&c->out));
	ck_assert_int_eq(outgoing_send(&c->out, c->fd, 1000, &taken), 0);
	ck_assert_uint_eq(taken, 1000);
	ck_assert_int_eq(atomic_load(&room.memory), 0);
	ck_assert_int_eq(outgoing_send(&c->out, c->fd, 1 << 20, &taken), 1);
	ck_assert_uint_eq(taken, 1890);
	ck_assert_int_eq(atomic_load(&room.disk), 0);
	got('a', 900);
	got('b', 900);
	got('c', 90);
	/* Once all is taken the next begins in memory. */
	ck_assert_int_eq(answer('e', 1000), 0);
	ck_assert_int_eq(atomic_load(&room.memory), 1000);
	ck_assert_int_eq(outgoing_send(&c->out, c->fd, 1 << 20, &taken), 1);
	got('e', 1000);
	disconnected();
}
END_TEST

START_TEST(a_reader_that_does_not_read_takes_no_more_than_its_socket_has)
{
	uint64_t taken = 0, before;
	int i;

	connected(64 << 20, 0);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(answer((char)('a' + i % 26), 1 << 16), 0);
	ck_assert_int_eq(outgoing_send(&c->out, c->fd, 1 << 30, &taken), 0);
	ck_assert_uint_gt(taken, 0);
	before = taken;
	ck_assert_int_eq(outgoing_send(&c->out, c->fd, 1 << 30, &taken), 0);
	ck_assert_uint_eq(taken, before);
	ck_assert_int_eq(atomic_load(&room.memory), 100 << 16);
	close(peer);
	peer = -1;
	ck_assert_int_eq(outgoing_send(&c->out, c->fd, 1 << 30, &taken), -1);
	connection_close(c);
	ck_assert_int_eq(atomic_load(&room.memory), 0);
	disconnected();
}
END_TEST

START_TEST(no_file_no_answer)
{
	struct rlimit limit = { 100, RLIM_INFINITY };
	int fd;

	signal(SIGXFSZ, SIG_IGN);
	connected(0, 1000);
	setenv("TMPDIR", "/nonexistent", 1);
	ck_assert_int_eq(outgoing_file(&c->out, 500), -1);
	ck_assert_int_eq(errno, ENOENT);
	connection_close(c);
	ck_assert_int_eq(atomic_load(&room.disk), 0);
	unsetenv("TMPDIR");
	ck_assert_int_ne(fd = outgoing_file(&c->out, 500), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(write(fd, REQUEST REQUEST REQUEST, 120), 100);
	disconnected();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_request_is_read_as_it_comes,
		a_peer_that_leaves_is_told_apart, what_is_no_socket_is_a_fault,
		a_flood_is_read_in_parts,
		a_request_goes_to_another_process_whole,
		a_request_that_cannot_be_taken_over_is_answered,
		the_slowest_goes_first_and_the_young_last,
		who_was_refused_can_read_why,
		an_answer_waits_in_memory_and_then_on_disk,
		a_reader_that_does_not_read_takes_no_more_than_its_socket_has,
		no_file_no_answer };

	return unit_run("connection", tests, COUNT(tests));
}
