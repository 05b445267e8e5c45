/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "cli/base/httpbody.h"

enum http_take
httpbody_keep(struct http_call *call, const char *p, size_t n, int64_t length)
{
	(void)length;
	return buf_add(call->arg, p, n) == 0 ? HTTP_MORE : HTTP_REFUSE;
}
