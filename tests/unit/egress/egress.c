/* SPDX-License-Identifier: MIT */
/* What may leave: every spelling of a name, an address, a value that people and
 * programs read, and what only looks like one. */
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_patterns.h"
#include "ctim/observable.h"
#include "egress/egress.h"
#include "net/nameset.h"
#include "net/netset.h"
#include "tests/unit/unit.h"

#define DOMAIN OBSERVABLE_DOMAIN
#define EMAIL  OBSERVABLE_EMAIL
#define IP     OBSERVABLE_IP
#define IPV6   OBSERVABLE_IPV6
#define MD5    OBSERVABLE_MD5
#define URL    OBSERVABLE_URL
#define NAME   OBSERVABLE_FILE_NAME
#define PATH   OBSERVABLE_FILE_PATH
#define MUTEX  OBSERVABLE_MUTEX

struct spelled {
	enum observable_type type;
	const char *value;
};

static struct conf conf;
static struct relay_conf relay = { .egress = true };

static void
list_networks(const char *const *texts)
{
	conf.egress.networks = netset_new();
	for (; *texts != NULL; texts++)
		ck_assert_int_eq(netset_add(conf.egress.networks, *texts), 0);
}

static void
list_domains(const char *const *texts)
{
	conf.egress.domains = nameset_new();
	for (; *texts != NULL; texts++)
		ck_assert_int_eq(nameset_add(conf.egress.domains, *texts), 0);
}

static void
list_patterns(const char *const *texts)
{
	char why[CONF_PATTERN_WHY];

	conf.egress.patterns = conf_patterns_new();
	for (; *texts != NULL; texts++)
		ck_assert_int_eq(
		    conf_patterns_add(conf.egress.patterns, *texts, why), 0);
}

static void
forget(void)
{
	netset_free(conf.egress.networks);
	nameset_free(conf.egress.domains);
	conf_patterns_free(conf.egress.patterns);
	conf.egress = (struct conf_egress){ 0 };
}

/* Checks all rows of a table. */
static void
all(const struct spelled *rows, size_t n, bool may)
{
	struct observable o;

	ck_assert(egress_guards(&conf, &relay));
	for (size_t i = 0; i < n; i++) {
		o = (struct observable){ rows[i].type, rows[i].value, 0 };
		ck_assert_msg(egress_may(&conf, &o) == may, "%s %s %s",
		    observable_name(o.type), o.value,
		    may ? "is held back" : "leaves");
	}
	forget();
}

START_TEST(nothing_is_guarded_without_lists)
{
	static const char *const none[] = { NULL };

	ck_assert(!egress_guards(&conf, &relay));
	list_networks(none);
	list_domains(none);
	list_patterns(none);
	ck_assert(!egress_guards(&conf, &relay));
	conf.egress.private = true;
	ck_assert(egress_guards(&conf, &relay));
	relay.egress = false;
	ck_assert(!egress_guards(&conf, &relay));
	relay.egress = true;
	forget();
}
END_TEST

START_TEST(a_hostname_is_a_host)
{
	static const char *const names[] = { "corp.example", NULL };
	static const struct spelled held[] = { { OBSERVABLE_HOSTNAME,
						   "DB1.Corp.Example." },
		{ OBSERVABLE_HOSTNAME, "167772161" },
		{ OBSERVABLE_HOSTNAME, "localhost" } };
	static const struct spelled leaves[] = { { OBSERVABLE_HOSTNAME,
						     "PC-17" },
		{ OBSERVABLE_HOSTNAME, "corp" } };

	list_domains(names);
	conf.egress.private = true;
	all(held, COUNT(held), false);
	list_domains(names);
	conf.egress.private = true;
	all(leaves, COUNT(leaves), true);
}
END_TEST

static const char *const domains[] = { "Corp.Example.", "*.lan",
	"b\xc3\xbc"
	"cher.example",
	NULL };

START_TEST(a_domain_is_held_back_in_every_spelling)
{
	static const struct spelled rows[] = { { DOMAIN, "corp.example" },
		{ DOMAIN, "a.b.corp.example" }, { DOMAIN, "CORP.eXample" },
		{ DOMAIN, "corp.example." }, { DOMAIN, "corp.example.." },
		{ DOMAIN, ".corp.example" }, { DOMAIN, "corp..example" },
		{ DOMAIN, " corp.example\n" }, { DOMAIN, "*.corp.example" },
		{ DOMAIN, "corp[.]example" }, { DOMAIN, "corp(dot)example" },
		{ DOMAIN, "corp[.example" }, { DOMAIN, "corp((.))example" },
		{ DOMAIN, "corp\\.example" }, { DOMAIN, "corp . example" },
		{ DOMAIN, "corp%2eexample" }, { DOMAIN, "corp%252Eexample" },
		{ DOMAIN, "%63orp.example" }, { DOMAIN, "corp.example%00.x" },
		{ DOMAIN, "corp.example:8443" }, { DOMAIN, "corp.example/x" },
		{ DOMAIN,
		    "corp\xe3\x80\x82"
		    "example" },
		{ DOMAIN,
		    "\xef\xbd\x83orp\xef\xbc\x8e"
		    "example" },                        /* full width */
		{ DOMAIN, "cor\xe2\x80\x8bp.example" }, /* zero width */
		{ DOMAIN, "co\xc2\xadrp.example" },     /* soft hyphen */
		{ DOMAIN,
		    "\xf0\x9d\x90\x9c"
		    "orp.example" }, /* mathematical bold c */
		{ DOMAIN,
		    "b\xc3\xbc"
		    "cher.example" },
		{ DOMAIN,
		    "B\xc3\x9c"
		    "CHER.EXAMPLE." },
		{ DOMAIN,
		    "bu\xcc\x88"
		    "cher.example" }, /* decomposed */
		{ DOMAIN, "xn--bcher-kva.example" },
		{ DOMAIN, "XN--BCHER-KVA.example" },
		{ DOMAIN, "b%C3%BCcher.example" }, { DOMAIN, "printer.lan" },
		{ DOMAIN, "lan" }, { DOMAIN, "_ldap._tcp.corp.example" },
		{ URL, "http://corp.example" },
		{ URL, "HTTPS://Intranet.CORP.example:8443/x?y#z" },
		{ URL, "hxxps[://]a[.]corp[.]example/x" },
		{ URL, "http://corp.example./" },
		{ URL, "http://user:pass@corp.example/" },
		{ URL, "http://corp.example@evil.example/" },
		{ URL, "http://evil.example@corp.example:80/" },
		{ URL, "http://c%6Frp.example/" },
		{ URL, "http://%63%6f%72%70%2e%65%78%61%6d%70%6c%65/" },
		{ URL, "http:\\\\corp.example\\x" }, { URL, "//corp.example/" },
		{ URL, "ftp://corp.example" }, { URL, "corp.example/path" },
		{ URL, "http://co\trp.exa\nmple/" },
		{ URL, "http://evil.example/?u=https%3A%2F%2Fcorp.example" },
		{ URL, "https://evil.example/?mail=bob@corp.example" },
		{ EMAIL, "bob@corp.example" }, { EMAIL, "Bob@CORP.EXAMPLE" },
		{ EMAIL, "bob@mail.corp.example" },
		{ EMAIL, "bob+tag@corp.example" },
		{ EMAIL, "Bob <bob@corp.example>" },
		{ EMAIL, "\"Bob B\" <bob@corp.example>" },
		{ EMAIL, "\"bob b\"@corp.example" },
		{ EMAIL, "bob@corp.example." },
		{ EMAIL, "bob(at)corp.example" },
		{ EMAIL, "bob[@]corp[.]example" },
		{ EMAIL, "bob@(comment)corp.example" },
		{ EMAIL, "mailto:bob@corp.example" },
		{ EMAIL, "bob%corp.example@evil.example" },
		{ EMAIL, "corp.example!bob" },
		{ EMAIL,
		    "bob@b\xc3\xbc"
		    "cher.example" },
		{ PATH, "\\\\files.corp.example\\share\\x" },
		{ NAME, "corp.example" }, { MUTEX, "Global\\corp.example" } };

	list_domains(domains);
	all(rows, COUNT(rows), false);
}
END_TEST

START_TEST(what_is_no_name_of_a_domain_leaves)
{
	static const struct spelled rows[] = { { DOMAIN, "example" },
		{ DOMAIN, "notcorp.example" }, { DOMAIN, "corp-example" },
		{ DOMAIN, "corp.example.evil.test" },
		{ DOMAIN, "corp.examples" }, { DOMAIN, "orp.example" },
		{ DOMAIN, "bucher.example" }, { DOMAIN, "lan.example" },
		{ URL, "http://corp.example.evil.test/corp/example" },
		{ URL, "http://x-corp.example/" },
		{ EMAIL, "corp@example.test" }, { IP, "192.0.2.1" },
		{ MD5, "d41d8cd98f00b204e9800998ecf8427e" },
		{ MUTEX, "\xf0\x9f\x92\xa9 std::x" } };

	list_domains(domains);
	all(rows, COUNT(rows), true);
}
END_TEST

static const char *const networks[] = { "10.0.0.0/8", "198.51.100.7",
	"2001:db8:1::/48", "::ffff:203.0.113.0/120", NULL };

START_TEST(an_address_is_held_back_in_every_spelling)
{
	static const struct spelled rows[] = { { IP, "10.1.2.3" },
		{ IP, " 10.1.2.3 " }, { IP, "10.1.2.3." },
		{ IP, "10[.]1[.]2.3" }, { IP, "10.1.2.0/24" },
		{ IP, "10.1.2.3:80" }, { IP, "010.001.002.003" },
		{ IP, "012.1.2.3" }, { IP, "0x0a.1.2.3" }, { IP, "0x0a010203" },
		{ IP, "167838211" }, { IP, "10.66051" }, { IP, "10.1.515" },
		{ IP, "10.1.2.3-10.1.2.9" }, { IP, "x_10.1.2.3_80" },
		{ IP, "198.51.100.7" }, { IP, "203.0.113.200" },
		{ IPV6, "::ffff:10.1.2.3" }, { IPV6, "::FFFF:0a01:0203" },
		{ IPV6, "::10.1.2.3" }, { IPV6, "64:ff9b::10.1.2.3" },
		{ IPV6, "2002:a01:203::1" }, { IPV6, "2001:db8:1::5" },
		{ IPV6, "2001:DB8:0001:0::5" }, { IPV6, "[2001:db8:1::5]:443" },
		{ IPV6, "2001:db8:1::5%eth0" },
		{ IPV6, "2001[:]db8[:]1[:][:]5" }, { IPV6, "2001:db8:1::/64" },
		{ IP, "2001:db8:1::5" }, { DOMAIN, "10.1.2.3" },
		{ DOMAIN, "3.2.1.10.in-addr.arpa" },
		{ DOMAIN, "1.10.IN-ADDR.ARPA." },
		{ DOMAIN,
		    "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0."
		    "8.b.d.0.1.0.0.2.ip6.arpa" },
		{ URL, "http://10.1.2.3/" }, { URL, "http://10.1.2.3:8080" },
		{ URL, "http://167838211/" }, { URL, "http://0xa010203/x" },
		{ URL, "http://0x0A.0x01.0x02.0x03/" },
		{ URL, "http://012.01.02.03/" }, { URL, "http://10.66051/" },
		{ URL, "http://user@167838211/" },
		{ URL, "http://u:p@10.1.2.3/" },
		{ URL, "http://%31%30.1.2.3/" },
		{ URL, "http://\xef\xbc\x91\x30.1.2.3/" },
		{ URL,
		    "http://10\xe3\x80\x82"
		    "1.2.3/" },
		/* mathematical and circled digits */
		{ URL, "http://\xf0\x9d\x9f\x8f\xf0\x9d\x9f\x8e.1.2.3/" },
		{ IP, "\xe2\x91\xa0\xe2\x93\xaa.1.2.3" },
		{ URL, "http://[2001:db8:1::5]/" },
		{ URL, "http://[2001:db8:1::5%25eth0]:80/" },
		{ URL, "http://[::ffff:10.1.2.3]/" },
		{ URL, "http://[::ffff:a01:203]:8080/" },
		{ URL, "hxxp://10[.]1[.]2[.]3/" },
		{ URL, "http://evil.example/?ip=10.1.2.3" },
		{ EMAIL, "bob@10.1.2.3" }, { EMAIL, "bob@[10.1.2.3]" },
		{ EMAIL, "bob@[IPv6:2001:db8:1::5]" },
		{ PATH, "\\\\10.1.2.3\\share" } };

	list_networks(networks);
	all(rows, COUNT(rows), false);
}
END_TEST

START_TEST(what_is_no_listed_address_leaves)
{
	static const struct spelled rows[] = { { IP, "11.1.2.3" },
		{ IP, "198.51.100.8" }, { IP, "203.0.112.255" },
		{ IPV6, "2001:db8:2::5" }, { IPV6, "::1" },
		{ IPV6, "::ffff:11.1.2.3" }, { DOMAIN, "10.1.2.3.example" },
		{ DOMAIN, "3.2.1.11.in-addr.arpa" },
		{ URL, "http://host/10.1/167838211" },
		{ URL, "http://11.1.2.3/" }, { NAME, "167838211" },
		{ NAME, "setup-10.1.2.exe" }, { MUTEX, "Local::Add" } };

	list_networks(networks);
	all(rows, COUNT(rows), true);
}
END_TEST

START_TEST(private_addresses_are_held_back)
{
	static const struct spelled rows[] = { { IP, "10.0.0.1" },
		{ IP, "172.31.0.1" }, { IP, "192.168.1.1" },
		{ IP, "100.64.0.1" }, { IP, "127.0.0.1" },
		{ IP, "169.254.169.254" }, { IPV6, "::1" }, { IPV6, "fe80::1" },
		{ IPV6, "fe80::1%eth0" }, { IPV6, "fd12::1" },
		{ IPV6, "::ffff:192.168.0.1" }, { URL, "http://127.1/" },
		{ URL, "http://2130706433/" }, { URL, "https://[fe80::1]/" },
		{ URL, "http://localhost:8080/" }, { DOMAIN, "localhost" },
		{ DOMAIN, "a.LOCALHOST." } };

	conf.egress.private = true;
	all(rows, COUNT(rows), false);
}
END_TEST

START_TEST(public_addresses_leave)
{
	static const struct spelled rows[] = { { IP, "192.0.2.1" },
		{ IP, "198.51.100.1" }, { IP, "172.32.0.1" }, { IP, "8.8.8.8" },
		{ IPV6, "2001:db8::1" }, { IPV6, "2606:4700::1111" },
		{ DOMAIN, "example.org" },
		{ URL, "https://example.org/2023/10/1?q=1" },
		{ URL, "https://example.org/@123456/127.1" },
		{ MUTEX, "Foo::Bar" }, { NAME, "1" },
		{ MD5, "00000000000000000000000000000001" } };

	conf.egress.private = true;
	all(rows, COUNT(rows), true);
}
END_TEST

static const char *const patterns[] = { "srv-[0-9]{2,4}", "a|b+c", ".*secret.*",
	NULL };

START_TEST(a_pattern_is_for_the_whole_value_of_any_type)
{
	static const struct spelled rows[] = { { NAME, "srv-123" },
		{ MUTEX, "SRV-12" }, { DOMAIN, "srv-1234" }, { NAME, "a" },
		{ NAME, "bbc" }, { PATH, "C:\\Secret\\x" },
		{ NAME, "srv%2d123" }, { NAME, " srv-123\t" },
		{ URL, "http://x.example/?q=s%65cret" },
		{ NAME, "two\nlines of secrets" } };
	static const struct spelled others[] = { { NAME, "srv-1" },
		{ NAME, "srv-12345" }, { NAME, "xsrv-123" }, { NAME, "ac" },
		{ NAME, "ab" } };

	list_patterns(patterns);
	all(rows, COUNT(rows), false);
	list_patterns(patterns);
	all(others, COUNT(others), true);
}
END_TEST

START_TEST(what_is_wrapped_too_often_is_held_back)
{
	char value[64] = "%";
	struct observable o = { URL, value, 0 };
	int i;

	for (i = 0; i < 20; i++)
		strcat(value, "25");
	strcat(value, "41");
	list_domains(domains);
	ck_assert(!egress_may(&conf, &o));
	forget();
}
END_TEST

START_TEST(a_long_value_is_looked_at_to_its_end)
{
	static char value[200000];
	struct observable o = { URL, value, 0 };

	memset(value, 'a', sizeof(value) - 1);
	memcpy(value, "http://", 7);
	memcpy(value + sizeof(value) - 15, ".corp.example/", 14);
	list_domains(domains);
	ck_assert(!egress_may(&conf, &o));
	memcpy(value + sizeof(value) - 15, ".corp.exbmple/", 14);
	ck_assert(egress_may(&conf, &o));
	forget();
}
END_TEST

int
main(void)
{
	const TTest *tests[] = { nothing_is_guarded_without_lists,
		a_hostname_is_a_host, a_domain_is_held_back_in_every_spelling,
		what_is_no_name_of_a_domain_leaves,
		an_address_is_held_back_in_every_spelling,
		what_is_no_listed_address_leaves,
		private_addresses_are_held_back, public_addresses_leave,
		a_pattern_is_for_the_whole_value_of_any_type,
		what_is_wrapped_too_often_is_held_back,
		a_long_value_is_looked_at_to_its_end };

	return unit_run("egress", tests, COUNT(tests));
}
