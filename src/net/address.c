/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string.h>
#include <strings.h>

#include "net/address.h"

#define HOST_MAX 256 /* a DNS name has 253 characters at most */

/* Networks that no service on the Internet is in, with their registered use. */
static const struct {
	uint32_t net;
	int bits;
} private4[] = {
	{ 0x00000000, 8 },  /* 0.0.0.0/8: this network, RFC 791 */
	{ 0x0a000000, 8 },  /* 10.0.0.0/8: private, RFC 1918 */
	{ 0x64400000, 10 }, /* 100.64.0.0/10: shared, RFC 6598 */
	{ 0x7f000000, 8 },  /* 127.0.0.0/8: loopback, RFC 1122 */
	{ 0xa9fe0000, 16 }, /* 169.254.0.0/16: link-local, RFC 3927 */
	{ 0xac100000, 12 }, /* 172.16.0.0/12: private, RFC 1918 */
	{ 0xc0000000, 24 }, /* 192.0.0.0/24: protocols, RFC 6890 */
	{ 0xc0000200, 24 }, /* 192.0.2.0/24: documentation, RFC 5737 */
	{ 0xc0586300, 24 }, /* 192.88.99.0/24: 6to4 relays, RFC 7526 */
	{ 0xc0a80000, 16 }, /* 192.168.0.0/16: private, RFC 1918 */
	{ 0xc6120000, 15 }, /* 198.18.0.0/15: benchmarking, RFC 2544 */
	{ 0xc6336400, 24 }, /* 198.51.100.0/24: documentation, RFC 5737 */
	{ 0xcb007100, 24 }, /* 203.0.113.0/24: documentation, RFC 5737 */
	{ 0xe0000000, 4 },  /* 224.0.0.0/4: multicast, RFC 5771 */
	{ 0xf0000000, 4 }   /* 240.0.0.0/4: reserved, broadcast, RFC 1112 */
};

/*
 * Networks that are not global, and those whose addresses hold an IPv4 address
 * at byte `at`;
 * 0: nothing in the network is public.  The first row that an address is in
 * counts.
 */
static const struct special6 {
	unsigned char net[16];
	int bits;
	int at;
} special6[] = {
	/* ::ffff:0:0/96: mapped, RFC 4291 */
	{ { [10] = 0xff, [11] = 0xff }, 96, 12 },
	/* 64:ff9b::/96: NAT64, RFC 6052 */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },
	/* 2002::/16: 6to4, RFC 3056 */
	{ { 0x20, 0x02 }, 16, 2 },
	/* 2001::/23: protocols (Teredo, benchmarking, ORCHID), RFC 2928 */
	{ { 0x20, 0x01, 0x00, 0x00 }, 23, 0 },
	/* 2001:db8::/32: documentation, RFC 3849 */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, 0 },
	/* 3fff::/20: documentation, RFC 9637 */
	{ { 0x3f, 0xff, 0x00 }, 20, 0 },
	/*
	 * All outside 2000::/3, RFC 4291: unspecified, loopback, compatible,
	 * 64:ff9b:1::/48, 100::/64, 5f00::/16, fc00::/7, fe80::/10, fec0::/10,
	 * ff00::/8, and what IANA has not given out.
	 */
	{ { 0x00 }, 3, 0 }, { { 0x40 }, 2, 0 }, { { 0x80 }, 1, 0 }
};

static bool
public4(uint32_t address)
{
	size_t i;

	for (i = 0; i < sizeof(private4) / sizeof(private4[0]); i++)
		if ((address ^ private4[i].net) >> (32 - private4[i].bits) == 0)
			return false;
	return true;
}

/* The IPv4 address in four bytes of an IPv6 one. */
static bool
public4_in(const unsigned char *p)
{
	return public4((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3]);
}

static bool
same_net(const unsigned char *a, const unsigned char *net, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	return memcmp(a, net, (size_t)whole) == 0 &&
	    (rest == 0 || (a[whole] ^ net[whole]) >> (8 - rest) == 0);
}

/* The row of special6[] that an address is in; NULL: none. */
static const struct special6 *
address_special(const unsigned char a[16])
{
	const size_t n = sizeof(special6) / sizeof(special6[0]);
	size_t i;

	for (i = 0; i < n; i++)
		if (same_net(a, special6[i].net, special6[i].bits))
			return &special6[i];
	return NULL;
}

/* Whether the interface id is made from an IPv4 address, RFC 5214, 6.1; the first
 * byte says whether that is globally unique. */
static bool
address_is_isatap(const unsigned char a[16])
{
	static const unsigned char isatap[] = { 0x00, 0x5e, 0xfe };

	return (a[8] & 0xfd) == 0 && memcmp(a + 9, isatap, 3) == 0;
}

static bool
public6(const unsigned char a[16])
{
	const struct special6 *row = address_special(a);

	if (row != NULL && (row->at == 0 || !public4_in(a + row->at)))
		return false;
	return !address_is_isatap(a) || public4_in(a + 12);
}

bool
address_inner(const unsigned char six[16], unsigned char four[4])
{
	const struct special6 *row = address_special(six);
	int at = row != NULL ? row->at : 0;

	if (at == 0 && address_is_isatap(six))
		at = 12;
	memcpy(four, six + at, 4);
	return at != 0;
}

bool
address_public(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return public4(ntohl(in.sin_addr.s_addr));
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		return public6(in6.sin6_addr.s6_addr);
	}
	return false;
}

static bool
is_localhost(const char *name)
{
	static const char local[] = ".localhost";
	size_t n = strlen(name), k = strlen(local);

	return strcasecmp(name, local + 1) == 0 ||
	    (n > k && strcasecmp(name + n - k, local) == 0);
}

/* Copies host without brackets, zone and the dots at its end.  Returns 0, or -1
 * when nothing is left or it does not fit. */
static int
address_plain(char out[HOST_MAX], const char *host)
{
	size_t n;

	if (*host == '[')
		host++;
	n = strcspn(host, "]%");
	while (n > 0 && host[n - 1] == '.')
		n--;
	if (n == 0 || n >= HOST_MAX)
		return -1;
	memcpy(out, host, n);
	out[n] = '\0';
	return 0;
}

bool
address_public_host(const char *host)
{
	char name[HOST_MAX];
	struct in_addr in;
	struct in6_addr in6;

	if (address_plain(name, host) == -1)
		return false;
	if (strchr(name, ':') != NULL)
		return inet_pton(AF_INET6, name, &in6) == 1 &&
		    public6(in6.s6_addr);
	if (inet_aton(name, &in) != 0)
		return public4(ntohl(in.s_addr));
	return !is_localhost(name);
}
