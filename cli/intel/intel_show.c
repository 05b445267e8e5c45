/* SPDX-License-Identifier: MIT */
/* ctim-relay intel show: what is known of a value. */
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "cli/intel/intel.h"
#include "cli/terms/terms.h"
#include "ctim/indicator.h"
#include "store/store.h"

/* Adds a record to the buffer and prints it; returns -1 when that failed. */
static int
intel_show_record(
    const struct intel *in, struct buf *b, const struct record *r, bool first)
{
	if (!in->json) {
		intel_record_block(b, r, (int64_t)time(NULL));
		return intel_record_print(b, stdout, false);
	}
	buf_adds(b, first ? "\n" : ",\n");
	if (intel_record_json(b, r, false) == -1)
		return -1;
	return intel_record_print(b, stdout, true);
}

static int
intel_show_show(const struct intel *in, struct store *s)
{
	char value[INDICATOR_MAX + 1];
	char error[STORE_ERROR_MAX];
	struct observable o = { .value = value };
	const struct record *records;
	struct buf out;
	ssize_t i, n;

	o.type = terms_normal(in->words[0], value);
	if (o.type == OBSERVABLE_UNKNOWN)
		return command_fail(in->cmd, CMD_FAILED,
		    "\"%s\" is no indicator", in->words[0]);
	/* At the time 0 nothing has expired yet. */
	if ((n = store_match(s, &o, 0, &records, error)) == -1)
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	buf_init(&out, INTEL_RECORD_MAX);
	if (in->json)
		buf_addc(&out, '[');
	for (i = 0; i < n; i++)
		(void)intel_show_record(in, &out, &records[i], i == 0);
	if (in->json)
		buf_adds(&out, "\n]\n");
	(void)intel_record_print(&out, stdout, in->json);
	buf_free(&out);
	if (n == 0)
		intel_not_listed(value);
	return n == 0 ? CMD_FAILED : CMD_OK;
}

int
intel_show(const struct intel *in)
{
	struct store *s;
	int status;

	if (in->n != 1)
		return command_usage(in->cmd, "name one value");
	if ((s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	status = intel_show_show(in, s);
	store_close(s);
	return status;
}
