/* Observables from a text that speaks of them. */
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/feed/extract.h"
#include "cli/feed/feed_reader.h"
#include "cli/terms/terms.h"

struct reading {
	const struct command *cmd;
	struct terms *asked;
};

static int
terms_text_found(void *arg, enum observable_type type, const char *value)
{
	struct reading *t = arg;

	return terms_append(t->cmd, t->asked, type, value, 0);
}

int
terms_text(const struct command *cmd, struct terms *asked, const char *file)
{
	struct reading t = { cmd, asked };
	struct feed_reader r = { .file = NULL };
	FILE *f = infile_open(cmd, file);
	int status;

	if (f == NULL)
		return CMD_FAILED;
	if (feed_reader_init(&r, f) == -1)
		status = command_fail(cmd, CMD_FAILED, "no memory left");
	else if (feed_reader_mark(&r) == -1)
		status = infile_utf16(cmd, file);
	else
		status = extract_read(&r, terms_text_found, &t);
	if (status == CMD_OK && r.error != 0)
		status = command_fail(cmd, CMD_FAILED, "%s: %s",
		    infile_name(file), strerror(r.error));
	feed_reader_free(&r);
	infile_close(f);
	return status;
}
