/* SPDX-License-Identifier: MIT */
/* Tables and JSON as feeds publish them: which column is the indicator, and what
 * the others say of it. */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "store/store_write.h"
#include "tests/unit/feed_say.h"

#define MD5 "d8414d743778cae103c15461200ec64d"

static char feed_table_case[1U << 16];

/* Reads a case into feed_table_case; returns how many bytes it has. */
static size_t
feed_table_load(const char *folder, const char *name)
{
	char path[1024];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_msg((f = fopen(path, "r")) != NULL, "%s", path);
	n = fread(feed_table_case, 1, sizeof(feed_table_case) - 1, f);
	fclose(f);
	feed_table_case[n] = '\0';
	return n;
}

/* Each file of tests/cases/feeds/tables: what the feed says, a line "%", the
 * feed. */
START_TEST(published_feeds)
{
	const struct feed_options o = { .format = FEED_AUTO };
	char folder[512];
	struct dirent *entry;
	size_t n, played = 0;
	struct buf others;
	char *feed;
	DIR *dir;

	buf_init(&others, 1U << 20);

	snprintf(folder, sizeof(folder), "%s/tests/cases/feeds/tables",
	    getenv("srcdir") != NULL ? getenv("srcdir") : ".");
	ck_assert_msg((dir = opendir(folder)) != NULL, "%s", folder);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		n = feed_table_load(folder, entry->d_name);
		feed = feed_table_case;
		if (strncmp(feed, "%\n", 2) != 0) {
			ck_assert_msg((feed = strstr(feed, "\n%\n")) != NULL,
			    "%s", entry->d_name);
			*++feed = '\0';
		}
		feed += 2;
		feed_say(feed, n - (size_t)(feed - feed_table_case), &o);
		if (strcmp(feed_said.data, feed_table_case) != 0)
			buf_addf(&others, "%s says\n%s%%\n", entry->d_name,
			    feed_said.data);
		played++;
	}
	closedir(dir);
	ck_assert_msg(others.len == 0, "%s", others.data);
	buf_free(&others);
	ck_assert_uint_gt(played, 100);
}
END_TEST

struct table_case {
	const char *feed, *says;
};

static void
table_try(
    const struct table_case *cases, size_t n, const struct feed_options *o)
{
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_str_eq(
		    feed_say(cases[i].feed, strlen(cases[i].feed), o),
		    cases[i].says);
}

START_TEST(columns_that_are_named)
{
	static const struct feed_column both = { FEED_VALUE, "url,host" },
					second = { FEED_VALUE, "2" },
					typo = { FEED_REASON, "reasom" };
	static const struct table_case named[] = {
		{ "url,host,x\nhttp://a.example/x,a.example,1\n",
		    "2 url http://a.example/x\n2 domain a.example\n" },
		{ "[{\"host\":\"a.example\",\"url\":\"http://a.example/x\"}]",
		    "1 url http://a.example/x\n1 domain a.example\n" }
	};
	static const struct table_case numbered[] = {
		{ "1,192.0.2.1\n2,192.0.2.2\n",
		    "1 ip 192.0.2.1\n2 ip 192.0.2.2\n" },
		{ "colour,what\nred,192.0.2.1\n", "2 ip 192.0.2.1\n" }
	};
	static const struct table_case mistyped[] = {
		{ "ip,reason\n192.0.2.1,x\n",
		    "= there is no column \"reasom\"; the header has: ip, "
		    "reason\n" },
		{ "[{\"ip\":\"192.0.2.1\",\"reason\":\"x\"}]",
		    "1 ip 192.0.2.1\n"
		    "= there is no member \"reasom\" in any object\n" }
	};

	table_try(named, COUNT(named),
	    &(struct feed_options){ .columns = &both, .n_columns = 1 });
	table_try(numbered, COUNT(numbered),
	    &(struct feed_options){ .columns = &second, .n_columns = 1 });
	table_try(mistyped, COUNT(mistyped),
	    &(struct feed_options){ .columns = &typo, .n_columns = 1 });
}
END_TEST

/* Times from now, as CrowdSec has them: "3h59m12.1s". */
START_TEST(durations_count_from_now)
{
	static const char *const feeds[] = {
		"[{\"duration\":\"1h0m30s\",\"scope\":\"Ip\",\"type\":\"ban\","
		"\"value\":\"192.0.2.1\"}]",
		"ip,expiration\nIp:192.0.2.1,1h0m30.5s\n"
	};
	const struct feed_options o = { .format = FEED_AUTO };
	long long begin, end, x;
	const char *at;
	size_t i;

	for (i = 0; i < COUNT(feeds); i++) {
		begin = (long long)time(NULL);
		feed_say(feeds[i], strlen(feeds[i]), &o);
		end = (long long)time(NULL);
		ck_assert_msg(strncmp(strchr(feed_said.data, ' '),
				  " ip 192.0.2.1 ", 14) == 0,
		    "%s", feed_said.data);
		ck_assert_ptr_nonnull(at = strstr(feed_said.data, " x="));
		x = strtoll(at + 3, NULL, 10);
		ck_assert_msg(x >= begin + 3630 && x <= end + 3630, "%lld", x);
	}
}
END_TEST

/* Behind the rows that are looked at, and when these are very long. */
START_TEST(what_comes_later)
{
	const struct feed_options o = { .format = FEED_AUTO };
	struct buf feed, want;
	unsigned i;

	buf_init(&feed, 64U << 20);
	buf_init(&want, 64U << 20);
	for (i = 1; i <= 1500; i++) {
		buf_addf(
		    &feed, "{\"ip\":\"192.0.2.%u\",\"n\":%u}\n", i % 250, i);
		buf_addf(&want, "%u ip 192.0.2.%u\n", i, i % 250);
	}
	buf_adds(&feed, "{\"sha256\":null,\"md5\":\"" MD5 "\"}\n{\"n\":2}\n");
	buf_adds(&want, "1501 md5 " MD5 "\n1502 ! it has no value\n");
	ck_assert_str_eq(feed_say(feed.data, feed.len, &o), want.data);
	buf_reset(&feed);
	buf_reset(&want);
	buf_adds(&feed, "ip,reason\n");
	for (i = 2; i <= 300; i++) {
		buf_addf(&feed, "192.0.2.%u,\"%*s\"\n", i % 250, 60000, "x");
		buf_addf(&want, "%u ip 192.0.2.%u (x)\n", i, i % 250);
	}
	buf_adds(&feed, "192.0.2.1,bad \xff\n\xff.example,x\n");
	buf_adds(&want,
	    "301 ip 192.0.2.1 (bad \xc3\xbf)\n302 ! it is not UTF-8\n"
	    "* texts of 1 row were no UTF-8, and were read as Windows-1252, "
	    "the first in line 301\n");
	ck_assert_str_eq(feed_say(feed.data, feed.len, &o), want.data);
	buf_free(&feed);
	buf_free(&want);
}
END_TEST

/* A column with few different values never is the value, whatever it is called;
 * a sheet with a column for each type is not sparse for that. */
START_TEST(few_different_values)
{
	const struct feed_options o = { .format = FEED_AUTO };
	struct buf feed;
	unsigned i;

	buf_init(&feed, 1U << 20);
	buf_adds(&feed, "sensor_ip,ip,source ip,md5\n");
	for (i = 0; i < 400; i++)
		buf_addf(&feed, "203.0.113.%u,203.0.113.5,192.0.2.%u,%s\n",
		    i % 5, i % 250, i == 300 ? MD5 : "");
	feed_say(feed.data, feed.len, &o);
	ck_assert_ptr_nonnull(strstr(feed_said.data, "2 ip 192.0.2.0\n"));
	ck_assert_ptr_nonnull(strstr(feed_said.data, "302 md5 " MD5 "\n"));
	ck_assert_ptr_null(strstr(feed_said.data, "203.0.113."));
	buf_free(&feed);
}
END_TEST

#define NOTE(line)                                                        \
	"* texts of 1 row were no UTF-8, and were read as Windows-1252, " \
	"the first in line " line "\n"

/* What people wrote in Windows-1252 costs no row. */
START_TEST(texts_that_are_no_utf8)
{
	static const struct table_case cases[] = {
		{ "ip,comment,severity\n192.0.2.1,\xc4rger,\xe9\n",
		    "2 ip 192.0.2.1 (\xc3\x84rger)\n"
		    "* severity: 1 cell was not understood and left out, the "
		    "first in line 2: \"\xc3\xa9\"\n" NOTE("2") },
		{ "{\"ip\":\"192.0.2.2\"}\n{\"ip\":\"192.0.2.1\",\"comment\":"
		  "\"\xc4\\u00dfger\"}\n",
		    "1 ip 192.0.2.2\n2 ip 192.0.2.1 "
		    "(\xc3\x84\xc3\x9fger)\n" NOTE("2") },
		{ "{\"ip\":\"192.0.2.2\"}\n{\"ip\":\"192.0.2.\xb2\"}\n",
		    "1 ip 192.0.2.2\n2 ! it is not UTF-8\n" },
		{ "{\"ip\":\"192.0.2.2\"}\n"
		  "{\"ip\":\"192.0.2.1\",\"n\":\"\xe9\",}\n",
		    "1 ip 192.0.2.2\n"
		    "2 ! it is no JSON: no string where one must be\n" }
	};

	table_try(cases, COUNT(cases), &(struct feed_options){ 0 });
}
END_TEST

/* A reference that no store keeps costs itself. */
START_TEST(long_references)
{
	const struct feed_options o = { .format = FEED_AUTO };
	struct buf feed;

	buf_init(&feed, 1U << 20);
	buf_addf(&feed,
	    "ip,reference\n192.0.2.1,https://e.example/%0*d\n"
	    "192.0.2.2,https://e.example/%0*d\n",
	    STORE_URL - 18, 1, STORE_URL - 17, 1);
	feed_say(feed.data, feed.len, &o);
	ck_assert_ptr_nonnull(
	    strstr(feed_said.data, "2 ip 192.0.2.1 u=https://e.example/000"));
	ck_assert_ptr_nonnull(strstr(feed_said.data, "\n3 ip 192.0.2.2\n"));
	ck_assert_ptr_nonnull(strstr(feed_said.data,
	    "* reference: 1 cell was not understood and left out, the first "
	    "in line 3: \"https://e.example/00"));
	buf_free(&feed);
}
END_TEST

START_TEST(more_members_than_there_may_be)
{
	const struct feed_options o = { .format = FEED_AUTO };
	struct buf feed;
	unsigned i;

	buf_init(&feed, 1U << 20);
	buf_adds(&feed, "{\"ip\":\"192.0.2.1\"");
	for (i = 0; i < 300; i++)
		buf_addf(&feed, ",\"m%u\":%u", i, i);
	buf_adds(&feed, "}\n");
	ck_assert_str_eq(feed_say(feed.data, feed.len, &o),
	    "1 ip 192.0.2.1\n"
	    "* members beyond the first 256 names were not looked at\n");
	buf_free(&feed);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { published_feeds, columns_that_are_named,
		durations_count_from_now, what_comes_later,
		few_different_values, more_members_than_there_may_be,
		texts_that_are_no_utf8, long_references };

	return unit_run("feed_table", tests, COUNT(tests));
}
