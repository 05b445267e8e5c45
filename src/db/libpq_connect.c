/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/libpq_connect.h"
#include "os/clock.h"
#include "os/pollone.h"

#define PLACES_MAX  16 /* addresses of a server that are tried */
#define OPTIONS_MAX 64 /* of a URL, and ours */
#define HOST_MAX    256
#define PORT_MAX    8

int
libpq_fail(struct libpq_error *e, enum libpq_fault fault, const char *why)
{
	size_t i;

	e->fault = fault;
	e->state[0] = '\0';
	(void)snprintf(e->why, sizeof(e->why), "%s", why);
	/* One line: libpq ends its own with a line feed. */
	for (i = strlen(e->why); i > 0 && e->why[i - 1] <= ' '; i--)
		e->why[i - 1] = '\0';
	for (i = 0; e->why[i] != '\0'; i++)
		if (e->why[i] == '\n' || e->why[i] == '\t')
			e->why[i] = ' ';
	return -1;
}

int
libpq_lost(PGconn *pg, struct libpq_error *e)
{
	return libpq_fail(e, LIBPQ_LOST, PQerrorMessage(pg));
}

/* Waits for the socket. */
int
libpq_wait(PGconn *pg, short events, int64_t until, struct libpq_error *e)
{
	int n = pollone(PQsocket(pg), events, until);

	if (n > 0)
		return 0;
	return n == 0 ? libpq_fail(e, LIBPQ_LATE, "") : libpq_lost(pg, e);
}

/* A server of the URL, and an address of it ("": libpq finds its way, as for a
 * socket's folder). */
struct libpq_place {
	char host[HOST_MAX], address[HOST_MAX], port[PORT_MAX];
};

struct libpq_places {
	struct libpq_place place[PLACES_MAX];
	size_t n;
};

/* Belongs to libc while it runs. */
struct libpq_lookup {
	struct gaicb cb;
	struct gaicb *list[1];
	struct addrinfo hints;
	char host[HOST_MAX];
};

/* An option that this libpq has, with its value in the URL; NULL: it has none of
 * this name. */
static const PQconninfoOption *
libpq_known(const PQconninfoOption *options, const char *name)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, name) == 0)
			return options;
	return NULL;
}

/* The value of an option of the URL, NULL for none. */
static const char *
libpq_option(const PQconninfoOption *options, const char *name)
{
	const PQconninfoOption *o = libpq_known(options, name);

	return o == NULL ? NULL : o->val;
}

/* Whether libpq can be told (16 and later) which proof of who we are it is not to
 * give, and nobody else has told it. */
static bool
libpq_may_forbid(const PQconninfoOption *options)
{
	const PQconninfoOption *o = libpq_known(options, "require_auth");

	return o != NULL && o->val == NULL && getenv("PGREQUIREAUTH") == NULL;
}

static void
libpq_place_add(struct libpq_places *p, const char *host, const char *address,
    const char *port)
{
	struct libpq_place *place = &p->place[p->n];

	if (p->n == PLACES_MAX)
		return;
	p->n++;
	(void)snprintf(place->host, sizeof(place->host), "%s", host);
	(void)snprintf(place->address, sizeof(place->address), "%s", address);
	(void)snprintf(place->port, sizeof(place->port), "%s", port);
}

/* Adds the addresses that were found. */
static void
libpq_place_found(struct libpq_places *p, const char *host, const char *port,
    const struct addrinfo *a)
{
	char text[HOST_MAX];

	for (; a != NULL; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text),
			NULL, 0, NI_NUMERICHOST) == 0)
			libpq_place_add(p, host, text, port);
}

/* Waits for a lookup; what does not end in time is left to libc, which writes
 * into its memory when the name server answers at last. */
static struct addrinfo *
libpq_lookup_end(struct libpq_lookup *l, int64_t until, const char **why)
{
	const struct gaicb *list[1] = { &l->cb };
	struct addrinfo *found = NULL;
	struct timespec left;
	int64_t ms;
	int code;

	while ((code = gai_error(&l->cb)) == EAI_INPROGRESS &&
	    (ms = until - clock_ms()) > 0) {
		left.tv_sec = ms / 1000;
		left.tv_nsec = ms % 1000 * 1000000;
		(void)gai_suspend(list, 1, &left);
	}
	if (code == EAI_INPROGRESS) {
		*why = "its name is not found in time";
		if (gai_cancel(&l->cb) == EAI_NOTCANCELED)
			return NULL;
	} else if (code == 0) {
		found = l->cb.ar_result;
	} else {
		*why = gai_strerror(code);
	}
	free(l);
	return found;
}

/* Looks a name up and adds its addresses. */
static int
libpq_look_up(struct libpq_places *p, const char *host, const char *port,
    int64_t until, struct libpq_error *e)
{
	struct libpq_lookup *l = calloc(1, sizeof(*l));
	char text[HOST_MAX + 64];
	struct addrinfo *found;
	const char *why = "";

	if (l == NULL)
		return libpq_fail(e, LIBPQ_STARVED, "");
	(void)snprintf(l->host, sizeof(l->host), "%s", host);
	l->hints.ai_socktype = SOCK_STREAM;
	l->hints.ai_flags = AI_ADDRCONFIG;
	l->cb.ar_name = l->host;
	l->cb.ar_request = &l->hints;
	l->list[0] = &l->cb;
	if (getaddrinfo_a(GAI_NOWAIT, l->list, 1, NULL) != 0) {
		free(l);
		return libpq_fail(e, LIBPQ_STARVED, "");
	}
	if ((found = libpq_lookup_end(l, until, &why)) == NULL) {
		(void)snprintf(text, sizeof(text), "%s: %s", host, why);
		return libpq_fail(e, LIBPQ_LOST, text);
	}
	libpq_place_found(p, host, port, found);
	freeaddrinfo(found);
	return 0;
}

/* Whether a host is a folder of a socket, or an abstract one. */
static bool
libpq_is_socket(const char *host)
{
	return host[0] == '\0' || host[0] == '/' || host[0] == '@';
}

/* Adds one server of the URL. */
static int
libpq_place_of(struct libpq_places *p, const char *host, const char *address,
    const char *port, int64_t until, struct libpq_error *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST };
	struct addrinfo *found;

	if (address[0] != '\0' || libpq_is_socket(host)) {
		libpq_place_add(p, host, address, port);
		return 0;
	}
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return libpq_look_up(p, host, port, until, e);
	libpq_place_found(p, host, port, found);
	freeaddrinfo(found);
	return 0;
}

/* Takes the part before the next comma of a list (NULL, ended: an empty one). */
static void
libpq_part(const char **list, char *part, size_t size)
{
	size_t n = *list == NULL ? 0 : strcspn(*list, ",");

	(void)snprintf(part, size, "%.*s", (int)n, *list == NULL ? "" : *list);
	if (*list != NULL)
		*list = (*list)[n] == ',' ? *list + n + 1 : NULL;
}

/* The servers of a URL that are left: `host`, `hostaddr` and `port` are lists with
 * commas, of which a single port is that of all. */
struct libpq_servers {
	const char *hosts, *addresses, *ports;
	const char *port; /* of all; NULL: each has its own */
	size_t n;
};

static size_t
libpq_count(const char *list)
{
	size_t n = 1;

	for (; list != NULL && *list != '\0'; list++)
		n += *list == ',';
	return n;
}

static struct libpq_servers
libpq_servers_of(const PQconninfoOption *options)
{
	struct libpq_servers s = { .hosts = libpq_option(options, "host"),
		.addresses = libpq_option(options, "hostaddr"),
		.ports = libpq_option(options, "port") };
	size_t addresses;

	if (s.hosts == NULL && s.addresses == NULL)
		s.hosts = getenv("PGHOST");
	if (s.ports == NULL || strchr(s.ports, ',') == NULL)
		s.port = s.ports == NULL ? "" : s.ports;
	s.n = libpq_count(s.hosts);
	addresses = libpq_count(s.addresses);
	if (addresses > s.n)
		s.n = addresses;
	return s;
}

/* Takes the next server, and finds its addresses: 0, or -1. */
static int
libpq_places(struct libpq_servers *s, struct libpq_places *p, int64_t until,
    struct libpq_error *e)
{
	char host[HOST_MAX], address[HOST_MAX], port[PORT_MAX];
	const char *ports = s->port != NULL ? s->port : s->ports;

	p->n = 0;
	libpq_part(&s->hosts, host, sizeof(host));
	libpq_part(&s->addresses, address, sizeof(address));
	libpq_part(&ports, port, sizeof(port));
	if (s->port == NULL)
		s->ports = ports;
	s->n--;
	return libpq_place_of(p, host, address, port, until, e);
}

/* The end of the first of n equal parts of what is left until then. */
static int64_t
libpq_share(int64_t until, size_t n)
{
	int64_t now = clock_ms();

	return now + (until - now) / (int64_t)n;
}

/* libpq would write a server's notices to stderr. */
static void
libpq_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

/* Connects to one server. */
static PGconn *
libpq_join(const PQconninfoOption *options, const struct libpq_place *place,
    int64_t until, struct libpq_error *e)
{
	const char *names[OPTIONS_MAX], *values[OPTIONS_MAX];
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	const bool forbid = libpq_may_forbid(options);
	size_t n = 0;
	PGconn *pg;

	for (; options->keyword != NULL && n < OPTIONS_MAX - 8; options++)
		if (options->val != NULL &&
		    strcmp(options->keyword, "host") != 0 &&
		    strcmp(options->keyword, "hostaddr") != 0 &&
		    strcmp(options->keyword, "port") != 0) {
			names[n] = options->keyword;
			values[n++] = options->val;
		}
#define OPTION(name, value) (names[n] = (name), values[n++] = (value))
	OPTION("host", place->host[0] == '\0' ? NULL : place->host);
	OPTION("hostaddr", place->address[0] == '\0' ? NULL : place->address);
	OPTION("port", place->port[0] == '\0' ? NULL : place->port);
	OPTION("client_encoding", "UTF8");
	OPTION("fallback_application_name", "ctim-relay");
	/* It would ask a Kerberos server, without a deadline. */
	OPTION("gssencmode", "disable");
	if (forbid)
		OPTION("require_auth", "!gss,!sspi");
#undef OPTION
	names[n] = NULL;
	values[n] = NULL;
	if ((pg = PQconnectStartParams(names, values, 0)) == NULL) {
		libpq_fail(e, LIBPQ_STARVED, "");
		return NULL;
	}
	while (PQstatus(pg) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
		if (libpq_wait(pg,
			status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			until, e) == -1) {
			PQfinish(pg);
			return NULL;
		}
		status = PQconnectPoll(pg);
	}
	(void)PQsetNoticeReceiver(pg, libpq_notice, NULL);
	if (PQstatus(pg) == CONNECTION_OK && PQsetnonblocking(pg, 1) == 0)
		return pg;
	libpq_lost(pg, e);
	PQfinish(pg);
	return NULL;
}

/* Tries one server after another, and the addresses of each; a name that is not
 * found takes no more than its server's part of the time. */
static PGconn *
libpq_try(const PQconninfoOption *options, struct libpq_places *p,
    int64_t until, struct libpq_error *e)
{
	struct libpq_servers s = libpq_servers_of(options);
	PGconn *pg = NULL;
	int64_t end;
	size_t i;

	while (s.n > 0 && pg == NULL) {
		end = libpq_share(until, s.n);
		if (libpq_places(&s, p, end, e) == -1)
			continue;
		for (i = 0; i < p->n && pg == NULL; i++)
			pg = libpq_join(options, &p->place[i],
			    libpq_share(end, p->n - i), e);
	}
	return pg;
}

struct libpq_conn *
libpq_connect(const char *url, int64_t until, struct libpq_error *e)
{
	PQconninfoOption *options;
	struct libpq_places *p;
	PGconn *pg = NULL;
	char *why = NULL;

	/* The file with it may name a directory (LDAP), asked without a deadline. */
	if (getenv("PGSERVICE") != NULL) {
		libpq_fail(e, LIBPQ_LOST,
		    "PGSERVICE is in the environment; take it out");
		return NULL;
	}
	/* Its words may quote the URL. */
	options = PQconninfoParse(url, &why);
	PQfreemem(why);
	if (options == NULL) {
		libpq_fail(e, LIBPQ_LOST, "libpq does not take this URL");
		return NULL;
	}
	if ((p = malloc(sizeof(*p))) == NULL)
		libpq_fail(e, LIBPQ_STARVED, "");
	else
		pg = libpq_try(options, p, until, e);
	free(p);
	PQconninfoFree(options);
	return (struct libpq_conn *)pg;
}
