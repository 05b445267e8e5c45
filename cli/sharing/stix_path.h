/* SPDX-License-Identifier: MIT */
/*
 * stix_path: which properties in STIX patterns have a value that can be looked
 * up.
 */
#ifndef CTIM_STIX_PATH_H
#define CTIM_STIX_PATH_H

struct buf;
struct stix_lex;

/* How well a comparison says what is looked for.  Of several that are joined by
 * AND the best is taken. */
enum stix_rank {
	STIX_NONE,
	STIX_BESIDE, /* only where nothing better is said */
	STIX_VALUE,
	STIX_HASH /* several are the same file */
};

/* Reads the path of a property and adds it to path: "file:hashes.MD5", without
 * quotes and the brackets of lists. */
void stix_path_read(struct stix_lex *, struct buf *path);
/* How well the property says what is looked for; *type is then the type of its
 * values, as feeds name it; "": they show it. */
enum stix_rank stix_path_rank(const char *path, const char **type);

#endif
