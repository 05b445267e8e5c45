#include <stdbool.h>
#include <string.h>

#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"

#define BLANKS " \t\v\f"

/* Addresses to which hosts files send blocked names. */
static const char *const sinks[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };

/* Names of the machine itself and its network, which every hosts file has. */
static const char *const local_names[] = { "localhost", "localhost.localdomain",
	"broadcasthost", "ip6-localhost", "ip6-loopback", "ip6-localnet",
	"ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
	"0.0.0.0" };

#define SINKS       (sizeof(sinks) / sizeof(sinks[0]))
#define LOCAL_NAMES (sizeof(local_names) / sizeof(local_names[0]))

static bool
one_of(const char *word, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* Ends the word at s; returns the text behind it, without leading blanks. */
static char *
end_word(char *s)
{
	size_t n = strcspn(s, BLANKS);
	bool more = s[n] != '\0';

	s[n] = '\0';
	return more ? s + n + 1 + strspn(s + n + 1, BLANKS) : s + n;
}

static int
skip_local(const struct feed_sink *sink, uint64_t line)
{
	return feed_skip(sink, line, "a name of the machine itself", NULL);
}

/* Copies the first word of a comment: "" when it is too long to be a name. */
static void
first_word(const char *s, char out[256])
{
	size_t n = strcspn(s, BLANKS "#");

	if (n >= 256)
		n = 0;
	memcpy(out, s, n);
	out[n] = '\0';
}

/* Whether the first word is a number, or missing: then a comment follows, while
 * a name may begin with anything. */
static bool
is_number(const char *s)
{
	s += strspn(s, "0123456789");
	return *s == '\0' || strchr(BLANKS "#", *s) != NULL;
}

/* Takes the names of a hosts line: each is an entry. */
static int
host_names(char *names, uint64_t line, const struct feed_sink *sink)
{
	struct feed_row row = { .n_values = 1 };
	char *next;
	int r = 0;

	names[strcspn(names, "#")] = '\0';
	for (; *names != '\0' && r == 0; names = next) {
		next = end_word(names);
		row.values[0] = names;
		r = strchr(names, '.') == NULL ||
			one_of(names, local_names, LOCAL_NAMES) ?
		    skip_local(sink, line) :
		    feed_row_emit(&row, line, sink);
	}
	return r;
}

static int
feed_text_read_line(
    char *s, size_t n, uint64_t line, const struct feed_sink *sink)
{
	struct feed_row row = { .n_values = 1 };
	char word[256], *comment;
	size_t len;
	bool named;

	if (memchr(s, '\0', n) != NULL)
		return feed_skip(sink, line, "it has a NUL byte", NULL);
	s += strspn(s, BLANKS);
	if (*s == '\0' || *s == '#' || *s == ';')
		return 0;
	len = strcspn(s, BLANKS);
	/* A URL may contain these marks. */
	if (memmem(s, len, "://", 3) == NULL)
		len = strcspn(s, BLANKS "#;,");
	comment = s + len + strspn(s + len, BLANKS "#;,");
	first_word(comment, word);
	/* A host name follows a blank, never a comment mark. */
	named = comment == s + len + strspn(s + len, BLANKS);
	s[len] = '\0';
	if (named && one_of(word, local_names, LOCAL_NAMES))
		return skip_local(sink, line);
	if (named && one_of(s, sinks, SINKS) && !is_number(comment))
		return host_names(comment, line, sink);
	row.values[0] = s;
	row.text[FEED_REASON] = comment;
	return feed_row_emit(&row, line, sink);
}

int
feed_text(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	char *s;
	size_t n;
	uint64_t line;
	enum feed_got got;
	int stop = 0;

	(void)o;
	(void)error;
	while (stop == 0) {
		line = r->line;
		if ((got = feed_reader_line(r, &s, &n)) == FEED_END)
			return 0;
		stop = got == FEED_TOO_LONG ?
		    feed_skip(sink, line, "it is too long",
			"it is longer than %u bytes", FEED_LINE_MAX) :
		    feed_text_read_line(s, n, line, sink);
	}
	return stop;
}
