/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "tests/unit/unit.h"
#include "words/nearest.h"
#include "words/typetitle.h"

START_TEST(what_was_meant)
{
	static const char *const known[] = { "value", "type", "type_name",
		"limit", "key" };
	static const struct {
		const char *written, *meant;
	} rows[] = { { "vlaue", "value" }, { "Value", "value" },
		{ "valeu", "value" }, { "typename", "type_name" },
		{ "typ", "type" }, { "tpye", "type" }, { "kex", "key" },
		{ "limits", "limit" }, { "", NULL }, { "xyz", NULL },
		{ "lmt", "limit" }, { "something", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "a"
		  "aaaaaaaaaaaa",
		    NULL } };
	struct nearest n;
	size_t i, j;

	for (i = 0; i < COUNT(rows); i++) {
		nearest_init(&n, rows[i].written, strlen(rows[i].written));
		for (j = 0; j < COUNT(known); j++)
			nearest_look(&n, known[j]);
		ck_assert_pstr_eq(n.best, rows[i].meant);
	}
}
END_TEST

/* The name need not end where its text ends. */
START_TEST(only_the_bytes_of_the_name_count)
{
	struct nearest n;

	nearest_init(&n, "valu.something", 4);
	nearest_look(&n, "value");
	ck_assert_pstr_eq(n.best, "value");
}
END_TEST

START_TEST(types_as_people_call_them)
{
	static const struct {
		const char *name, *title;
	} rows[] = { { "ip", "IP" }, { "ipv6", "IPv6" }, { "domain", "domain" },
		{ "url", "URL" }, { "email", "email" }, { "md5", "MD5" },
		{ "sha1", "SHA1" }, { "sha256", "SHA256" },
		{ "file_name", "file name" }, { "file_path", "file path" },
		{ "hostname", "hostname" }, { "mutex", "mutex" },
		{ "mac_address", "MAC address" },
		{ "email_messageid", "email message ID" },
		{ "amp_computer_guid", "AMP computer GUID" },
		{ "s1_agent_id", "S1 agent ID" }, { "", "" },
		{ "new_thing", "new thing" } };
	char room[64];
	struct buf b;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		buf_fixed(&b, room, sizeof(room));
		typetitle_add(&b, rows[i].name);
		ck_assert_str_eq(b.data, rows[i].title);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_was_meant,
		only_the_bytes_of_the_name_count, types_as_people_call_them };

	return unit_run("words", tests, COUNT(tests));
}
