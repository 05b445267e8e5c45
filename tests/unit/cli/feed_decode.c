/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "cli/feed/feed_decode.h"
#include "tests/unit/unit.h"

/* What the bytes are as lines, with "= " and the error at the end of one; read
 * in pieces of so many bytes. */
static const char *
lines_of(const void *bytes, size_t n, size_t piece)
{
	static struct buf out;
	struct feed_decode *d;
	char room[4096];
	size_t got;
	FILE *f;

	if (out.max == 0)
		buf_init(&out, 256U << 20);
	buf_reset(&out);
	f = n == 0 ? fopen("/dev/null", "r") :
		     fmemopen((void *)(uintptr_t)bytes, n, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(d = feed_decode_new(f));
	while ((got = feed_decode_read(d, room, piece)) > 0)
		ck_assert_int_eq(buf_add(&out, room, got), 0);
	if (feed_decode_error(d) != NULL)
		buf_addf(&out, "= %s", feed_decode_error(d));
	ck_assert_uint_eq(feed_decode_read(d, room, piece), 0);
	feed_decode_free(d);
	fclose(f);
	return out.data;
}

/* Adds a member of gzip. */
static void
pack(struct buf *to, const char *text, size_t n)
{
	unsigned char out[4096];
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)text,
		.avail_in = (unsigned)n };
	int code;

	ck_assert_int_eq(
	    deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	do {
		z.next_out = out;
		z.avail_out = sizeof(out);
		code = deflate(&z, Z_FINISH);
		ck_assert_int_eq(
		    buf_add(to, out, sizeof(out) - z.avail_out), 0);
	} while (code == Z_OK);
	ck_assert_int_eq(code, Z_STREAM_END);
	deflateEnd(&z);
}

START_TEST(line_ends)
{
	static const char *const cases[][2] = { { "", "" }, { "a", "a" },
		{ "a\nb\n", "a\nb\n" }, { "a\r\nb\r\n", "a\nb\n" },
		{ "a\rb\r", "a\nb\n" }, { "a\r\rb", "a\n\nb" },
		{ "a\r\r\nb", "a\nb" }, { "\r\r\n\r", "\n\n" },
		{ "a\n\rb", "a\n\nb" } };
	size_t i, piece;

	for (i = 0; i < COUNT(cases); i++)
		for (piece = 1; piece < 4; piece++)
			ck_assert_str_eq(
			    lines_of(cases[i][0], strlen(cases[i][0]), piece),
			    cases[i][1]);
}
END_TEST

START_TEST(utf16)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *lines;
	} cases[] = { { "\xff\xfe", 2, "" }, { "\xfe\xff", 2, "" },
		{ "\xff\xfe"
		  "a\0\r\0\n\0\xfc\0",
		    10, "a\n\xc3\xbc" },
		{ "\xfe\xff\0a\0\r\x20\xac", 8, "a\n\xe2\x82\xac" },
		{ "\xff\xfe\x3d\xd8\x00\xde"
		  "b\0",
		    8,
		    "\xf0\x9f\x98\x80"
		    "b" },
		{ "\xfe\xff\xdc\x00\0b\xd8\x00\0c", 10,
		    "\xef\xbf\xbd"
		    "b\xef\xbf\xbd"
		    "c" },
		{ "\xff\xfe"
		  "a\0b",
		    5, "a= it is UTF-16, and was cut short" },
		{ "\xff\xfe"
		  "a\0\x3d\xd8",
		    6, "a= it is UTF-16, and was cut short" } };
	size_t i, piece;

	for (i = 0; i < COUNT(cases); i++)
		for (piece = 1; piece < 4; piece++)
			ck_assert_str_eq(
			    lines_of(cases[i].bytes, cases[i].n, piece),
			    cases[i].lines);
}
END_TEST

START_TEST(gzip)
{
	static const char wide[] = "\xff\xfe"
				   "a\0\r\0\n\0";
	struct buf b;
	size_t piece, whole;

	buf_init(&b, 1U << 20);
	pack(&b, "a\r\nb\n", 5);
	whole = b.len;
	for (piece = 1; piece < 4; piece++)
		ck_assert_str_eq(lines_of(b.data, b.len, piece), "a\nb\n");
	/* Cut, at every byte behind its mark. */
	for (piece = 2; piece < whole; piece++)
		ck_assert_ptr_nonnull(strstr(lines_of(b.data, piece, 7),
		    "= it is compressed, and was cut short"));
	/* Members one after another, one of them empty. */
	pack(&b, "", 0);
	pack(&b, "c", 1);
	ck_assert_str_eq(lines_of(b.data, b.len, 7), "a\nb\nc");
	buf_add(&b, "\0\0\0\0", 4);
	ck_assert_str_eq(lines_of(b.data, b.len, 7), "a\nb\nc");
	buf_addc(&b, 'x');
	ck_assert_str_eq(lines_of(b.data, b.len, 7),
	    "a\nb\nc= there is something else behind the end of what is "
	    "compressed with gzip");
	b.data[whole - 6] ^= 1;
	ck_assert_str_eq(lines_of(b.data, b.len, 7),
	    "= it is compressed with gzip, and damaged");
	buf_reset(&b);
	pack(&b, wide, sizeof(wide) - 1);
	ck_assert_str_eq(lines_of(b.data, b.len, 7), "a\n");
	buf_free(&b);
}
END_TEST

/* Something small that fills a disk is told from a list. */
START_TEST(bomb)
{
	struct buf b, zeros;
	char *text;

	buf_init(&b, 1U << 20);
	buf_init(&zeros, 80U << 20);
	text = buf_room(&zeros, 70U << 20);
	memset(text, '0', 70U << 20);
	pack(&b, text, 70U << 20);
	ck_assert_uint_lt(b.len, 100000);
	ck_assert_ptr_nonnull(strstr(lines_of(b.data, b.len, 4096),
	    "= it is compressed and more than 200 times as large unpacked"));
	buf_reset(&b);
	pack(&b, text, 60U << 20);
	ck_assert_uint_eq(strlen(lines_of(b.data, b.len, 4096)), 60U << 20);
	buf_free(&b);
	buf_free(&zeros);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { line_ends, utf16, gzip, bomb };

	return unit_run("feed_decode", tests, COUNT(tests));
}
