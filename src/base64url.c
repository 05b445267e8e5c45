#include <stdint.h>
#include <string.h>

#include "base64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

ssize_t
base64url_decode(const char *text, size_t len, unsigned char *out)
{
	uint32_t	 bits = 0;
	unsigned	 n = 0;
	ssize_t		 used = 0;
	const char	*p;
	size_t		 i;

	if (len % 4 == 1)
		return -1;
	for (i = 0; i < len; i++) {
		if (text[i] == '\0' || (p = strchr(alphabet, text[i])) == NULL)
			return -1;
		bits = bits << 6 | (uint32_t)(p - alphabet);
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[used++] = (unsigned char)(bits >> n & 0xff);
			bits &= (1U << n) - 1;
		}
	}
	return bits == 0 ? used : -1;
}
