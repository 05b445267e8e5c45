/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "conf/conf.h"
#include "http/http.h"
#include "http/http_trust.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define DAY 86400L

/*
 * The resolver of this program, libcurl's too: no name leaves the machine.
 * Numbers go to the real one.
 */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	static const char *const loop[] = { "rebound.example", "127.0.0.1",
		"mapped.example", "0.0.0.0" };
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
	size_t i;

	memcpy(&real, &symbol, sizeof(real));
	if (strcmp(name, "hung.example") == 0)
		sleep(600);
	for (i = 0; i < COUNT(loop); i += 2)
		if (strcmp(name, loop[i]) == 0)
			return real(loop[i + 1], service, hints, out);
	if (strspn(name, "0123456789.") == strlen(name))
		return real(name, service, hints, out);
	return EAI_NONAME;
}

#define PUBLIC "93.184.216.34" /* an address that connect() moves */

/* What is sent to PUBLIC arrives at this machine. */
int
connect(int fd, const struct sockaddr *to, socklen_t size)
{
	int (*real)(int, const struct sockaddr *, socklen_t);
	void *symbol = dlsym(RTLD_NEXT, "connect");
	struct sockaddr_in moved;

	memcpy(&real, &symbol, sizeof(real));
	if (to->sa_family != AF_INET)
		return real(fd, to, size);
	memcpy(&moved, to, sizeof(moved));
	if (moved.sin_addr.s_addr == inet_addr(PUBLIC))
		moved.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return real(fd, (struct sockaddr *)&moved, sizeof(moved));
}

static struct loopback server;
static struct conf conf;
static char pem[64]; /* the server's certificate */
static int newest;   /* version of TLS that the server speaks; 0: any */

/* A server whose certificate is for an address and begins and ends so many
 * seconds from now; NULL: no TLS. */
static void
begin(const char *address, long begins, long ends)
{
	static const struct loopback_row rows[] = { LOOPBACK_ROW("/",
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
	    "hello") };
	SSL_CTX *tls = NULL;
	int fd;

	snprintf(pem, sizeof(pem), "/tmp/ctim-http-XXXXXX");
	fd = mkstemp(pem);
	ck_assert_int_ne(fd, -1);
	close(fd);
	if (address != NULL) {
		tls = loopback_tls(address, begins, ends, pem);
		ck_assert_int_eq(SSL_CTX_set_max_proto_version(tls, newest), 1);
	}
	loopback_start(&server, rows, COUNT(rows), tls);
	SSL_CTX_free(tls);
	conf = (struct conf){ .connect_timeout = 5,
		.parallel = 32,
		.host_parallel = 64,
		.idle_timeout = 230,
		.allow_private = true,
		.ca_file = pem };
	ck_assert_int_eq(http_global(), 0);
}

static void
end(struct http *h)
{
	http_free(h);
	loopback_stop(&server);
	unlink(pem);
}

static void
prepare(struct http_call *call, const char *url)
{
	*call = (struct http_call){
		.url = url, .timeout = 20000, .max_body = 1000
	};
}

static char *
url_of(const char *scheme, const char *host)
{
	static char url[128];

	snprintf(url, sizeof(url), "%s://%s:%d/", scheme, host, server.port);
	return url;
}

static struct http_call
get(struct http *h, const char *url)
{
	struct http_call call;

	prepare(&call, url);
	http_do(h, &call);
	return call;
}

START_TEST(a_trusted_certificate_is_taken)
{
	struct http *h;
	struct http_call call;

	begin("127.0.0.1", -DAY, DAY);
	h = http_new(&conf);
	call = get(h, url_of("https", "127.0.0.1"));
	ck_assert_msg(call.end == HTTP_ANSWERED, "%s", call.why);
	ck_assert(call.fresh);
	call = get(h, url_of("https", "127.0.0.1"));
	ck_assert(!call.fresh);
	end(h);
}
END_TEST

/* With and without a session that the first handshake resumed. */
START_TEST(a_second_handshake_on_a_connection_does_no_harm)
{
	struct http *h;
	struct http_call call;
	char url[128];
	int i;

	newest = TLS1_2_VERSION;
	begin("127.0.0.1", -DAY, DAY);
	snprintf(
	    url, sizeof(url), "%srenegotiate", url_of("https", "127.0.0.1"));
	conf.idle_timeout = 1;
	h = http_new(&conf);
	for (i = 0; i < 2; i++) {
		call = get(h, url);
		ck_assert_msg(call.end == HTTP_ANSWERED, "%s", call.why);
		ck_assert(call.fresh);
		/* libcurl counts whole seconds. */
		usleep(i == 0 ? 2100000 : 0);
	}
	end(h);
	newest = 0;
}
END_TEST

START_TEST(any_other_certificate_is_refused)
{
	static const struct {
		const char *address;
		long begins, ends;
		const char *why;
	} rows[] = { { "127.0.0.2", -DAY, DAY, "hostname mismatch" },
		{ "127.0.0.1", -2 * DAY, -DAY, "certificate has expired" },
		{ "127.0.0.1", DAY, 2 * DAY, "certificate is not yet valid" } };
	struct http *h;
	struct http_call call;
	size_t i;
	int turn;

	/* And the next time, when there may be a session to resume. */
	for (i = 0; i < 2 * COUNT(rows); i++) {
		newest = i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
		begin(
		    rows[i / 2].address, rows[i / 2].begins, rows[i / 2].ends);
		h = http_new(&conf);
		for (turn = 0; turn < 2; turn++) {
			call = get(h, url_of("https", "127.0.0.1"));
			ck_assert_int_eq(call.end, HTTP_TLS);
			ck_assert_int_eq(call.status, 0);
			ck_assert_str_eq(call.why, rows[i / 2].why);
		}
		end(h);
	}
	newest = 0;
}
END_TEST

START_TEST(ca_file_is_instead_of_the_systems_certificates)
{
	struct http *h;
	struct http_call call;
	char other[sizeof(pem)];

	/* The certificate of another server. */
	begin("127.0.0.1", -DAY, DAY);
	memcpy(other, pem, sizeof(other));
	loopback_stop(&server);
	begin("127.0.0.1", -DAY, DAY);
	conf.ca_file = other;
	h = http_new(&conf);
	call = get(h, url_of("https", "127.0.0.1"));
	ck_assert_int_eq(call.end, HTTP_TLS);
	ck_assert_str_eq(call.why, "self-signed certificate");
	unlink(other);
	end(h);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_trusts_nobody)
{
	struct http *h;
	struct http_call call;
	char none[] = "/dev/null";

	begin("127.0.0.1", -DAY, DAY);
	conf.ca_file = none;
	h = http_new(&conf);
	call = get(h, url_of("https", "127.0.0.1"));
	ck_assert_int_eq(call.end, HTTP_TLS);
	ck_assert_str_eq(
	    call.why, "the file of trusted certificates cannot be read");
	end(h);
}
END_TEST

START_TEST(certificates_are_read_once)
{
	X509_STORE *a, *b;

	begin("127.0.0.1", -DAY, DAY);
	a = http_trust_get(pem);
	ck_assert_ptr_nonnull(a);
	b = http_trust_get(pem);
	ck_assert_ptr_eq(a, b);
	http_trust_put(a);
	unlink(pem);
	/* Still somebody's, so the file is not read again. */
	ck_assert_ptr_eq(http_trust_get(pem), b);
	http_trust_put(b);
	http_trust_put(b);
	http_trust_put(NULL);
	ck_assert_ptr_null(http_trust_get(pem));
	loopback_stop(&server);
}
END_TEST

START_TEST(no_tls_is_no_connection)
{
	struct http *h;
	struct http_call call;

	begin("127.0.0.1", -DAY, DAY);
	loopback_stop(&server);
	loopback_start(&server, NULL, 0, NULL);
	h = http_new(&conf);
	prepare(&call, url_of("https", "127.0.0.1"));
	call.timeout = 500;
	http_do(h, &call);
	/* It takes the client's hello for the begin of a request. */
	ck_assert_int_eq(call.end, HTTP_LATE);
	call = get(h, url_of("http", "127.0.0.1"));
	ck_assert_int_eq(call.end, HTTP_ANSWERED);
	end(h);
}
END_TEST

/* All have a connection of their own long before the first one's is given up;
 * else the last would not get one within its time-out. */
START_TEST(a_hung_host_does_not_make_the_others_wait_in_line)
{
	struct http_call call[4], *done;
	struct http *h;
	size_t i, n = 0;

	begin("127.0.0.1", -DAY, DAY);
	loopback_stop(&server);
	loopback_start(&server, NULL, 0, NULL);
	conf.connect_timeout = 2;
	h = http_new(&conf);
	for (i = 0; i < COUNT(call); i++) {
		prepare(&call[i], url_of("https", "127.0.0.1"));
		call[i].timeout = 3000;
		ck_assert_int_eq(http_start(h, &call[i]), 0);
	}
	while (n < COUNT(call)) {
		http_wait(h, 1000);
		while ((done = http_next(h)) != NULL) {
			ck_assert_int_eq(done->end, HTTP_LATE);
			ck_assert(done->fresh);
			n++;
		}
	}
	end(h);
}
END_TEST

/* Those that were cancelled while they waited for the first one's connection
 * are used again for the next calls. */
START_TEST(a_cancelled_wait_leaves_a_handle_that_works)
{
	struct http_call call[4];
	struct http *h;
	size_t i, turn;

	begin("127.0.0.1", -DAY, DAY);
	loopback_stop(&server);
	loopback_start(&server, NULL, 0, NULL);
	h = http_new(&conf);
	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < COUNT(call); i++) {
			prepare(&call[i], url_of("https", "127.0.0.1"));
			ck_assert_msg(
			    http_start(h, &call[i]) == 0, "%s", call[i].why);
		}
		http_wait(h, 0);
		for (i = 0; i < COUNT(call); i++)
			http_cancel(h, &call[i]);
	}
	end(h);
}
END_TEST

START_TEST(a_hung_resolver_holds_nobody_up)
{
	struct http *h;
	struct http_call call, other;
	char url[] = "https://hung.example/";

	begin(NULL, 0, 0);
	h = http_new(&conf);
	prepare(&call, url);
	conf.ca_file = NULL;
	call.timeout = 200;
	http_do(h, &call);
	ck_assert_int_eq(call.end, HTTP_LATE);
	prepare(&other, url);
	ck_assert_int_eq(http_start(h, &other), 0);
	http_wait(h, 0);
	/* Nor when all ends while it is asked. */
	end(h);
}
END_TEST

START_TEST(a_name_may_not_lead_to_a_private_address)
{
	static const char *const names[] = { "rebound.example",
		"mapped.example" };
	struct http *h;
	struct http_call call;
	size_t i;

	begin("127.0.0.1", -DAY, DAY);
	conf.allow_private = false;
	h = http_new(&conf);
	for (i = 0; i < COUNT(names); i++) {
		call = get(h, url_of("https", names[i]));
		ck_assert_msg(
		    call.end == HTTP_PRIVATE, "%s: %s", names[i], call.why);
		ck_assert_str_eq(call.why, "the host has no public address");
	}
	call = get(h, "https://nowhere.example/");
	ck_assert_int_eq(call.end, HTTP_NO_HOST);
	conf.allow_private = true;
	call = get(h, url_of("http", "rebound.example"));
	ck_assert_int_ne(call.end, HTTP_PRIVATE);
	end(h);
}
END_TEST

/* Its own address was public, the other side's is not: nothing is sent.  libcurl 8
 * says the address that it asked connect(2) for, so there is nothing to see. */
START_TEST(the_other_side_is_looked_at_before_each_request)
{
	struct http_policy private = { .allow_private = true, .ca_file = pem };
	struct http *h;
	struct http_call call;
	int i;

	if (curl_version_info(CURLVERSION_NOW)->version_num >= 0x080000)
		return;
	begin(PUBLIC, -DAY, DAY);
	conf.allow_private = false;
	h = http_new(&conf);
	for (i = 0; i < 2; i++) {
		prepare(&call, url_of("https", PUBLIC));
		call.policy = &private;
		http_do(h, &call);
		ck_assert_msg(call.end == HTTP_ANSWERED, "%s", call.why);
		ck_assert(call.fresh == (i == 0));
		call = get(h, url_of("https", PUBLIC));
		ck_assert_msg(call.end == HTTP_PRIVATE, "%s", call.why);
		ck_assert_int_eq(call.status, 0);
	}
	end(h);
}
END_TEST

START_TEST(urls_are_looked_at_before_they_are_called)
{
	static const struct {
		const char *url;
		enum http_end end, allowed; /* without and with
						 * allow_private */
	} urls[] = { { "https://127.0.0.1/", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://0x7f.1/", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://%31%32%37.0.0.1/", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://[::1]/", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://[fe80::1%25lo]/", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://LOCALHOST./", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://169.254.169.254/", HTTP_PRIVATE, HTTP_ANSWERED },
		{ "https://nowhere.example/", HTTP_ANSWERED, HTTP_ANSWERED },
		{ "HTTPS://nowhere.example/", HTTP_ANSWERED, HTTP_ANSWERED },
		{ "http://nowhere.example/", HTTP_BAD_URL, HTTP_ANSWERED },
		{ "ftp://nowhere.example/", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "file:///etc/passwd", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "nowhere.example/", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://u@nowhere.example/", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://u:p@nowhere.example/", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://nowhere.example/a b", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://nowhere.example/a\r\nX: y", HTTP_BAD_URL,
		    HTTP_BAD_URL },
		{ "https://nowhere.example/\xc3\xa4", HTTP_BAD_URL,
		    HTTP_BAD_URL },
		{ "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
		    HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://%EF%BC%91%30.0.0.1/", HTTP_BAD_URL, HTTP_BAD_URL },
		{ "https://nowhere.example:99999/", HTTP_BAD_URL,
		    HTTP_BAD_URL } };
	struct http *h;
	struct http_call call;
	enum http_end want;
	size_t i;

	begin(NULL, 0, 0);
	conf.ca_file = NULL;
	h = http_new(&conf);
	for (i = 0; i < 2 * COUNT(urls); i++) {
		conf.allow_private = i % 2 == 1;
		want = i % 2 == 1 ? urls[i / 2].allowed : urls[i / 2].end;
		prepare(&call, urls[i / 2].url);
		ck_assert_msg(
		    http_start(h, &call) == (want == HTTP_ANSWERED ? 0 : -1),
		    "%s", urls[i / 2].url);
		ck_assert_msg(call.end == want, "%s", urls[i / 2].url);
		ck_assert((call.why[0] == '\0') == (want == HTTP_ANSWERED));
		http_cancel(h, &call);
	}
	end(h);
}
END_TEST

START_TEST(a_proxy_gets_the_calls_and_no_key)
{
	static const char *const headers[] = { "X-Key: k", NULL };
	struct http *h;
	struct http_call call;
	char proxy[64];

	begin(NULL, 0, 0);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
	conf.ca_file = NULL;
	conf.proxy = proxy;
	conf.allow_private = false;
	h = http_new(&conf);
	/* Its own address is no matter, that of the service is. */
	prepare(&call, "https://service.example/");
	call.headers = headers;
	http_do(h, &call);
	ck_assert_int_eq(call.end, HTTP_NO_CONNECTION);
	ck_assert_str_eq(call.why, "the proxy answered 403");
	ck_assert_int_eq(call.status, 0);
	ck_assert_str_eq(call.retry_after, "");
	call = get(h, "https://10.0.0.1/");
	ck_assert_int_eq(call.end, HTTP_PRIVATE);
	call = get(h, "https://localhost/");
	ck_assert_int_eq(call.end, HTTP_PRIVATE);
	end(h);
}
END_TEST

START_TEST(the_environment_takes_no_host_from_the_proxy)
{
	struct http *h;
	struct http_call call;
	char proxy[64];

	begin(NULL, 0, 0);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d",
	    loopback_closed_port());
	conf.proxy = proxy;
	setenv("no_proxy", "*", 1);
	setenv("NO_PROXY", "127.0.0.1", 1);
	conf.ca_file = NULL;
	h = http_new(&conf);
	call = get(h, url_of("http", "127.0.0.1"));
	ck_assert_int_eq(call.end, HTTP_NO_CONNECTION);
	end(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_trusted_certificate_is_taken,
		a_second_handshake_on_a_connection_does_no_harm,
		any_other_certificate_is_refused,
		ca_file_is_instead_of_the_systems_certificates,
		a_file_that_cannot_be_read_trusts_nobody,
		certificates_are_read_once, no_tls_is_no_connection,
		a_hung_host_does_not_make_the_others_wait_in_line,
		a_cancelled_wait_leaves_a_handle_that_works,
		a_hung_resolver_holds_nobody_up,
		a_name_may_not_lead_to_a_private_address,
		the_other_side_is_looked_at_before_each_request,
		urls_are_looked_at_before_they_are_called,
		a_proxy_gets_the_calls_and_no_key,
		the_environment_takes_no_host_from_the_proxy };

	return unit_run("http_tls", tests, COUNT(tests));
}
