/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "db/pgurl.h"

static const char *const pgurl_schemes[] = { "postgresql://", "postgres://" };

/* What is behind the scheme; NULL when there is none of ours. */
static const char *
pgurl_rest(const char *url)
{
	size_t i, n;

	for (i = 0; i < 2; i++) {
		n = strlen(pgurl_schemes[i]);
		if (strncmp(url, pgurl_schemes[i], n) == 0)
			return url + n;
	}
	return NULL;
}

bool
pgurl_is(const char *text)
{
	return pgurl_rest(text) != NULL;
}

/* Where the servers begin: behind the user and the password. */
static const char *
pgurl_servers(const char *rest)
{
	const char *at = strchr(rest, '@');

	return at == NULL ? rest : at + 1;
}

/* Whether all ports are numbers: a password that lacks its @ is none. */
static bool
pgurl_ports(const char *servers)
{
	const char *end = servers + strcspn(servers, "/?#"), *p = servers;

	while (p < end) {
		if (*p == '[')
			p += strcspn(p, "]/?#");
		else if (*p == ':') {
			p += 1 + strspn(p + 1, "0123456789");
			if (p < end && *p != ',')
				return false;
		}
		p += p < end;
	}
	return true;
}

bool
pgurl_good(const char *url)
{
	const char *rest = pgurl_rest(url), *at;

	if (rest == NULL || !pgurl_ports(pgurl_servers(rest)))
		return false;
	at = strchr(rest, '@');
	return at == NULL ||
	    (strcspn(rest, "/?#") > (size_t)(at - rest) &&
		strchr(at + 1, '@') == NULL);
}

#define PASSWORD "the password of a URL stands before its @, or in ~/.pgpass"
#define SERVICE                                                           \
	"service names a file that may have a directory asked without a " \
	"deadline; write into the URL what it says"
#define KERBEROS "Kerberos' servers would be asked without a deadline"

/* libpq's parameters that are not taken.  The others are: those for servers and
 * users, TLS, keepalives, files of passwords. */
static const struct {
	const char *name;
	const char *but; /* the value that is taken; NULL: none */
	const char *why;
} pgurl_parameters[] = { { "password", NULL, PASSWORD },
	{ "sslpassword", NULL,
	    "a key's password is not taken from the URL; let the key have "
	    "none, "
	    "and its mode be 0600" },
	{ "service", NULL, SERVICE }, { "servicefile", NULL, SERVICE },
	{ "gssencmode", "disable", KERBEROS },
	{ "gssdelegation", "0", KERBEROS }, { "gsslib", NULL, KERBEROS },
	{ "krbsrvname", NULL, KERBEROS },
	{ "load_balance_hosts", "disable",
	    "servers are tried in the order of the URL; leave "
	    "load_balance_hosts out" },
	{ "replication", NULL,
	    "a connection for replication takes no questions; leave "
	    "replication out" },
	{ "oauth_issuer", NULL, "there is nobody who could sign in by OAuth" },
	{ "scram_client_key", NULL, PASSWORD },
	{ "scram_server_key", NULL, PASSWORD },
	{ "sslkeylogfile", NULL, "keys of connections are not written down" } };

/* Whether "=VALUE" of n bytes has a value. */
static bool
pgurl_is_value(const char *p, size_t n, const char *value)
{
	return n == strlen(value) + 1 && memcmp(p + 1, value, n - 1) == 0;
}

/* Why a parameter of n bytes is not taken; NULL where it is. */
static const char *
pgurl_parameter(const char *p, size_t n)
{
	size_t i, name = strcspn(p, "=&");

	/* libpq would decode it. */
	if (memchr(p, '%', name) != NULL)
		return "names of parameters are written without %";
	for (i = 0; i < sizeof(pgurl_parameters) / sizeof(pgurl_parameters[0]);
	     i++)
		if (strlen(pgurl_parameters[i].name) == name &&
		    memcmp(p, pgurl_parameters[i].name, name) == 0 &&
		    (pgurl_parameters[i].but == NULL ||
			!pgurl_is_value(
			    p + name, n - name, pgurl_parameters[i].but)))
			return pgurl_parameters[i].why;
	return NULL;
}

const char *
pgurl_refused(const char *url)
{
	const char *p = strchr(url, '?'), *why = NULL;

	if (!pgurl_good(url))
		return "in a password @ is written %40, / %2F, ? %3F and # %23";
	while (p != NULL && *p != '\0' && why == NULL) {
		p++;
		why = pgurl_parameter(p, strcspn(p, "&"));
		p += strcspn(p, "&");
	}
	return why;
}

bool
pgurl_password(const char *url)
{
	const char *rest = pgurl_rest(url), *servers;

	if (rest == NULL || !pgurl_good(url))
		return rest != NULL;
	servers = pgurl_servers(rest);
	return strcspn(rest, ":") < (size_t)(servers - rest) ||
	    strstr(servers + strcspn(servers, "?"), "password=") != NULL;
}

void
pgurl_shown(const char *url, char shown[PGURL_SHOWN])
{
	const char *rest = pgurl_rest(url), *servers;
	size_t user;

	if (!pgurl_good(url)) {
		(void)snprintf(shown, PGURL_SHOWN, "postgresql://...");
		return;
	}
	servers = pgurl_servers(rest);
	user = servers == rest ? 0 : strcspn(rest, ":@");
	(void)snprintf(shown, PGURL_SHOWN, "postgresql://%.*s%s%.*s", (int)user,
	    rest, user > 0 ? "@" : "", (int)strcspn(servers, "?#"), servers);
}
