/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BUF_FIRST 1024 /* bytes of the first allocation */

static char nothing[1]; /* what data is before anything is added */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .data = nothing, .max = max };
}

void
buf_fixed(struct buf *b, char *room, size_t size)
{
	assert(size > 0);
	room[0] = '\0';
	*b = (struct buf){ .data = room, .cap = size, .max = size - 1 };
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = b->starved = false;
	if (b->cap != 0)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	if (b->cap != 0)
		free(b->data);
	buf_init(b, b->max);
}

void
buf_wipe(struct buf *b)
{
	if (b->cap != 0)
		explicit_bzero(b->data, b->len);
	buf_free(b);
}

/* Makes room for n bytes and a NUL, doubling, so that adding stays linear. */
static int
buf_grow(struct buf *b, size_t n)
{
	size_t need, cap;
	char *data;

	assert(b->len <= b->max && (b->cap == 0 || b->len < b->cap));
	if (n > b->max - b->len || b->max == SIZE_MAX) {
		b->failed = true;
		return -1;
	}
	need = b->len + n + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap == 0 ? BUF_FIRST : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	if ((data = realloc(b->cap == 0 ? NULL : b->data, cap)) == NULL) {
		b->failed = b->starved = true;
		return -1;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	if ((b->cap <= b->len || n >= b->cap - b->len) && buf_grow(b, n) == -1)
		return -1;
	if (n != 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_addc(struct buf *b, char c)
{
	if (b->len + 1 >= b->cap && buf_grow(b, 1) == -1)
		return -1;
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addi(struct buf *b, int64_t n)
{
	char text[24], *p = text + sizeof(text);
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (n < 0)
		*--p = '-';
	return buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

int
buf_vaddf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	int n;
	size_t room;

	va_copy(again, ap);
	room = b->cap > b->len ? b->cap - b->len : 0;
	n = vsnprintf(room == 0 ? NULL : b->data + b->len, room, format, ap);
	if (n >= 0 && (size_t)n >= room) {
		if (room != 0)
			b->data[b->len] = '\0';
		if (buf_grow(b, (size_t)n) == -1)
			n = -1;
		else
			n = vsnprintf(
			    b->data + b->len, b->cap - b->len, format, again);
	}
	va_end(again);
	if (n < 0) {
		b->failed = true;
		return -1;
	}
	b->len += (size_t)n;
	return 0;
}

int
buf_addf(struct buf *b, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = buf_vaddf(b, format, ap);
	va_end(ap);
	return r;
}

char *
buf_room(struct buf *b, size_t n)
{
	return buf_grow(b, n) == -1 ? NULL : b->data + b->len;
}
