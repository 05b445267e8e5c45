#include <sys/random.h>

#include "base/uuid.h"

void
uuid4(char text[UUID_STR_LEN])
{
	uuid_t u;

	if (getrandom(u, sizeof(u), 0) != (ssize_t)sizeof(u))
		uuid_generate_random(u);
	u[6] = (unsigned char)((u[6] & 0x0f) | 0x40); /* version 4 */
	u[8] = (unsigned char)((u[8] & 0x3f) | 0x80); /* its variant */
	uuid_unparse_lower(u, text);
}
