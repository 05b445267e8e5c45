/* SPDX-License-Identifier: MIT */
/* Lists as programs read them: filters, zones, rules, configuration. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed.h"
#include "tests/unit/unit.h"

static struct buf said; /* what the last feed gave, as text */

/* "LINE VALUE", with "*." where all below it is meant, and the reason in
 * parentheses. */
static int
entry(void *arg, uint64_t line, const struct feed_entry *e)
{
	(void)arg;
	buf_addf(
	    &said, "%" PRIu64 " %s%s", line, e->below ? "*." : "", e->value);
	if (e->reason != NULL)
		buf_addf(&said, " (%s)", e->reason);
	buf_addc(&said, '\n');
	return 0;
}

static int
skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	(void)arg;
	(void)why;
	buf_addf(&said, "%" PRIu64 " ! %s\n", line, reason);
	return 0;
}

static const char *
say(const char *text, enum feed_format format)
{
	const struct feed_sink sink = { .entry = entry, .skipped = skipped };
	const struct feed_options o = { .format = format };
	char error[FEED_ERROR_MAX];
	FILE *f;

	if (said.max == 0)
		buf_init(&said, 1U << 20);
	buf_reset(&said);
	f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	ck_assert_ptr_nonnull(f);
	if (feed_read(f, &o, &sink, error) == -1)
		buf_addf(&said, "= %s", error);
	fclose(f);
	return said.data;
}

struct list_case {
	const char *feed, *says;
};

static void
try(const struct list_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(say(cases[i].feed, FEED_AUTO), cases[i].says);
}

#define LETS    "a line that lets pass"
#define NOTHING "a line that lists nothing to block"

START_TEST(adblock)
{
	static const struct list_case cases[] = {
		{ "[Adblock Plus 2.0]\n! Title: x\n||evil.example^\n"
		  "@@||good.example^\n@@||good.example^|\n||ads.example^$third-"
		  "party\n"
		  "good.example##.ad\ngood.example#@#.ad\n##.banner\n"
		  "good.example#?#div\n/banner[0-9]/\n||evil.example/path^\n"
		  "||192.0.2.1^\n||*.b.example^|\n||c.*.example^\n-banner-\n",
		    "3 *.evil.example\n"
		    "4 ! an exception, which lets pass\n"
		    "5 ! an exception, which lets pass\n"
		    "6 ! a rule with options\n"
		    "7 ! a rule that hides parts of pages\n"
		    "8 ! a rule that hides parts of pages\n"
		    "9 ! a rule that hides parts of pages\n"
		    "10 ! a rule that hides parts of pages\n"
		    "11 ! a regular expression\n"
		    "12 ! a rule that is no name alone\n13 192.0.2.1\n"
		    "14 *.b.example\n15 ! a rule that is no name alone\n"
		    "16 ! it is no indicator\n" },
		/* Without its heading, and with what resolvers take besides. */
		{ "# a list\n#### more\n||evil.example^\n||b.example^\n"
		  "0.0.0.0 c.example\nd.example\n",
		    "3 *.evil.example\n4 *.b.example\n5 c.example\n"
		    "6 d.example\n" },
		/* A list of exceptions is no block list. */
		{ "@@||good.example^\n@@||fine.example^\n",
		    "1 ! an exception, which lets pass\n"
		    "2 ! an exception, which lets pass\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(rpz)
{
	static const struct list_case cases[] = {
		{ "$TTL 60\n@ IN SOA localhost. root.localhost. (1 2 3\n"
		  "  4 5)\n  IN NS localhost.\n; a comment\n"
		  "evil.example CNAME . ; why\n*.evil.example IN CNAME .\n"
		  "b.example 300 IN CNAME *.\nc.example CNAME rpz-passthru.\n"
		  "d.example CNAME rpz-drop.\ne.example CNAME e.example.\n"
		  "f.example A 0.0.0.0\ng.example A 192.0.2.7\n"
		  "h.example CNAME garden.example.\n"
		  "32.9.2.0.192.rpz-ip CNAME .\n24.0.2.0.192.rpz-ip CNAME .\n"
		  "48.zz.db8.2001.rpz-ip CNAME .\n128.1.zz.db8.2001.rpz-ip "
		  "CNAME .\n"
		  "32.9.2.0.192.rpz-client-ip CNAME .\n"
		  "ns.evil.example.rpz-nsdname CNAME .\ni.example MX 10 x.\n"
		  "x.example. CNAME .\nevil.example TXT \"why; not\"\n",
		    "6 evil.example (why)\n7 *.evil.example\n8 b.example\n"
		    "9 ! a record that lets pass\n10 d.example\n"
		    "11 ! a record that lets pass\n12 f.example\n"
		    "13 ! a record that gives a name another address\n"
		    "14 h.example\n15 192.0.2.9\n16 192.0.2.0/24\n"
		    "17 2001:db8::/48\n18 2001:db8::1\n"
		    "19 ! a trigger on clients or name servers\n"
		    "20 ! a trigger on clients or name servers\n"
		    "21 ! a record that blocks nothing\n"
		    "22 ! a whole name that is not in the zone\n" },
		{ "$ORIGIN rpz.test.\n$INCLUDE more.zone\n"
		  "evil.example.rpz.test. CNAME .\nb.example CNAME .\n",
		    "2 ! a directive that is not followed\n3 evil.example\n"
		    "4 b.example\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

#define RULE(head, options) \
	head " (msg:\"why; not\"; " options " sid:1; rev:1;)\n"

START_TEST(snort)
{
	static const struct list_case cases[] = {
		{ "# rules\n" RULE("alert ip [192.0.2.1,192.0.2.0/28] any -> "
				   "$HOME_NET any",
		      "threshold: type limit, track by_src;")
			RULE("drop tcp $HOME_NET any -> [192.0.2.2, "
			     "192.0.2.3] 443",
			    "flow:to_server;") RULE("pass ip 192.0.2.4 any -> "
						    "any any",
			    "") RULE("alert ip [192.0.2.0/24,!192.0.2.9] any "
				     "-> "
				     "any any",
			    "") RULE("alert ip any any -> any any",
			    "") RULE("alert tcp 192.0.2.5 any -> any 80",
			    "content:\"x\";") "nonsense\n# " RULE("alert ip "
								  "192.0.2.6 "
								  "any -> any "
								  "any",
			    ""),
		    "2 192.0.2.1 (why; not)\n2 192.0.2.0/28 (why; not)\n"
		    "3 192.0.2.2 (why; not)\n3 192.0.2.3 (why; not)\n"
		    "4 ! a rule that lets pass\n"
		    "5 ! a rule with addresses left out (!)\n"
		    "6 ! a rule that names no address\n"
		    "7 ! a rule about what is sent, not about an address or "
		    "name\n"
		    "8 ! it is no rule\n" },
		{ RULE("alert dns any any -> any any",
		      "dns.query; content:\"evil.example\"; nocase; bsize:12;")
			RULE("alert tls any any -> any any",
			    "tls.sni; dotprefix; content:\".b.example\"; "
			    "endswith;") RULE("alert http any any -> any any",
			    "content:\"c.example\"; depth:9; "
			    "isdataat:!1,relative; "
			    "http_host;") RULE("alert dns any any -> any any",
			    "dns.query; content:\"part\"; nocase;")
			    RULE("alert http any any -> any any",
				"http.host; content:\"d.example\"; bsize:9; "
				"http.uri; content:\"/x\";"),
		    "1 evil.example (why; not)\n2 *.b.example (why; not)\n"
		    "3 c.example (why; not)\n"
		    "4 ! a rule about what is sent, not about an address or "
		    "name\n"
		    "5 ! a rule about what is sent, not about an address or "
		    "name\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(resolvers)
{
	static const struct list_case cases[] = {
		{ "# "
		  "dnsmasq\naddress=/evil.example/0.0.0.0\naddress=/b.example/"
		  "#\n"
		  "address=/c.example/d.example/::\naddress=/e.example/\n"
		  "address=/f.example/192.0.2.7\nserver=/g.example/\n"
		  "server=/h.example/192.0.2.53\nserver=192.0.2.53\n"
		  "local=/i.example/\ncache-size=1\n",
		    "2 *.evil.example\n3 *.b.example\n4 *.c.example\n"
		    "4 *.d.example\n5 *.e.example\n"
		    "6 ! a name that gets another address\n7 *.g.example\n"
		    "8 ! a server to ask for a name\n9 ! a server to ask\n"
		    "10 *.i.example\n11 ! " NOTHING "\n" },
		{ "server:\nlocal-zone: \"evil.example\" always_nxdomain\n"
		  "local-zone: \"good.example\" transparent\n"
		  "local-zone: \"b.example\" redirect\n"
		  "local-data: \"b.example A 0.0.0.0\"\n"
		  "local-data: \"c.example. IN A 192.0.2.7\"\n"
		  "local-data: \"d.example 60 IN A 0.0.0.0\"\n",
		    "2 *.evil.example\n3 ! " LETS "\n4 *.b.example\n"
		    "6 ! a name that gets another address\n7 d.example\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(firewalls)
{
	static const struct list_case cases[] = {
		{ "create bad hash:net family inet hashsize 1024\n"
		  "add bad 192.0.2.0/24\nadd bad 192.0.2.9 nomatch\n"
		  "add bad 198.51.100.1 timeout 60 comment \"why not\"\n"
		  "add bad 198.51.100.2,tcp:80\nadd whitelist 198.51.100.3\n",
		    "2 192.0.2.0/24\n3 ! " LETS "\n4 198.51.100.1 (why not)\n"
		    "5 198.51.100.2\n"
		    "6 ! in a list whose name says that it lets pass\n" },
		{ "*filter\n:INPUT ACCEPT [0:0]\n"
		  "-A INPUT -s 192.0.2.1/32 -j DROP\n"
		  "-A INPUT -s 192.0.2.2/32 -p tcp -m comment --comment why "
		  "-j REJECT --reject-with icmp-port-unreachable\n"
		  "-A OUTPUT -d 192.0.2.3/32 -j DROP\n"
		  "-A INPUT -s 192.0.2.4/32 -j ACCEPT\n"
		  "-A INPUT ! -s 192.0.2.5/32 -j DROP\n"
		  "-A FORWARD -s 10.0.0.0/8 -d 192.0.2.6/32 -j DROP\n"
		  "-A INPUT -j DROP\nCOMMIT\n",
		    "3 192.0.2.1\n4 192.0.2.2 (why)\n5 192.0.2.3\n6 ! " LETS
		    "\n7 ! a line with a negation (!)\n"
		    "8 ! a rule about both ends\n"
		    "9 ! a rule that names no address\n" },
		{ "iptables -A INPUT -s 192.0.2.1 -j DROP\n"
		  "iptables -I INPUT 1 -s 192.0.2.2 -j DROP\n",
		    "1 192.0.2.1\n2 192.0.2.2\n" },
		{ "add element inet filter bad { 192.0.2.1, 192.0.2.0/28 }\n",
		    "1 192.0.2.1\n1 192.0.2.0/28\n" },
		{ "/ip firewall address-list\n"
		  "add list=bad address=192.0.2.0/24 comment=\"why not\"\n"
		  "add address=192.0.2.1 list=bad timeout=1d\n",
		    "2 192.0.2.0/24 (why not)\n3 192.0.2.1\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(web_servers)
{
	static const struct list_case cases[] = {
		{ "# bad\ndeny 192.0.2.1;\ndeny 192.0.2.0/24; \n"
		  "allow 198.51.100.1;\ndeny all;\n",
		    "2 192.0.2.1\n3 192.0.2.0/24\n4 ! " LETS "\n" },
		{ "Order allow,deny\nDeny from 192.0.2.1 192.0.2.2\n"
		  "Deny from 192.0.2.3\nAllow from all\nAllow from 192.0.2.4\n"
		  "Require not ip 192.0.2.5\n",
		    "2 192.0.2.1\n2 192.0.2.2\n3 192.0.2.3\n4 ! " LETS
		    "\n5 ! " LETS "\n6 192.0.2.5\n" },
		{ "acl bad dstdomain .evil.example b.example\n"
		  "acl bad dst 192.0.2.0/24\nacl bad url_regex ^http\n"
		  "acl good dstdomain .fine.example\n",
		    "1 *.evil.example\n1 b.example\n2 192.0.2.0/24\n"
		    "3 ! a pattern\n"
		    "4 ! in a list whose name says that it lets pass\n" },
		{ "payload:\n  - DOMAIN-SUFFIX,evil.example\n"
		  "  - 'DOMAIN,b.example'\n  - "
		  "IP-CIDR,192.0.2.0/24,no-resolve\n"
		  "  - DOMAIN-SUFFIX,good.example,DIRECT\n"
		  "  - DOMAIN-KEYWORD,ads\n",
		    "2 *.evil.example\n3 b.example\n4 192.0.2.0/24\n5 ! " LETS
		    "\n6 ! a pattern\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

/* Nothing of these is read, not even what looks like an address. */
START_TEST(refused)
{
	static const struct list_case cases[] = {
		{ "ip access-list extended BAD\n deny ip host 192.0.2.1 any\n"
		  " deny   ip 192.0.2.0 0.0.0.255 any\n permit ip any any\n",
		    "Cisco" },
		{ "access-list 10 deny 192.0.2.0 0.0.0.255\n", "Cisco" },
		{ "ip route 192.0.2.0 255.255.255.0 Null0\n", "Cisco" },
		{ "set policy-options prefix-list BAD 192.0.2.0/24\n",
		    "Juniper" },
		{ "config firewall address\nedit \"bad\"\n"
		  "set subnet 192.0.2.1 255.255.255.255\nnext\nend\n",
		    "FortiGate" },
		{ "zone \"evil.example\" { type master; file \"null\"; };\n",
		    "BIND" },
		{ "table <bad> persist { 192.0.2.1 }\nblock in quick from "
		  "<bad>\n",
		    "pf" },
		{ "acl bad dstdomain .evil.example\nhttp_access deny bad\n"
		  "http_port 3128\n",
		    "squid" }
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		const char *what = strstr(say(cases[i].feed, FEED_AUTO), "= ");

		ck_assert_msg(
		    what != NULL && strstr(what, cases[i].says) != NULL,
		    "%s: %s", cases[i].feed, said.data);
	}
	ck_assert_str_eq(say("192.0.2.1\n", FEED_CONFIG),
	    "= it is no configuration of a program that is known here");
}
END_TEST

START_TEST(hosts)
{
	static const struct list_case cases[] = {
		{ "127.0.0.1 localhost\n0.0.0.0 evil.example b.example # x\n"
		  ":: c.example\n192.0.2.1 intern.example\n"
		  "127.0.0.1 d.example\n192.0.2.2\n",
		    "1 ! a name of the machine itself\n2 evil.example\n"
		    "2 b.example\n3 c.example\n"
		    "4 ! an address that a hosts file gives to a name\n"
		    "5 d.example\n6 192.0.2.2\n" },
		/* Elsewhere a name behind an address is a comment. */
		{ "192.0.2.1 intern.example\n",
		    "1 192.0.2.1 (intern.example)\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

START_TEST(lines)
{
	static const struct list_case cases[] = {
		{ "192.0.2.1, 192.0.2.2 192.0.2.3\n"
		  "\"evil.example\",\n- b.example\n// x\n! y\n; z\n"
		  "https://c.example/#x # why\n",
		    "1 192.0.2.1\n1 192.0.2.2\n1 192.0.2.3\n2 evil.example\n"
		    "3 b.example\n7 https://c.example/#x (why)\n" },
		{ "*.b.example\n.c.example\n*[.]d[.]example\n",
		    "1 *.b.example\n2 *.c.example\n3 *.d.example\n" },
		{ "192.0.2.4 - 192.0.2.7\n192.0.2.8-192.0.2.11\n"
		  "203.0.113.0\t203.0.113.255\t24\t9\n"
		  "198.51.100.32 255.255.255.224\nSome: "
		  "Org:192.0.2.0-192.0.2.3\n"
		  "192.0.2.9 - 192.0.2.1\n192.0.2.0/255.255.255.0\n",
		    "1 192.0.2.4/30\n2 192.0.2.8/30\n3 203.0.113.0/24 (9)\n"
		    "4 198.51.100.32/27\n5 192.0.2.0/30 (Some: Org)\n"
		    "6 ! the range ends before it begins\n7 192.0.2.0/24\n" },
		{ "192.000.002.004 - 192.000.002.007 , 000 , Some Org\n"
		  "192.000.002.008 - 192.000.002.011 , 200 , Fine\n",
		    "1 192.0.2.4/30 (Some Org)\n"
		    "2 ! a range that the list lets pass\n" }
	};

	try(cases, COUNT(cases));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { adblock, rpz, snort, resolvers,
		firewalls, web_servers, refused, hosts, lines };

	return unit_run("lists", tests, COUNT(tests));
}
