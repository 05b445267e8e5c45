/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "json/jsonfind_block.h"

#define SMALL 0x20 /* what a small letter has more than a capital */

/* Which of the bytes are what, strings or not. */
struct kinds {
	uint64_t quotes, backslashes, brackets;
};

#if defined(__SSE2__) && !defined(JSONFIND_PORTABLE)

#include <emmintrin.h>

static uint64_t
bits_of(__m128i v)
{
	return (uint64_t)(unsigned)_mm_movemask_epi8(v);
}

/* Brackets differ from braces in 0x20 only: [ and { are 0x5b and 0x7b, ] and }
 * are 0x5d and 0x7d. */
static struct kinds
jsonfind_block_look(const char *p)
{
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i small = _mm_set1_epi8(SMALL);
	const __m128i open = _mm_set1_epi8('{');
	const __m128i shut = _mm_set1_epi8('}');
	struct kinds k = { 0 };
	__m128i v, low;
	int at;

	for (at = 0; at < JSONFIND_BLOCK; at += 16) {
		memcpy(&v, p + at, sizeof(v));
		low = _mm_or_si128(v, small);
		k.quotes |= bits_of(_mm_cmpeq_epi8(v, quote)) << at;
		k.backslashes |= bits_of(_mm_cmpeq_epi8(v, backslash)) << at;
		k.brackets |= bits_of(_mm_or_si128(_mm_cmpeq_epi8(low, open),
				  _mm_cmpeq_epi8(low, shut)))
		    << at;
	}
	return k;
}

/* Bit i: whether byte i of a block is c but for SMALL, which c has. */
static uint64_t
jsonfind_block_same(const char *p, char c)
{
	const __m128i small = _mm_set1_epi8(SMALL);
	const __m128i wanted = _mm_set1_epi8(c);
	uint64_t same = 0;
	__m128i v;
	int at;

	for (at = 0; at < JSONFIND_BLOCK; at += 16) {
		memcpy(&v, p + at, sizeof(v));
		v = _mm_cmpeq_epi8(_mm_or_si128(v, small), wanted);
		same |= bits_of(v) << at;
	}
	return same;
}

#else

#include <endian.h>

#define ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* A bit for each of the eight bytes of v that equals the byte: 0x80 in each one
 * that is zero after the exclusive or, without carries between bytes, and then
 * the multiplication brings those bits together. */
static uint64_t
equal(uint64_t v, unsigned char byte)
{
	v ^= ALL(byte);
	v = ~(((v & ALL(0x7f)) + ALL(0x7f)) | v | ALL(0x7f));
	return (v >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static struct kinds
jsonfind_block_look(const char *p)
{
	struct kinds k = { 0 };
	uint64_t v, low;
	int at;

	for (at = 0; at < JSONFIND_BLOCK; at += 8) {
		memcpy(&v, p + at, sizeof(v));
		v = le64toh(v);
		low = v | ALL(SMALL);
		k.quotes |= equal(v, '"') << at;
		k.backslashes |= equal(v, '\\') << at;
		k.brackets |= (equal(low, '{') | equal(low, '}')) << at;
	}
	return k;
}

static uint64_t
jsonfind_block_same(const char *p, char c)
{
	uint64_t same = 0, v;
	int at;

	for (at = 0; at < JSONFIND_BLOCK; at += 8) {
		memcpy(&v, p + at, sizeof(v));
		same |= equal(le64toh(v) | ALL(SMALL), (unsigned char)c) << at;
	}
	return same;
}

#endif

/*
 * The bytes that an odd run of backslashes stands before.  Adding the starts of
 * the runs that begin at odd places to the backslashes carries through them, so
 * that the bit behind a run tells whether its end lies at an odd distance.
 */
static uint64_t
jsonfind_block_escaped(uint64_t backslashes, uint64_t *carry)
{
	const uint64_t even = UINT64_C(0x5555555555555555);
	uint64_t behind, starts, sum;

	if (backslashes == 0) {
		behind = *carry;
		*carry = 0;
		return behind;
	}
	backslashes &= ~*carry;
	behind = backslashes << 1 | *carry;
	starts = backslashes & ~even & ~behind;
	*carry = __builtin_add_overflow(starts, backslashes, &sum) ? 1 : 0;
	return (even ^ sum << 1) & behind;
}

/* Bit i: whether an odd number of bits up to i, with it, is set. */
static uint64_t
parity(uint64_t bits)
{
	bits ^= bits << 1;
	bits ^= bits << 2;
	bits ^= bits << 4;
	bits ^= bits << 8;
	bits ^= bits << 16;
	return bits ^ bits << 32;
}

void
jsonfind_block(struct jsonfind_carry *carry, const char *p, unsigned n,
    struct jsonfind_bits *bits)
{
	struct kinds k = jsonfind_block_look(p);
	uint64_t dead = jsonfind_block_escaped(k.backslashes, &carry->escaped);
	uint64_t string = parity(k.quotes & ~dead) ^ carry->string;

	assert(n > 0 && n <= JSONFIND_BLOCK);
	if (n < JSONFIND_BLOCK)
		carry->escaped = dead >> n & 1;
	carry->string = 0 - (string >> 63);
	bits->brackets = k.brackets & ~string;
	bits->backslashes = k.backslashes;
}

const char *
jsonfind_caseless(const char *p, const char *end, const char *word, size_t n)
{
	const char first = (char)(word[0] | SMALL);
	const char last = (char)(word[n - 1] | SMALL);
	uint64_t places;
	const char *at;

	assert(n > 0 && p <= end);
	for (; (size_t)(end - p) >= n - 1 + JSONFIND_BLOCK;
	     p += JSONFIND_BLOCK) {
		places = jsonfind_block_same(p, first) &
		    jsonfind_block_same(p + n - 1, last);
		for (; places != 0; places &= places - 1) {
			at = p + __builtin_ctzll(places);
			if (strncasecmp(at, word, n) == 0)
				return at;
		}
	}
	for (; (size_t)(end - p) >= n; p++)
		if (strncasecmp(p, word, n) == 0)
			return p;
	return end;
}
