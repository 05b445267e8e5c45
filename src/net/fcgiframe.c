/* SPDX-License-Identifier: MIT */
#include "net/fcgiframe.h"

void
fcgiframe_write(unsigned char out[FCGIFRAME_HEADER], enum fcgiframe_type type,
    uint16_t id, size_t content)
{
	out[0] = FCGIFRAME_VERSION;
	out[1] = (unsigned char)type;
	out[2] = (unsigned char)(id >> 8);
	out[3] = (unsigned char)(id & 0xff);
	out[4] = (unsigned char)(content >> 8);
	out[5] = (unsigned char)(content & 0xff);
	out[6] = 0;
	out[7] = 0;
}

void
fcgiframe_read(struct fcgiframe *f, const unsigned char in[FCGIFRAME_HEADER])
{
	*f = (struct fcgiframe){ .version = in[0],
		.type = in[1],
		.id = (uint16_t)(in[2] << 8 | in[3]),
		.content = (size_t)in[4] << 8 | in[5],
		.padding = in[6] };
}
