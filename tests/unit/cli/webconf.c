/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/webconf/webconf.h"
#include "tests/unit/unit.h"

/* What `name` is where the directive `here` stands; NULL: nothing. */
struct expected {
	const char *text, *name, *value;
};

static const struct expected nginx[] = { { "a 1; here;", "a", "1" },
	{ "here; a 1;", "a", "1" }, { "a 1; b { here; }", "a", "1" },
	{ "a 1; b { a 2; here; }", "a", "2" },
	{ "a 1; b { a 2; } c { here; }", "a", "1" },
	{ "a 1; b { c { here; } a 2; }", "a", "2" },
	{ "b { here; } a 1;", "a", "1" }, { "a 1; a 2; here;", "a", "2" },
	{ "a \"x y\" 'z;';here;", "a", "x y z;" },
	{ "a \"\\\"{\"; here;", "a", "\"{" },
	{ "a ${b}c; here;", "a", "${b}c" },
	{ "#a 1; {\na 2;#}\nhere;", "a", "2" },
	{ "a\n\t1\n\t2\n;\nhere;", "a", "1 2" }, { "a; here;", "a", "" },
	{ "b { a 1; } here;", "a", NULL }, { "} } a 1; here;", "a", "1" },
	{ "here; b { a 1;", "a", NULL }, { "A 1; here;", "a", "1" },
	{ "\"\"\"\" \"\"; here;", "a", NULL }, { "here; a 1", "a", NULL },
	{ "here; a 'b", "a", NULL }, { "here; a \\", "a", NULL },
	{ "here; include /nowhere/x*; a 1;", "a", "1" } };

static const struct expected apache[] = { { "A 1\nhere\n", "a", "1" },
	{ "A 1\n<X y>\nhere\n</X>\n", "A", "1" },
	{ "A 1\n<X y>\nA 2\nhere\n</X>", "A", "2" },
	{ "A 1\n<X>\nA 2\n</X>\nhere", "A", "1" },
	{ "A 1 \\\n  2\nhere", "A", "1 2" },
	{ "A \"x  y\" 'z'\nhere", "A", "x  y z" },
	{ "  # A 1\nhere", "A", NULL },
	{ "Define N v\nA /${N}/${M}\nhere", "A", "/v/${M}" },
	{ "Define N v\nUnDefine N\nA ${N}\nhere", "A", "${N}" },
	{ "Define N v\nDefine N w\nA ${N}\nhere", "A", "w" },
	{ "<IfDefine N>\nA 1\n</IfDefine>\nhere", "A", NULL },
	{ "<IfDefine !N>\nA 1\n</IfDefine>\nhere", "A", "1" },
	{ "Define N\n<IfDefine N>\nA 1\n</IfDefine>\nhere", "A", "1" },
	{ "<IfDefine N>\n<IfDefine !N>\nA 1\n</IfDefine>\nA 2\n</IfDefine>\n"
	  "A 3\nhere",
	    "A", "3" },
	{ "<IfModule m.c>\nA 1\n</IfModule>\nhere", "A", "1" },
	{ "</X>\n</IfDefine>\n<\n</\nA 1\nhere", "A", "1" },
	{ "A b\v\fc \r d\nhere", "A", "b c d" },
	{ "A 1\r\nhere\r\n", "A", "1" }, { "A ${\nhere", "A", "${" },
	{ "here\nA 1\\", "A", "1\\" } };

static char path[] = "/tmp/webconf-test-XXXXXX";

static void
put(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ne(fputs(text, f), EOF);
	ck_assert_int_eq(fclose(f), 0);
}

static void
check_value(const struct expected *e, enum webconf_kind kind)
{
	const struct webconf_node *n;
	const char *value;
	struct webconf *w;
	char why[WEBCONF_WHY];

	put(e->text);
	w = webconf_read(path, kind, why);
	ck_assert_msg(w != NULL, "%s: %s", e->text, why);
	for (n = w->first; n != NULL && strcmp(n->name, "here") != 0;
	     n = n->next)
		;
	ck_assert_msg(n != NULL, "%s", e->text);
	value = webconf_value(w, n, e->name);
	if (e->value == NULL)
		ck_assert_msg(value == NULL, "%s: %s", e->text, value);
	else
		ck_assert_msg(value != NULL && strcmp(value, e->value) == 0,
		    "%s: %s", e->text, value == NULL ? "none" : value);
	webconf_free(w);
}

START_TEST(values_of_nginx)
{
	size_t i;

	for (i = 0; i < COUNT(nginx); i++)
		check_value(&nginx[i], WEBCONF_NGINX);
}
END_TEST

START_TEST(values_of_apache)
{
	size_t i;

	for (i = 0; i < COUNT(apache); i++)
		check_value(&apache[i], WEBCONF_APACHE);
}
END_TEST

/* A file that includes itself ends, and lines count on. */
START_TEST(includes)
{
	char text[128], why[WEBCONF_WHY];
	struct webconf *w;
	const struct webconf_node *n;
	size_t count = 0;

	snprintf(text, sizeof(text), "b {\ninclude %s;\na 1;\n}", path);
	put(text);
	w = webconf_read(path, WEBCONF_NGINX, why);
	ck_assert_ptr_nonnull(w);
	for (n = w->first; n != NULL; n = n->next)
		if (strcmp(n->name, "a") == 0) {
			ck_assert_uint_eq(n->line, 3);
			ck_assert_str_eq(n->parent->name, "b");
			count++;
		}
	ck_assert_uint_eq(count, WEBCONF_DEPTH);
	webconf_free(w);
}
END_TEST

START_TEST(no_file)
{
	char why[WEBCONF_WHY];

	ck_assert_ptr_null(webconf_read("/nowhere/x", WEBCONF_NGINX, why));
	ck_assert_str_eq(why, "No such file or directory");
	ck_assert_ptr_null(webconf_read("/tmp", WEBCONF_APACHE, why));
	ck_assert_ptr_null(webconf_read("/dev/zero", WEBCONF_APACHE, why));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { values_of_nginx, values_of_apache,
		includes, no_file };
	int fd = mkstemp(path), status;

	if (fd == -1)
		return EXIT_FAILURE;
	(void)close(fd);
	status = unit_run("webconf", tests, COUNT(tests));
	(void)unlink(path);
	return status;
}
