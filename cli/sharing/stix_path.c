/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cli/sharing/stix_lex.h"
#include "cli/sharing/stix_path.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Paths of values, without the brackets of lists. */
static const struct {
	const char *path, *type;
	enum stix_rank rank;
} stix_paths[] = { { "ipv4-addr:value", "ipv4-addr", STIX_VALUE },
	{ "ipv6-addr:value", "ipv6-addr", STIX_VALUE },
	{ "domain-name:value", "domain-name", STIX_VALUE },
	{ "url:value", "url", STIX_VALUE },
	{ "email-addr:value", "email-addr", STIX_VALUE },
	{ "email-message:from_ref.value", "email-addr", STIX_VALUE },
	{ "email-message:sender_ref.value", "email-addr", STIX_VALUE },
	{ "network-traffic:dst_ref.value", "", STIX_VALUE },
	{ "network-traffic:src_ref.value", "", STIX_VALUE },
	{ "domain-name:resolves_to_refs.value", "", STIX_BESIDE } };

/* Objects whose hashes are those of a file. */
static const char *const stix_files[] = { "file:hashes.", "artifact:hashes." };
static const char *const stix_hashes[][2] = { { "md5", "md5" },
	{ "sha1", "sha1" }, { "sha-1", "sha1" }, { "sha256", "sha256" },
	{ "sha-256", "sha256" } };

static void
stix_path_name(struct stix_lex *r, struct buf *path)
{
	if (r->kind == STIX_STRING)
		buf_adds(path, r->texts->data + r->text);
	else if (r->kind == STIX_WORD)
		buf_add(path, r->token, (size_t)(r->s - r->token));
	else
		stix_lex_fail(r, "the name of a property is missing");
	stix_lex_next(r);
}

void
stix_path_read(struct stix_lex *r, struct buf *path)
{
	if (r->kind != STIX_WORD)
		stix_lex_fail(r, "the path of a property is missing");
	stix_path_name(r, path);
	stix_lex_expect(
	    r, ':', "there is no colon behind the type of an object");
	buf_addc(path, ':');
	stix_path_name(r, path);
	while (r->kind == '.' || r->kind == '[') {
		if (r->kind == '.') {
			stix_lex_next(r);
			buf_addc(path, '.');
			stix_path_name(r, path);
			continue;
		}
		stix_lex_next(r);
		if (r->kind != '*' && r->kind != STIX_LITERAL)
			stix_lex_fail(r, "the index of a list is no number");
		stix_lex_next(r);
		stix_lex_expect(r, ']', "the index of a list is not closed");
	}
}

enum stix_rank
stix_path_rank(const char *path, const char **type)
{
	size_t i, k, n;

	for (i = 0; i < COUNT(stix_paths); i++)
		if (strcmp(stix_paths[i].path, path) == 0) {
			*type = stix_paths[i].type;
			return stix_paths[i].rank;
		}
	for (i = 0; i < COUNT(stix_files); i++) {
		n = strlen(stix_files[i]);
		for (k = 0; k < COUNT(stix_hashes); k++)
			if (strncmp(path, stix_files[i], n) == 0 &&
			    strcasecmp(path + n, stix_hashes[k][0]) == 0) {
				*type = stix_hashes[k][1];
				return STIX_HASH;
			}
	}
	return STIX_NONE;
}
