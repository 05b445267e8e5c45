/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/casekeys.h"
#include "cli/base/infile.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "os/regular.h"

#define CASEKEYS_LEAST 20 /* bytes: a shorter one is none of a service's */
#define CASEKEYS_FILE  (16U << 20) /* bytes of a request.json */

/* By how seldom two characters are the same. */
static bool
casekeys_is_real(const char *value)
{
	size_t n = strlen(value), count[256] = { 0 }, same = 0, i;

	if (n <= CASEKEYS_LEAST || strpbrk(value, "0123456789") == NULL)
		return false;
	for (i = 0; i < n; i++)
		count[(unsigned char)value[i]]++;
	for (i = 0; i < 256; i++)
		same += count[i] * count[i];
	return n * n > 9 * same;
}

void
casekeys_look(const struct provider *p, struct json_object *request,
    void (*tell)(void *arg, const char *claim), void *arg)
{
	struct json_object *claims = jsonin_member(request, "claims");
	const struct provider_field *f = p->fields;
	const char *value;

	for (; f != NULL && f->claim != NULL; f++)
		if (f->kind != FIELD_TEXT &&
		    (value = jsonin_string(claims, f->claim)) != NULL &&
		    casekeys_is_real(value))
			tell(arg, f->claim);
}

/* One file, and whom to tell. */
struct casekeys_file {
	char path[PATH_MAX];
	void (*tell)(void *arg, const char *path, const char *claim);
	void *arg;
};

static void
casekeys_tell(void *arg, const char *claim)
{
	const struct casekeys_file *file = arg;

	file->tell(file->arg, file->path, claim);
}

static void
casekeys_read(const struct provider *p, struct casekeys_file *file)
{
	struct json_object *request = NULL;
	const char *why;
	struct buf text;
	struct stat st;
	int fd = regular_open(file->path, O_RDONLY, &st, &why);

	if (fd == -1)
		return;
	buf_init(&text, CASEKEYS_FILE);
	if (infile_all(fd, &text) == 0)
		request =
		    jsonin_parse(text.data, text.len, JSON_ANSWER_VALUES, &why);
	(void)close(fd);
	casekeys_look(p, request, casekeys_tell, file);
	json_object_put(request);
	buf_free(&text);
}

void
casekeys_directory(const struct provider *p, const char *dir,
    void (*tell)(void *arg, const char *path, const char *claim), void *arg)
{
	struct casekeys_file file = { .tell = tell, .arg = arg };
	struct dirent *entry;
	DIR *cases = NULL;

	if (snprintf(file.path, sizeof(file.path), "%s/cases", dir) <
	    (int)sizeof(file.path))
		cases = opendir(file.path);
	while (cases != NULL && (entry = readdir(cases)) != NULL)
		if (entry->d_name[0] != '.' &&
		    snprintf(file.path, sizeof(file.path),
			"%s/cases/%s/request.json", dir,
			entry->d_name) < (int)sizeof(file.path))
			casekeys_read(p, &file);
	if (cases != NULL)
		(void)closedir(cases);
}
