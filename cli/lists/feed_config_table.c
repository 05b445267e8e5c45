/* SPDX-License-Identifier: MIT */
/* The programs whose configuration is read, and those that is refused. */
#include <stddef.h>

#include "cli/lists/feed_config.h"

static const char lets_pass[] = "a line that lets pass";
static const char pattern[] = "a pattern";
static const char negation[] = "a line with a negation (!)";

/* dnsmasq(8), "--address", "--server": a name and all below it. */
static const struct config_form dnsmasq_forms[] = { { "address V+ SINK",
							CONFIG_BELOW, NULL },
	{ "address V+ ADDR", CONFIG_SKIP, "a name that gets another address" },
	{ "address|local V+", CONFIG_BELOW, NULL },
	{ "server ADDR", CONFIG_SKIP, "a server to ask" },
	{ "server V+ ADDR", CONFIG_SKIP, "a server to ask for a name" },
	{ "server V+", CONFIG_BELOW, NULL }, { NULL, CONFIG_SKIP, NULL } };

/* unbound.conf(5), "local-zone", "local-data". */
static const struct config_form unbound_forms[] = { { "server:", CONFIG_IGNORE,
							NULL },
	{ "local-zone: V always_nxdomain|always_refuse|always_nodata|"
	  "always_null|always_deny|refuse|static|deny|inform_deny|redirect|"
	  "inform_redirect|block_a",
	    CONFIG_BELOW, NULL },
	{ "local-zone: ...", CONFIG_SKIP, lets_pass },
	{ "local-data: V ... A|AAAA SINK", CONFIG_TAKE, NULL },
	{ "local-data: ...", CONFIG_SKIP, "a name that gets another address" },
	{ NULL, CONFIG_SKIP, NULL } };

/* squid.conf(5), "acl".  Who may do what is said elsewhere in that file. */
static const struct config_form squid_forms[] = {
	{ "acl N dstdomain|dst|ssl::server_name V+", CONFIG_TAKE, NULL },
	{ "acl N dstdom_regex|url_regex|urlpath_regex|ssl::server_name_regex "
	  "...",
	    CONFIG_SKIP, pattern },
	{ "acl ...", CONFIG_SKIP, "a list of something else" },
	{ "http_access|http_port|cache_dir ...", CONFIG_REFUSE,
	    "it is a whole configuration of squid; import the files of its "
	    "lists" },
	{ NULL, CONFIG_SKIP, NULL }
};

/* ipset(8), "save". */
static const struct config_form ipset_forms[] = {
	{ "create|flush|swap|destroy|rename|COMMIT ...", CONFIG_IGNORE, NULL },
	{ "ipset create|-N|flush|swap|destroy ...", CONFIG_IGNORE, NULL },
	{ "add ... nomatch ...", CONFIG_SKIP, lets_pass },
	{ "add N V ...", CONFIG_TAKE, NULL },
	{ "ipset add|-A ... nomatch ...", CONFIG_SKIP, lets_pass },
	{ "ipset add|-A|-exist N V ...", CONFIG_TAKE, NULL },
	{ NULL, CONFIG_SKIP, NULL }
};

/* iptables-save(8), and the command itself. */
static const struct config_form iptables_forms[] = {
	{ "*filter|*raw|*mangle|*nat|*security|COMMIT", CONFIG_IGNORE, NULL },
	{ "... ! ...", CONFIG_SKIP, negation },
	{ "... -s * ... -d * ...", CONFIG_SKIP, "a rule about both ends" },
	{ "... -A|-I ... -s|-d V ... -j DROP|REJECT|TARPIT|BLACKHOLE ...",
	    CONFIG_TAKE, NULL },
	{ "... -A|-I ... -j DROP|REJECT ...", CONFIG_SKIP,
	    "a rule that names no address" },
	{ "... -A|-I ... -j|-g ...", CONFIG_SKIP, lets_pass },
	{ "... -N|-F|-X|-P|-A|-I ...", CONFIG_IGNORE, NULL },
	{ NULL, CONFIG_SKIP, NULL }
};

/* nft(8), "add element". */
static const struct config_form nft_forms[] = { { "nft add element * * N V+",
						    CONFIG_TAKE, NULL },
	{ "add element * * N V+", CONFIG_TAKE, NULL },
	{ "table ...", CONFIG_REFUSE,
	    "it is a whole rule set of nftables; write its sets as text" },
	{ NULL, CONFIG_SKIP, NULL } };

/* https://nginx.org/en/docs/http/ngx_http_access_module.html */
static const struct config_form nginx_forms[] = {
	{ "deny all", CONFIG_IGNORE, NULL }, { "deny V", CONFIG_TAKE, NULL },
	{ "allow ...", CONFIG_SKIP, lets_pass }, { NULL, CONFIG_SKIP, NULL }
};

/* https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html, and of 2.2. */
static const struct config_form httpd_forms[] = { { "deny from all",
						      CONFIG_IGNORE, NULL },
	{ "deny from V+", CONFIG_TAKE, NULL },
	{ "require not ip V+", CONFIG_TAKE, NULL },
	{ "require not host V+", CONFIG_BELOW, NULL },
	{ "require all|valid-user ...", CONFIG_IGNORE, NULL },
	{ "allow|require ...", CONFIG_SKIP, lets_pass },
	{ "order|satisfy ...", CONFIG_IGNORE, NULL },
	{ NULL, CONFIG_SKIP, NULL } };

/* https://help.mikrotik.com, "Address-lists". */
static const struct config_form mikrotik_forms[] = {
	{ "/ip|/ipv6 firewall address-list", CONFIG_IGNORE, NULL },
	{ "... add ... disabled yes ...", CONFIG_SKIP,
	    "a line that is disabled" },
	{ "... add ... list N ... address V ...", CONFIG_TAKE, NULL },
	{ "... add ... address V ... list N ...", CONFIG_TAKE, NULL },
	{ NULL, CONFIG_SKIP, NULL }
};

/* Rule sets of Clash, Surge and Quantumult; what is behind the value is what is
 * done with it. */
static const struct config_form clash_forms[] = { { "payload:", CONFIG_IGNORE,
						      NULL },
	{ "* * DIRECT|PROXY|PASS ...", CONFIG_SKIP, lets_pass },
	{ "DOMAIN-SUFFIX|HOST-SUFFIX V ...", CONFIG_BELOW, NULL },
	{ "DOMAIN|HOST|IP-CIDR|IP-CIDR6|IP6-CIDR V ...", CONFIG_TAKE, NULL },
	{ "DOMAIN-KEYWORD|DOMAIN-REGEX|DOMAIN-WILDCARD|URL-REGEX|HOST-KEYWORD|"
	  "HOST-WILDCARD ...",
	    CONFIG_SKIP, pattern },
	{ "PROCESS-NAME|USER-AGENT|GEOIP|IP-ASN|DST-PORT|MATCH|FINAL ...",
	    CONFIG_SKIP, "a rule about something else" },
	{ NULL, CONFIG_SKIP, NULL } };

/* https://metrics.torproject.org/collector.html#type-tordnsel */
static const struct config_form tor_forms[] = { { "ExitAddress V ...",
						    CONFIG_TAKE, NULL },
	{ "ExitNode|Published|LastStatus|@type|Downloaded ...", CONFIG_IGNORE,
	    NULL },
	{ NULL, CONFIG_SKIP, NULL } };

#define REFUSED(what)                                                         \
	"it is a configuration of " what                                      \
	", which is not read; write the addresses and names of its lists as " \
	"text, one a line"

static const struct config_form cisco_forms[] = {
	{ "access-list|object-group|network-object|prefix-list ...",
	    CONFIG_REFUSE, REFUSED("a Cisco device") },
	{ "ip|ipv6 access-list|prefix-list|route ...", CONFIG_REFUSE,
	    REFUSED("a Cisco device") },
	{ "deny|permit ip|tcp|udp|host|any ...", CONFIG_REFUSE,
	    REFUSED("a Cisco device") },
	{ "deny|permit ADDR * ...", CONFIG_REFUSE, REFUSED("a Cisco device") },
	{ "remark|hostname|version|interface ...", CONFIG_IGNORE, NULL },
	{ NULL, CONFIG_SKIP, NULL }
};
static const struct config_form juniper_forms[] = {
	{ "set policy-options|security|firewall|groups ...", CONFIG_REFUSE,
	    REFUSED("a Juniper device") },
	{ "set address|address-group|shared|rulebase ...", CONFIG_REFUSE,
	    REFUSED("a Palo Alto device") },
	{ NULL, CONFIG_SKIP, NULL }
};
static const struct config_form fortigate_forms[] = {
	{ "config firewall|system ...", CONFIG_REFUSE,
	    REFUSED("a FortiGate device") },
	{ "edit|set|next|end ...", CONFIG_IGNORE, NULL },
	{ NULL, CONFIG_SKIP, NULL }
};
static const struct config_form bind_forms[] = {
	{ "zone|options|acl|view ...", CONFIG_REFUSE, REFUSED("BIND") },
	{ NULL, CONFIG_SKIP, NULL }
};
static const struct config_form pf_forms[] = {
	{ "table * persist|const|file|{ ...", CONFIG_REFUSE, REFUSED("pf") },
	{ "block|pass in|out|quick|log|all|drop|return ...", CONFIG_REFUSE,
	    REFUSED("pf") },
	{ NULL, CONFIG_SKIP, NULL }
};

const struct config_program config_programs[] = { { "dnsmasq", " \t=/", "#", 0,
						      dnsmasq_forms },
	{ "unbound", " \t\"", "#", 0, unbound_forms },
	{ "squid", " \t\"", "#", 0, squid_forms },
	{ "MikroTik RouterOS", " \t=\"", "#", 0, mikrotik_forms },
	{ "nftables", " \t,{};", "#", 0, nft_forms },
	{ "ipset", " \t\"", "#", 0, ipset_forms },
	{ "iptables", " \t\"", "#:", 0, iptables_forms },
	{ "nginx", " \t", "#", ';', nginx_forms },
	{ "Apache httpd", " \t\"", "#<", 0, httpd_forms },
	{ "a filter of Clash or Surge", " \t,'\"", "#;/", 0, clash_forms },
	{ "the exits of Tor", " \t", "#", 0, tor_forms },
	{ "Cisco", " \t", "!", 0, cisco_forms },
	{ "Juniper", " \t", "#", 0, juniper_forms },
	{ "FortiGate", " \t", "#", 0, fortigate_forms },
	{ "BIND", " \t{;", "#/", 0, bind_forms },
	{ "pf", " \t<>", "#", 0, pf_forms }, { NULL, NULL, NULL, 0, NULL } };
