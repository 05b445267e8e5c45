/* SPDX-License-Identifier: MIT */
/* What of a database's URL is shown: never its password, however it is written. */
#include <stdio.h>
#include <string.h>

#include "db/pgurl.h"
#include "tests/unit/unit.h"

#define SECRET "Canary"

static const struct shown_url {
	const char *url, *shown;
	bool password;
} urls[] = {
	{ "postgresql://h/db", "postgresql://h/db", false },
	{ "postgres://h", "postgresql://h", false },
	{ "postgresql:///db?host=/run/p&port=1", "postgresql:///db", false },
	{ "postgresql://u@h:1,i:2/db?sslmode=require",
	    "postgresql://u@h:1,i:2/db", false },
	{ "postgresql://u:Canary@h:5432/db", "postgresql://u@h:5432/db", true },
	{ "postgresql://u:Canary@/db?host=%2Frun", "postgresql://u@/db", true },
	{ "postgresql://:Canary@h/db", "postgresql://h/db", true },
	{ "postgresql://[::1]:5432,[::2]/db",
	    "postgresql://[::1]:5432,[::2]/db", false },
	/* Without its @. */
	{ "postgresql://u:Canary/h/db", "postgresql://...", true },
	/* A password that should have been encoded. */
	{ "postgresql://u:a@Canary@h/db", "postgresql://...", true },
	{ "postgresql://u:a/Canary@h/db", "postgresql://...", true },
	{ "postgresql://u:a?Canary@h/db", "postgresql://...", true },
	{ "postgresql://u:a#Canary@h/db", "postgresql://...", true },
	{ "postgresql://h/db?user=u&password=Canary", "postgresql://h/db",
	    true },
	{ "postgresql://u@h/db?password=Canary@x/y", "postgresql://...", true },
	{ "postgresql://h/db?sslpassword=Canary", "postgresql://h/db", true },
};

START_TEST(what_is_shown)
{
	const struct shown_url *u;
	char shown[PGURL_SHOWN];

	for (u = urls; u < urls + COUNT(urls); u++) {
		ck_assert(pgurl_is(u->url));
		pgurl_shown(u->url, shown);
		ck_assert_ptr_null(strstr(shown, SECRET));
		ck_assert_str_eq(shown, u->shown);
		ck_assert_int_eq(pgurl_password(u->url), u->password);
	}
}
END_TEST

START_TEST(what_is_none)
{
	ck_assert(!pgurl_is("/var/lib/ctim-relay/intel.db"));
	ck_assert(!pgurl_is("postgresql:/h/db"));
	ck_assert(!pgurl_is(""));
	ck_assert(!pgurl_password("/var/lib/u:p@h"));
}
END_TEST

START_TEST(a_long_one_is_cut)
{
	char url[1024] = "postgresql://u:Canary@", shown[PGURL_SHOWN];

	memset(url + strlen(url), 'h', sizeof(url) - strlen(url) - 1);
	url[sizeof(url) - 1] = '\0';
	pgurl_shown(url, shown);
	ck_assert_uint_eq(strlen(shown), PGURL_SHOWN - 1);
	ck_assert_ptr_null(strstr(shown, SECRET));
}
END_TEST

/* Words of the reason; NULL: taken. */
static const struct refused_url {
	const char *rest, *reason;
} refused_urls[] = { { "u@a,b:2/db", NULL }, { "/db?host=%2Frun&port=1", NULL },
	{ "h/db?sslmode=verify-full&sslrootcert=/ca.pem", NULL },
	{ "h/db?target_session_attrs=read-write&connect_timeout=1", NULL },
	{ "h/db?application_name=password", NULL },
	{ "u:a@b@h/db", "in a password @ is" },
	{ "h/db?password=x", "stands before its @" },
	{ "h/db?sslmode=require&sslpassword=x", "a key's password" },
	{ "h/db?service=x", "service names a file" },
	{ "h/db?a=b&servicefile=x", "service names a file" },
	{ "?service=x", "service names a file" },
	{ "h/db?%73ervice=x", "without %" },
	{ "h/db?gssencmode=require", "Kerberos" },
	{ "h/db?gssencmode=disable", NULL },
	{ "h/db?krbsrvname=x", "Kerberos" },
	{ "h/db?replication", "replication" },
	{ "h/db?load_balance_hosts=random", "in the order of the URL" } };

START_TEST(parameters_that_are_not_taken)
{
	const struct refused_url *u;
	char url[128];
	const char *why;

	for (u = refused_urls; u < refused_urls + COUNT(refused_urls); u++) {
		snprintf(url, sizeof(url), "postgresql://%s", u->rest);
		why = pgurl_refused(url);
		if (u->reason == NULL)
			ck_assert_msg(why == NULL, "%s: %s", url, why);
		else
			ck_assert_msg(
			    why != NULL && strstr(why, u->reason) != NULL,
			    "%s: %s", url, why == NULL ? "taken" : why);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_shown, what_is_none,
		parameters_that_are_not_taken, a_long_one_is_cut };

	return unit_run("pgurl", tests, COUNT(tests));
}
