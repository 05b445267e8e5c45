/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "cache/seal.h"
#include "conf/conf.h"
#include "tests/unit/unit.h"

/* Made with another implementation: key 0…31, name 100…131, nonce 0…11. */
static const unsigned char known[] = { 0x01, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,
	0x00, 0x05, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
	0x0a, 0x0b, 0x31, 0x63, 0xba, 0x6e, 0xa0, 0x78, 0x85, 0x34, 0xf7, 0xa3,
	0xd0, 0x1e, 0xed, 0xcc, 0x7c, 0xee, 0x2f, 0xd6, 0xf5, 0x37, 0x37 };
static const int64_t ends = (1LL << 44) + 5;
static unsigned char key[SEAL_KEY], name[SEAL_NAME];

static void
fill(void)
{
	size_t i;

	for (i = 0; i < SEAL_KEY; i++)
		key[i] = (unsigned char)i;
	for (i = 0; i < SEAL_NAME; i++)
		name[i] = (unsigned char)(100 + i);
}

START_TEST(the_format_is_what_the_header_says)
{
	struct seal s = { .key = key, .name = name };
	struct buf out;

	fill();
	buf_init(&out, 100);
	ck_assert(seal_open(&s, (const char *)known, sizeof(known), &out));
	ck_assert_str_eq(out.data, "value");
	ck_assert_int_eq(s.ends, ends);
	buf_free(&out);
}
END_TEST

START_TEST(every_bit_counts)
{
	unsigned char bad[sizeof(known) + 1] = { 0 };
	struct seal s = { .key = key, .name = name };
	struct buf out;
	size_t i;

	fill();
	buf_init(&out, 100);
	for (i = 0; i < 8 * sizeof(known); i++) {
		memcpy(bad, known, sizeof(known));
		bad[i / 8] ^= (unsigned char)(1U << i % 8);
		ck_assert_msg(
		    !seal_open(&s, (const char *)bad, sizeof(known), &out),
		    "bit %zu", i);
		ck_assert_uint_eq(out.len, 0);
	}
	memcpy(bad, known, sizeof(known));
	ck_assert(!seal_open(&s, (const char *)bad, sizeof(bad), &out));
	for (i = 0; i < sizeof(known); i++)
		ck_assert(!seal_open(&s, (const char *)known, i, &out));
	key[31] ^= 1;
	ck_assert(!seal_open(&s, (const char *)known, sizeof(known), &out));
	key[31] ^= 1;
	name[0] ^= 1;
	ck_assert(!seal_open(&s, (const char *)known, sizeof(known), &out));
	buf_free(&out);
}
END_TEST

START_TEST(what_is_sealed_opens_and_is_never_the_same)
{
	static const char *const values[] = { "", "x", "value" };
	struct seal s = { key, name, ends };
	struct buf a, b, out;
	size_t i;

	fill();
	buf_init(&a, 100);
	buf_init(&b, 100);
	buf_init(&out, 5);
	for (i = 0; i < COUNT(values); i++) {
		buf_reset(&a);
		buf_reset(&b);
		buf_reset(&out);
		ck_assert_int_eq(
		    seal_close(&s, values[i], strlen(values[i]), &a), 0);
		ck_assert_int_eq(
		    seal_close(&s, values[i], strlen(values[i]), &b), 0);
		ck_assert_uint_eq(a.len, strlen(values[i]) + SEAL_MORE);
		ck_assert_mem_ne(a.data, b.data, a.len);
		s.ends = 0;
		ck_assert(seal_open(&s, a.data, a.len, &out));
		ck_assert_str_eq(out.data, values[i]);
		ck_assert_int_eq(s.ends, ends);
	}
	/* What does not fit leaves nothing behind. */
	buf_free(&a);
	buf_init(&a, 5 + SEAL_MORE - 1);
	ck_assert_int_eq(seal_close(&s, "value", 5, &a), -1);
	ck_assert_uint_eq(a.len, 0);
	buf_free(&a);
	buf_free(&b);
	buf_free(&out);
}
END_TEST

START_TEST(keys_are_derived_from_what_is_configured)
{
	/* RFC 5869 with SHA-256, no salt, "ctim-relay cache 1", by another
	 * implementation. */
	static const unsigned char derived[] = { 0x56, 0x4b, 0xc5, 0xe7, 0x4a,
		0xdf, 0x83, 0x54, 0xb8, 0x54, 0xde, 0xf2, 0x67, 0x3c, 0x03,
		0x40, 0xd6, 0x9f, 0xeb, 0xf9, 0xa0, 0x89, 0xfe, 0xe2, 0x18,
		0x7e, 0x84, 0xaa, 0x3e, 0xf9, 0x68, 0x56 };
	char one[] = "a secret that only these gateways have";
	char two[] = "another that they had before, of long ago";
	struct conf conf = { .ttl = 0 };
	struct seal_keys keys;

	ck_assert_int_eq(seal_keys(&conf, &keys), 0);
	ck_assert_uint_eq(keys.n, 0);
	conf.secret_key = one;
	conf.secret_key_previous = two;
	ck_assert_int_eq(seal_keys(&conf, &keys), 0);
	ck_assert_uint_eq(keys.n, 2);
	ck_assert_mem_eq(keys.key[0], derived, SEAL_KEY);
	ck_assert_mem_ne(keys.key[1], derived, SEAL_KEY);
	conf.cache_key = two;
	ck_assert_int_eq(seal_keys(&conf, &keys), 0);
	ck_assert_uint_eq(keys.n, 1);
	ck_assert_mem_ne(keys.key[0], derived, SEAL_KEY);
	conf.secret_key = conf.secret_key_previous = NULL;
	ck_assert_int_eq(seal_keys(&conf, &keys), 0);
	ck_assert_uint_eq(keys.n, 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_format_is_what_the_header_says,
		every_bit_counts, what_is_sealed_opens_and_is_never_the_same,
		keys_are_derived_from_what_is_configured };

	return unit_run("seal", tests, COUNT(tests));
}
