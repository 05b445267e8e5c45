/* SPDX-License-Identifier: MIT */
/* Unit tests of session: a store that is replaced. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call/provider.h"
#include "conf/conf.h"
#include "relay/session.h"
#include "store/store.h"
#include "tests/unit/unit.h"

static char path[64], other[64], folder[] = "/tmp/ctim-session.XXXXXX";
static bool replace; /* as soon as it was opened */

/* The linker leads session.c here. */
struct store *__real_store_open(const char *, enum store_mode, char *);
struct store *__wrap_store_open(const char *, enum store_mode, char *);

struct store *
__wrap_store_open(const char *name, enum store_mode mode, char *error)
{
	struct store *s = __real_store_open(name, mode, error);

	if (replace && mode == STORE_READ)
		ck_assert_int_eq(rename(other, path), 0);
	replace = false;
	return s;
}

static void
make(const char *name)
{
	char error[STORE_ERROR_MAX];
	struct store *s = __real_store_open(name, STORE_WRITE, error);

	ck_assert_msg(s != NULL, "%s", error);
	store_close(s);
}

static const char *
where(const void *own)
{
	(void)own;
	return path;
}

static const struct provider provider = { .name = "played", .store = where };

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/intel.db", folder);
	(void)snprintf(other, sizeof(other), "%s/new.db", folder);
	make(path);
	make(other);
}

static void
end(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* A session with one relay, whose configuration is the caller's. */
static struct session *
start(struct conf **conf, struct relay_conf *relay)
{
	struct session *s;

	*conf = conf_default();
	ck_assert_ptr_nonnull(*conf);
	*relay = (struct relay_conf){ .name = (char *)"played",
		.provider = &provider };
	s = session_new(*conf, NULL, NULL);
	ck_assert_ptr_nonnull(s);
	return s;
}

START_TEST(store_replaced_while_it_is_opened)
{
	struct conf *conf;
	struct relay_conf relay;
	struct session *s;
	struct store *old;

	begin();
	s = start(&conf, &relay);
	replace = true;
	old = session_store(s, &relay);
	ck_assert_ptr_nonnull(old);
	ck_assert(!replace);
	ck_assert(store_moved(old));
	(void)usleep(1100 * 1000);
	ck_assert(!store_moved(session_store(s, &relay)));
	session_free(s);
	conf_free(conf);
	end();
}
END_TEST

START_TEST(link_to_a_store_that_leads_elsewhere)
{
	char error[STORE_ERROR_MAX], name[64];
	struct store *s;

	begin();
	(void)snprintf(name, sizeof(name), "%s/link", folder);
	ck_assert_int_eq(symlink(path, name), 0);
	s = __real_store_open(name, STORE_READ, error);
	ck_assert_msg(s != NULL, "%s", error);
	ck_assert(!store_moved(s));
	ck_assert_int_eq(unlink(name), 0);
	ck_assert(store_moved(s));
	ck_assert_int_eq(symlink(other, name), 0);
	ck_assert(store_moved(s));
	store_close(s);
	end();
}
END_TEST

START_TEST(store_that_is_removed_or_written)
{
	char error[STORE_ERROR_MAX];
	struct store *s, *writer;

	begin();
	s = __real_store_open(path, STORE_READ, error);
	ck_assert_msg(s != NULL, "%s", error);
	writer = __real_store_open(path, STORE_WRITE, error);
	ck_assert_msg(writer != NULL, "%s", error);
	ck_assert(!store_moved(s));
	store_close(writer);
	ck_assert(!store_moved(s));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(store_moved(s));
	make(path);
	ck_assert(store_moved(s));
	store_close(s);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { store_replaced_while_it_is_opened,
		link_to_a_store_that_leads_elsewhere,
		store_that_is_removed_or_written };

	return unit_run("session", tests, COUNT(tests));
}
