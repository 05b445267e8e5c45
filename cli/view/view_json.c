/* SPDX-License-Identifier: MIT */
/* The merged answer of a query, and its entities as a CTIM bundle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uuid/uuid.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/set.h"
#include "base/uuid.h"
#include "cli/terminal/text.h"
#include "cli/view/answers.h"
#include "cli/view/view.h"
#include "ctim/ctim.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "os/spill.h"

#define MEMORY     (8U << 20)  /* bytes of all texts in memory */
#define ENTITY_MAX (64U << 20) /* bytes of a text */
#define SCHEMA     "1.3.28"

/* Texts that wait for the end. */
struct waiting {
	struct spill spill;
	size_t n;
};

struct view {
	const struct view_about *about;
	size_t room; /* left of MEMORY */
	struct waiting kinds[CTIM_KINDS], list, errors;
	struct set seen;
	struct buf text; /* the text of one entity */
	char *status;    /* of {"data": {"status"}} */
};

static struct view *
view_json_begin(const struct view_about *about)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->about = about;
	v->room = MEMORY;
	for (size_t i = 0; i < CTIM_KINDS; i++)
		spill_init(&v->kinds[i].spill, &v->room);
	spill_init(&v->list.spill, &v->room);
	spill_init(&v->errors.spill, &v->room);
	buf_init(&v->text, ENTITY_MAX);
	return v;
}

static void
view_json_release(struct view *v)
{
	for (size_t i = 0; i < CTIM_KINDS; i++)
		spill_free(&v->kinds[i].spill);
	spill_free(&v->list.spill);
	spill_free(&v->errors.spill);
	set_free(&v->seen);
	buf_free(&v->text);
	free(v->status);
	free(v);
}

static int
view_json_add(struct view *v, struct waiting *w, struct json_object *one)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
	    one, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (text == NULL)
		return -1;
	/* Different batches name the same indicators. */
	if (!set_new(&v->seen, text, len))
		return 0;
	buf_reset(&v->text);
	buf_adds(&v->text, w->n++ == 0 ? "\n" : ",\n");
	text_add_json(&v->text, text, len);
	return v->text.failed ? -1 :
				spill_add(&w->spill, v->text.data, v->text.len);
}

static int
add_all(struct view *v, struct waiting *w, struct json_object *list)
{
	for (size_t i = 0; i < jsonin_length(list); i++)
		if (view_json_add(v, w, jsonin_at(list, i)) == -1)
			return -1;
	return 0;
}

static int
view_json_take(struct view *v, const struct answers *f, size_t from, size_t to)
{
	const char *status = jsonin_string(f->data, "status");

	(void)from;
	(void)to;
	if (status != NULL) {
		free(v->status);
		if ((v->status = strdup(status)) == NULL)
			return -1;
	}
	for (enum ctim_kind k = 0; k < CTIM_KINDS; k++)
		if (add_all(v, &v->kinds[k], answers_docs(f, k)) == -1)
			return -1;
	if (v->about->list && add_all(v, &v->list, f->data) == -1)
		return -1;
	return add_all(v, &v->errors, jsonin_member(f->answer, "errors"));
}

static int
view_json_print(void *arg, const void *p, size_t n)
{
	return fwrite(p, 1, n, arg) == n ? 0 : -1;
}

static int
print_list(struct waiting *w, const char *before)
{
	printf("%s[", before);
	if (spill_read(&w->spill, view_json_print, stdout) == -1)
		return -1;
	printf("]");
	return 0;
}

/* Prints the members of "data", or of a bundle. */
static int
view_json_print_kinds(struct view *v, const char *between, bool bundle)
{
	for (enum ctim_kind k = 0; k < CTIM_KINDS; k++) {
		if (v->kinds[k].n == 0)
			continue;
		printf("%s\"%s\":", between, ctim_kind_plural(k));
		if (print_list(&v->kinds[k], bundle ? "" : "{\"docs\":") == -1)
			return -1;
		if (!bundle)
			printf(",\"count\":%zu}", v->kinds[k].n);
		between = ",\n";
	}
	return 0;
}

static void
print_status(const char *status)
{
	struct jsonout j;
	struct buf text;

	buf_init(&text, 4096);
	jsonout_init(&j, &text);
	jsonout_object(&j);
	jsonout_kstring(&j, "status", status);
	jsonout_end_object(&j);
	if (jsonout_done(&j) == 0)
		(void)text_print_json(stdout, text.data, text.len);
	buf_free(&text);
}

static int
print_data(struct view *v)
{
	int r;

	printf("\"data\":");
	if (v->about->list)
		return print_list(&v->list, "");
	if (v->status != NULL) {
		print_status(v->status);
		return 0;
	}
	putchar('{');
	r = view_json_print_kinds(v, "", false);
	putchar('}');
	return r;
}

static int
view_json_end(struct view *v)
{
	putchar('{');
	if (v->about->data && print_data(v) == -1)
		return -1;
	if (v->errors.n > 0 &&
	    print_list(&v->errors,
		v->about->data ? ",\n\"errors\":" : "\"errors\":") == -1)
		return -1;
	printf("}\n");
	return ferror(stdout) ? -1 : 0;
}

/* Prints what a bundle must have beside its entities (CTIM, Bundle). */
static int
print_bundle_head(const struct view *v)
{
	const char *relay = v->about->relay;
	char time_text[RFC3339_MAX], uuid[UUID_STR_LEN], id[64];
	struct jsonout j;
	struct buf text, source;
	int r;

	buf_init(&text, 16384);
	buf_init(&source, 4096);
	uuid4(uuid);
	snprintf(id, sizeof(id), "transient:bundle-%s", uuid);
	rfc3339_text(time_text, time(NULL));
	buf_addf(&source, "ctim-relay query%s%s", relay == NULL ? "" : " ",
	    relay == NULL ? "" : relay);
	jsonout_init(&j, &text);
	jsonout_object(&j);
	jsonout_kstring(&j, "type", "bundle");
	jsonout_kstring(&j, "id", id);
	jsonout_kstring(&j, "schema_version", SCHEMA);
	jsonout_kstring(&j, "source", source.data);
	jsonout_key(&j, "valid_time");
	jsonout_object(&j);
	jsonout_kstring(&j, "start_time", time_text);
	jsonout_end_object(&j);
	jsonout_end_object(&j);
	/* The kinds follow, and then the last brace. */
	r = jsonout_done(&j) == -1 || source.failed ?
	    -1 :
	    text_print_json(stdout, text.data, text.len - 1);
	buf_free(&text);
	buf_free(&source);
	return r;
}

static int
end_bundle(struct view *v)
{
	if (print_bundle_head(v) == -1 ||
	    view_json_print_kinds(v, ",\n", true) == -1)
		return -1;
	printf("}\n");
	return ferror(stdout) ? -1 : 0;
}

const struct view_kind view_json = { false, view_json_begin, view_json_take,
	view_json_end, view_json_release };
const struct view_kind view_ctim = { false, view_json_begin, view_json_take,
	end_bundle, view_json_release };
