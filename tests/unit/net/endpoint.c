/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/endpoint.h"
#include "tests/unit/unit.h"

static const struct {
	const char *text;
	int family; /* 0: it is none */
	unsigned port;
	bool loopback;
} endpoints[] = { { "127.0.0.1:9188", AF_INET, 9188, true },
	{ "127.255.0.1:1", AF_INET, 1, true },
	{ "128.0.0.1:1", AF_INET, 1, false },
	{ "0.0.0.0:65535", AF_INET, 65535, false },
	{ "[::1]:9188", AF_INET6, 9188, true },
	{ "[::ffff:127.0.0.1]:9188", AF_INET6, 9188, true },
	{ "[::ffff:10.0.0.1]:9188", AF_INET6, 9188, false },
	{ "[::]:9188", AF_INET6, 9188, false },
	{ "[2001:db8::1]:80", AF_INET6, 80, false }, { "", 0, 0, false },
	{ ":", 0, 0, false }, { ":80", 0, 0, false }, { "[:80", 0, 0, false },
	{ "[]:80", 0, 0, false }, { "127.0.0.1", 0, 0, false },
	{ "127.0.0.1:", 0, 0, false }, { "127.0.0.1:0", 0, 0, false },
	{ "127.0.0.1:65536", 0, 0, false }, { "127.0.0.1:080808", 0, 0, false },
	{ "127.0.0.1:8o", 0, 0, false }, { "127.0.0.1:+80", 0, 0, false },
	{ "127.1:80", 0, 0, false }, { "localhost:80", 0, 0, false },
	{ "::1:80", 0, 0, false }, { "[127.0.0.1]:80", 0, 0, false },
	{ "[fe80::1%lo]:80", 0, 0, false }, { "unix:/x", 0, 0, false } };

START_TEST(an_address_and_a_port)
{
	union endpoint e;
	socklen_t size;
	size_t i;

	for (i = 0; i < COUNT(endpoints); i++) {
		size = endpoint_read(&e, endpoints[i].text);
		ck_assert_msg((size != 0) == (endpoints[i].family != 0), "%s",
		    endpoints[i].text);
		if (size == 0)
			continue;
		ck_assert_int_eq(e.any.sa_family, endpoints[i].family);
		ck_assert_msg(ntohs(e.any.sa_family == AF_INET ?
				      e.four.sin_port :
				      e.six.sin6_port) == endpoints[i].port,
		    "%s", endpoints[i].text);
		ck_assert_msg(endpoint_is_loopback(&e) == endpoints[i].loopback,
		    "%s", endpoints[i].text);
	}
}
END_TEST

START_TEST(what_is_too_long_is_none)
{
	char text[2 * ENDPOINT_MAX];
	union endpoint e;

	memset(text, '1', sizeof(text));
	strcpy(text + sizeof(text) - 4, ":80");
	ck_assert_uint_eq(endpoint_read(&e, text), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { an_address_and_a_port,
		what_is_too_long_is_none };

	return unit_run("endpoint", tests, COUNT(tests));
}
