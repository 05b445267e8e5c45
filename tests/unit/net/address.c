/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <string.h>

#include "net/address.h"
#include "tests/unit/unit.h"

static const struct {
	const char *address;
	bool public;
} addresses[] = { { "0.0.0.0", false }, { "0.255.255.255", false },
	{ "1.0.0.0", true }, { "9.255.255.255", true }, { "10.0.0.0", false },
	{ "10.255.255.255", false }, { "11.0.0.0", true },
	{ "100.63.255.255", true }, { "100.64.0.0", false },
	{ "100.127.255.255", false }, { "100.128.0.0", true },
	{ "126.255.255.255", true }, { "127.0.0.1", false },
	{ "127.255.255.255", false }, { "128.0.0.0", true },
	{ "169.253.255.255", true }, { "169.254.169.254", false },
	{ "169.255.0.0", true }, { "172.15.255.255", true },
	{ "172.16.0.0", false }, { "172.31.255.255", false },
	{ "172.32.0.0", true }, { "191.255.255.255", true },
	{ "192.0.0.8", false }, { "192.0.1.0", true }, { "192.0.2.1", false },
	{ "192.0.3.0", true }, { "192.88.98.255", true },
	{ "192.88.99.1", false }, { "192.88.100.0", true },
	{ "192.167.255.255", true }, { "192.168.0.1", false },
	{ "192.169.0.0", true }, { "198.17.255.255", true },
	{ "198.18.0.0", false }, { "198.19.255.255", false },
	{ "198.20.0.0", true }, { "198.51.99.255", true },
	{ "198.51.100.7", false }, { "198.51.101.0", true },
	{ "203.0.112.255", true }, { "203.0.113.7", false },
	{ "203.0.114.0", true }, { "223.255.255.255", true },
	{ "224.0.0.1", false }, { "239.255.255.255", false },
	{ "240.0.0.1", false }, { "255.255.255.255", false }, { "::", false },
	{ "::1", false }, { "::8.8.8.8", false }, { "::ffff:8.8.8.8", true },
	{ "::ffff:127.0.0.1", false }, { "::ffff:10.1.2.3", false },
	{ "::fffe:8.8.8.8", false }, { "64:ff9b::8.8.8.8", true },
	{ "64:ff9b::192.168.1.1", false }, { "64:ff9b:1::8.8.8.8", false },
	{ "64:ff9c::8.8.8.8", false }, { "100::1", false },
	{ "1fff::1", false }, { "2000::1", true },
	{ "2001::1", false }, /* Teredo */
	{ "2001:2::1", false }, { "2001:20::1", false },
	{ "2001:1ff:ffff::1", false }, { "2001:200::1", true },
	{ "2001:4860:4860::8888", true }, { "2001:db7:ffff::1", true },
	{ "2001:db8::1", false }, { "2001:db8:ffff::1", false },
	{ "2001:db9::1", true }, { "2002:808:808::1", true },
	{ "2002:7f00:1::1", false }, { "2002:c0a8:101::1", false },
	{ "2002:a9fe:a9fe::", false }, { "2003::1", true },
	{ "2606:4700::1111", true }, { "2606:4700::5efe:8.8.8.8", true },
	{ "2606:4700::5efe:10.0.0.1", false },
	{ "2606:4700::200:5efe:10.0.0.1", false },
	{ "2606:4700::200:5efe:9.9.9.9", true },
	{ "2606:4700::100:5efe:10.0.0.1", true },
	{ "2002:808:808::5efe:10.0.0.1", false }, { "3ffe:ffff::1", true },
	{ "3fff::1", false }, { "3fff:fff::1", false },
	{ "3fff:1000::1", true }, { "4000::1", false }, { "5f00::1", false },
	{ "8000::1", false }, { "fc00::1", false }, { "fd00:ec2::254", false },
	{ "fe00::1", false }, { "fe80::1", false }, { "fec0::1", false },
	{ "ff02::1", false },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false } };

static bool public(const char *text)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return address_public((const struct sockaddr *)&in);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return address_public((const struct sockaddr *)&in6);
}

START_TEST(only_global_unicast_addresses_are_public)
{
	size_t i;

	for (i = 0; i < COUNT(addresses); i++)
		ck_assert_msg(
		    public(addresses[i].address) == addresses[i].public, "%s",
		    addresses[i].address);
}
END_TEST

START_TEST(an_address_is_the_same_as_the_host_of_a_url)
{
	size_t i;

	for (i = 0; i < COUNT(addresses); i++)
		ck_assert_msg(address_public_host(addresses[i].address) ==
			addresses[i].public,
		    "%s", addresses[i].address);
}
END_TEST

START_TEST(other_families_are_not_public)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	ck_assert(!address_public((const struct sockaddr *)&un));
}
END_TEST

START_TEST(hosts_are_read_as_a_resolver_does)
{
	static const struct {
		const char *host;
		bool public;
	} hosts[] = { { "otx.alienvault.com", true },
		{ "otx.alienvault.com.", true }, { "127.1", false },
		{ "127.0.1", false }, { "127", false }, { "0", false },
		{ "0x7f.1", false }, { "0X7F000001", false },
		{ "2130706433", false }, { "017700000001", false },
		{ "0177.0.0.1", false }, { "127.0.0.1.", false },
		{ "10.1", false }, { "0xa9fea9fe", false }, { "8.8", true },
		{ "134744072", true }, { "0x8080808", true },
		{ "[::1]", false }, { "::1%lo", false },
		{ "[fe80::1%25eth0]", false }, { "2606:4700::1%eth0", true },
		{ "[2606:4700::1]", true }, { "0:0:0:0:0:0:0:1", false },
		{ "::FFFF:7F00:1", false }, { "1::2::3", false },
		{ "a:b", false }, { ":", false }, { "localhost", false },
		{ "LocalHost", false }, { "localhost.", false },
		{ "a.localhost", false }, { "A.B.LOCALHOST.", false },
		{ "localhost.example", true }, { "notlocalhost", true },
		{ ".localhost", true }, { "", false }, { ".", false },
		{ "[]", false }, { "%", false } };
	char host[300];
	size_t i;

	for (i = 0; i < COUNT(hosts); i++)
		ck_assert_msg(
		    address_public_host(hosts[i].host) == hosts[i].public, "%s",
		    hosts[i].host);
	memset(host, 'a', sizeof(host));
	host[255] = '\0';
	ck_assert(address_public_host(host));
	host[255] = 'a';
	host[256] = '\0';
	ck_assert(!address_public_host(host));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { only_global_unicast_addresses_are_public,
		an_address_is_the_same_as_the_host_of_a_url,
		other_families_are_not_public,
		hosts_are_read_as_a_resolver_does };

	return unit_run("address", tests, COUNT(tests));
}
