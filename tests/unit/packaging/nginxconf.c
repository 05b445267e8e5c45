/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "packaging/container/nginxconf.h"
#include "tests/unit/unit.h"

static const struct nginxconf known = { .run = "/run/x",
	.port = 9090,
	.ipv6 = true,
	.log = true,
	.deadline = 25,
	.max_body = 1 << 20,
	.location = "fastcgi_pass ctim_relay;\n" };

static int
fill(const struct nginxconf *c, const char *template, char *out, size_t size,
    char *why)
{
	struct buf b;

	buf_fixed(&b, out, size);
	return nginxconf_fill(c, template, &b, why);
}

START_TEST(words_are_filled_in)
{
	struct nginxconf c = known;
	char out[500], why[NGINXCONF_WHY];

	ck_assert_int_eq(
	    fill(&c,
		"a@b @ pid @RUN@/p;\n@LISTEN@ @ACCESS_LOG@ @READ_TIMEOUT@ "
		"@MAX_BODY@ @LOCATION@@RUN@",
		out, sizeof(out), why),
	    0);
	ck_assert_str_eq(out,
	    "a@b @ pid /run/x/p;\nlisten 9090; listen [::]:9090; /dev/stdout "
	    "30s "
	    "2097152 fastcgi_pass ctim_relay;\n/run/x");
	c.ipv6 = c.log = false;
	ck_assert_int_eq(
	    fill(&c, "@LISTEN@@ACCESS_LOG@", out, sizeof(out), why), 0);
	ck_assert_str_eq(out, "listen 9090;off");
}
END_TEST

START_TEST(what_the_template_sets_is_not_set_twice)
{
	struct nginxconf c = known;
	char out[500], why[NGINXCONF_WHY];

	c.location = "a 1;\nclient_max_body_size 2m;\n"
		     "client_max_body_sizes 3;\n"
		     "fastcgi_read_timeout    30s;\n# fastcgi_read_timeout \nb";
	ck_assert_int_eq(fill(&c, "@LOCATION@\n", out, sizeof(out), why), 0);
	ck_assert_str_eq(out,
	    "a 1;\nclient_max_body_sizes 3;\n# fastcgi_read_timeout \nb\n");
}
END_TEST

START_TEST(what_cannot_be_filled_in_is_told)
{
	char out[20], why[NGINXCONF_WHY];

	ck_assert_int_eq(fill(&known, "a @RUM@;", out, sizeof(out), why), -1);
	ck_assert_str_eq(why, "there is no word @RUM@");
	ck_assert_int_eq(
	    fill(&known, "0123456789012345678901234", out, sizeof(out), why),
	    -1);
	ck_assert_str_eq(why, "it is too long");
}
END_TEST

START_TEST(files_are_read_whole_or_not)
{
	struct buf b;
	char why[NGINXCONF_WHY];

	buf_init(&b, 100);
	ck_assert_int_eq(nginxconf_read("/nowhere/x", &b, why), -1);
	ck_assert_str_eq(why, "/nowhere/x: No such file or directory");
	ck_assert_int_eq(nginxconf_read("/dev", &b, why), -1);
	ck_assert_str_eq(why, "/dev: it is a directory, not a file");
	ck_assert_int_eq(nginxconf_read("/proc/self/maps", &b, why), -1);
	ck_assert_str_eq(why, "/proc/self/maps: cannot be read whole");
	buf_reset(&b);
	ck_assert_int_eq(nginxconf_read("/proc/sys/kernel/ostype", &b, why), 0);
	ck_assert_str_eq(b.data, "Linux\n");
	buf_free(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { words_are_filled_in,
		what_the_template_sets_is_not_set_twice,
		what_cannot_be_filled_in_is_told, files_are_read_whole_or_not };

	return unit_run("nginxconf", tests, COUNT(tests));
}
