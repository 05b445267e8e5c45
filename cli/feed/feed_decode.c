/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/feed/feed_decode.h"

#define RAW   (64U << 10) /* bytes that are read at once */
#define UNITS (16U << 10) /* bytes of UTF-16 that are turned at once */
#define PLAIN (64U << 10) /* at least UNITS / 2 * 3 */
#define GZIP  (16 + 15)   /* windowBits of inflateInit2() */

struct feed_decode {
	FILE *file;
	const char *error;
	bool looked; /* at the first bytes */
	bool gzip, member;
	bool wide, big; /* UTF-16, and its byte order */
	z_stream z;
	uint64_t packed, unpacked;
	unsigned char raw[RAW]; /* of the file */
	size_t raw_at, raw_n;
	unsigned char plain[PLAIN]; /* unpacked, in UTF-8 */
	size_t at, n;
	uint64_t returns;  /* CR before plain[at] that nobody has seen */
	uint32_t high;     /* the first half of a surrogate pair, or 0 */
	unsigned char odd; /* a byte of UTF-16 whose other half is missing */
	size_t n_odd;      /* 0 or 1: there is one */
};

struct feed_decode *
feed_decode_new(FILE *file)
{
	struct feed_decode *d = calloc(1, sizeof(*d));

	if (d != NULL)
		d->file = file;
	return d;
}

void
feed_decode_free(struct feed_decode *d)
{
	if (d != NULL && d->gzip)
		inflateEnd(&d->z);
	free(d);
}

const char *
feed_decode_error(const struct feed_decode *d)
{
	return d->error;
}

static size_t
decode_fail(struct feed_decode *d, const char *error)
{
	if (d->error == NULL)
		d->error = error;
	return 0;
}

/* Reads on when all that was read is taken; returns how many bytes there are. */
static size_t
decode_raw(struct feed_decode *d)
{
	if (d->raw_at == d->raw_n) {
		errno = 0;
		d->raw_at = 0;
		d->raw_n = fread(d->raw, 1, RAW, d->file);
		d->packed += d->raw_n;
		if (d->raw_n == 0 && ferror(d->file))
			return decode_fail(
			    d, strerror(errno == 0 ? EIO : errno));
	}
	return d->raw_n - d->raw_at;
}

/* Between members: begins the next one; false at the end.  Zeros pad the file to
 * a block of a tape. */
static bool
decode_member(struct feed_decode *d)
{
	bool padded = false;

	while (decode_raw(d) > 0 && d->unpacked > 0 && d->raw[d->raw_at] == 0) {
		d->raw_at++;
		padded = true;
	}
	if (decode_raw(d) == 0)
		return false;
	if (padded || d->raw[d->raw_at] != 0x1f)
		return decode_fail(d,
			   "there is something else behind the end of what is "
			   "compressed with gzip") != 0;
	d->member = inflateReset(&d->z) == Z_OK;
	return d->member;
}

static size_t
decode_bound(struct feed_decode *d, size_t n)
{
	d->unpacked += n;
	if (d->unpacked > FEED_DECODE_MAX)
		return decode_fail(
		    d, "it is compressed and more than 8 GiB unpacked");
	if (d->unpacked > FEED_DECODE_SMALL &&
	    d->unpacked / FEED_DECODE_RATIO > d->packed)
		return decode_fail(d,
		    "it is compressed and more than 200 times as large "
		    "unpacked, which no list is");
	return n;
}

static size_t
decode_inflate(struct feed_decode *d, unsigned char *out, size_t room)
{
	size_t n;
	int code;

	do {
		if (!d->member && !decode_member(d))
			return 0;
		if (decode_raw(d) == 0)
			return decode_fail(
			    d, "it is compressed, and was cut short");
		d->z.next_in = d->raw + d->raw_at;
		d->z.avail_in = (uInt)(d->raw_n - d->raw_at);
		d->z.next_out = out;
		d->z.avail_out = (uInt)room;
		code = inflate(&d->z, Z_NO_FLUSH);
		d->raw_at = d->raw_n - d->z.avail_in;
		n = room - d->z.avail_out;
		if (code == Z_STREAM_END)
			d->member = false;
		else if (code != Z_OK && code != Z_BUF_ERROR)
			return decode_fail(d,
			    code == Z_MEM_ERROR ?
				"memory ran out" :
				"it is compressed with gzip, and damaged");
	} while (n == 0);
	return decode_bound(d, n);
}

/* Unpacked bytes, in the encoding of the file. */
static size_t
decode_bytes(struct feed_decode *d, unsigned char *out, size_t room)
{
	size_t n;

	if (d->gzip)
		return decode_inflate(d, out, room);
	if ((n = decode_raw(d)) > room)
		n = room;
	memcpy(out, d->raw + d->raw_at, n);
	d->raw_at += n;
	return n;
}

static void
decode_put(struct feed_decode *d, uint32_t c)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	int i;

	if (n == 1) {
		d->plain[d->n++] = (unsigned char)c;
		return;
	}
	d->plain[d->n++] = (unsigned char)(lead[n] | (c >> (6 * (n - 1))));
	for (i = n - 2; i >= 0; i--)
		d->plain[d->n++] =
		    (unsigned char)(0x80 | ((c >> (6 * i)) & 0x3f));
}

/* A unit of UTF-16.  Half a pair becomes U+FFFD. */
static void
decode_unit(struct feed_decode *d, uint32_t unit)
{
	if (d->high != 0 && unit >= 0xdc00 && unit < 0xe000) {
		decode_put(
		    d, 0x10000 + ((d->high - 0xd800) << 10) + (unit - 0xdc00));
		d->high = 0;
		return;
	}
	if (d->high != 0)
		decode_put(d, 0xfffd);
	d->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
	if (d->high == 0)
		decode_put(d, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

/* Turns n bytes of UTF-16; an odd one waits for its other half. */
static void
decode_units(struct feed_decode *d, const unsigned char *units, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		decode_unit(d,
		    d->big ? (uint32_t)(units[i] << 8 | units[i + 1]) :
			     (uint32_t)(units[i + 1] << 8 | units[i]));
	d->n_odd = n - i;
	if (d->n_odd > 0)
		d->odd = units[i];
}

/* Looks for the mark of gzip, and, in what is unpacked, for that of UTF-16. */
static void
decode_look(struct feed_decode *d)
{
	unsigned char head[UNITS];
	size_t more, n = 0;

	d->looked = true;
	if (decode_raw(d) >= 2 && d->raw[0] == 0x1f && d->raw[1] == 0x8b) {
		if (inflateInit2(&d->z, GZIP) != Z_OK) {
			decode_fail(d, "memory ran out");
			return;
		}
		d->gzip = d->member = true;
	}
	while (n < 2 && (more = decode_bytes(d, head + n, UNITS - n)) > 0)
		n += more;
	d->big = n >= 2 && head[0] == 0xfe && head[1] == 0xff;
	d->wide = d->big || (n >= 2 && head[0] == 0xff && head[1] == 0xfe);
	if (d->wide)
		decode_units(d, head + 2, n - 2);
	else {
		memcpy(d->plain, head, n);
		d->n = n;
	}
}

/* Adds to plain; false at the end, and where there is enough. */
static bool
decode_more(struct feed_decode *d)
{
	unsigned char units[UNITS];
	size_t n;

	if (!d->wide) {
		d->n = decode_bytes(d, d->plain, PLAIN);
		return false;
	}
	units[0] = d->odd;
	n = decode_bytes(d, units + d->n_odd, UNITS - d->n_odd);
	if (n > 0)
		decode_units(d, units, d->n_odd + n);
	else if (d->n_odd > 0 || d->high != 0)
		decode_fail(d, "it is UTF-16, and was cut short");
	return n > 0;
}

/* Fills plain, all of which is taken; false at the end. */
static bool
decode_fill(struct feed_decode *d)
{
	d->at = d->n = 0;
	if (!d->looked)
		decode_look(d);
	while (d->n == 0 && d->error == NULL && decode_more(d))
		;
	return d->n > 0;
}

/* Hands on CR as LF, when no LF follows them. */
static size_t
decode_returns(struct feed_decode *d, char *out, size_t room)
{
	size_t n = d->returns < room ? (size_t)d->returns : room;

	memset(out, '\n', n);
	d->returns -= n;
	return n;
}

/* Takes bytes up to a CR, and that. */
static size_t
decode_take(struct feed_decode *d, char *out, size_t room)
{
	size_t n = d->n - d->at < room ? d->n - d->at : room;
	unsigned char *cr = memchr(d->plain + d->at, '\r', n);

	if (cr != NULL)
		n = (size_t)(cr - d->plain) - d->at;
	memcpy(out, d->plain + d->at, n);
	d->at += n;
	if (cr != NULL) {
		d->at++;
		d->returns++;
	}
	return n;
}

size_t
feed_decode_read(struct feed_decode *d, char *out, size_t room)
{
	size_t n = 0;

	while (n < room) {
		if (d->at == d->n && (n > 0 || !decode_fill(d)))
			break;
		if (d->returns > 0 && d->plain[d->at] == '\n')
			d->returns = 0;
		if (d->returns > 0 && d->plain[d->at] != '\r')
			n += decode_returns(d, out + n, room - n);
		else
			n += decode_take(d, out + n, room - n);
	}
	if (n == 0 && room > 0 && d->returns > 0 && d->error == NULL)
		n = decode_returns(d, out, room);
	return n;
}
