/* SPDX-License-Identifier: MIT */
/* ctim-relay intel backup, restore: a whole store as one file, and back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/outfile.h"
#include "cli/intel/intel.h"
#include "cli/terminal/text.h"
#include "os/regular.h"
#include "store/store_write.h"

#define BACKUP_MODE 0600

/* Says how much is in a store: "PATH: 7 records of 2 sources". */
static int
intel_backup_say(
    const struct intel *in, struct store *s, const char *what, const char *path)
{
	const struct store_count *counts;
	char error[STORE_ERROR_MAX];
	uint64_t records = 0;
	ssize_t i, n = store_stats(s, 0, &counts, error);

	if (n == -1)
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	for (i = 0; i < n; i++)
		records += counts[i].records;
	(void)text_print(stdout, path);
	printf(": %s, %llu record%s of %zd source%s\n", what,
	    (unsigned long long)records, records == 1 ? "" : "s", n,
	    n == 1 ? "" : "s");
	return CMD_OK;
}

/* Copies the open store to the file that is named. */
static int
intel_backup_copy(const struct intel *in, struct store *s)
{
	char error[STORE_ERROR_MAX];
	struct outfile out;
	int status;

	status = outfile_begin(in->cmd, &out, in->words[0], BACKUP_MODE);
	if (status != CMD_OK)
		return status;
	if (store_backup(s, out.beside, error) == -1) {
		outfile_drop(&out);
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	}
	return outfile_end(in->cmd, &out, in->force);
}

/* Checks that a file which is to be written over is no store that is used: its
 * -wal file would be taken for one of the copy. */
static int
intel_backup_over(const struct intel *in)
{
	const char *file = in->words[0];
	char *store, *wal = NULL;
	int status;

	store = intel_path(in->cmd, in->store, in->config, &status);
	if (store == NULL)
		return status;
	status = CMD_OK;
	if (asprintf(&wal, "%s-wal", file) == -1) {
		wal = NULL;
		status = command_fail(in->cmd, CMD_FAILED, "memory ran out");
	} else if (regular_same(store, file) || access(wal, F_OK) == 0) {
		status = command_fail(in->cmd, CMD_FAILED,
		    "%s: is a store that is in use; name another file", file);
	}
	free(wal);
	free(store);
	return status;
}

int
intel_backup(const struct intel *in)
{
	char error[STORE_ERROR_MAX];
	struct store *s, *copy;
	int status;

	if (in->n != 1)
		return command_usage(in->cmd, "name one file");
	if (!in->force && access(in->words[0], F_OK) == 0)
		return command_fail(in->cmd, CMD_FAILED,
		    "%s: is there already; --force writes over it",
		    in->words[0]);
	if ((status = intel_backup_over(in)) != CMD_OK ||
	    (s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	status = intel_backup_copy(in, s);
	store_close(s);
	if (status != CMD_OK)
		return status;
	if ((copy = store_open(in->words[0], STORE_READ, error)) == NULL)
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	status = intel_backup_say(in, copy, "written", in->words[0]);
	store_close(copy);
	return status;
}

int
intel_restore(const struct intel *in)
{
	char error[STORE_ERROR_MAX], note[STORE_ERROR_MAX];
	struct store *s;
	char *path;
	int status;

	if (in->n != 1)
		return command_usage(in->cmd, "name the file of one backup");
	path = intel_path(in->cmd, in->store, in->config, &status);
	if (path == NULL)
		return status;
	if (store_restore(path, in->words[0], note, error) == -1) {
		status = command_fail(in->cmd, CMD_FAILED, "%s", error);
	} else {
		if (note[0] != '\0' && text_print(stderr, note) == 0)
			fputc('\n', stderr);
		if ((s = intel_open(in, STORE_READ, &status)) != NULL)
			status = intel_backup_say(in, s, "restored", path);
		store_close(s);
	}
	free(path);
	return status;
}
