/* SPDX-License-Identifier: MIT */
/*
 * Tables: each cell fits its column, as CTIM has it, although its schema does not
 * ask.  What is no text becomes one where a text is wanted; a null stays, and its
 * column then says that it is not required.
 * Source: CTIM 1.3.28, "SightingDataTable".
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "complete/complete_own.h"
#include "json/jsoncanon.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"

#define CELL_MAX (1U << 20) /* bytes of the text of a cell that is none */

/* Whether a cell is null: "" is no URL. */
static bool
cell_nothing(const char *type, struct json_object *cell)
{
	const char *text = jsonin_text(cell);

	return cell == NULL ||
	    (strcmp(type, "url") == 0 && text != NULL && *text == '\0');
}

/* Writes a value that is no text as the text that JSON has for it. */
static void
cell_as_text(struct writing *w, struct json_object *cell)
{
	struct jsonout j;
	struct buf b;

	buf_init(&b, CELL_MAX);
	jsonout_init(&j, &b);
	jsoncanon_value(&j, cell);
	if (jsonout_done(&j) == -1)
		jsonout_starve(&w->json);
	else
		jsonout_bytes(&w->json, b.data, b.len);
	buf_free(&b);
}

static bool
cell_write(struct writing *w, const char *type, struct json_object *cell)
{
	static const struct form_member observable = {
		.name = "rows", .kind = FORM_OBJECT, .form = &form_observable
	};
	static const struct form_member url = { .name = "rows",
		.kind = FORM_URI };
	int64_t n;

	if (cell_nothing(type, cell)) {
		jsonout_raw(&w->json, "null", 4);
	} else if (strcmp(type, "integer") == 0) {
		if (!jsonin_int(cell, &n))
			return complete_wrong(
			    w, "rows", "have a cell that is no integer");
		jsonout_int(&w->json, n);
	} else if (strcmp(type, "number") == 0) {
		if (!json_object_is_type(cell, json_type_int) &&
		    (!json_object_is_type(cell, json_type_double) ||
			!isfinite(json_object_get_double(cell))))
			return complete_wrong(
			    w, "rows", "have a cell that is no number");
		jsoncanon_value(&w->json, cell);
	} else if (strcmp(type, "observable") == 0) {
		return complete_value(w, &observable, NULL, cell);
	} else if (strcmp(type, "url") == 0) {
		return complete_value(w, &url, NULL, cell);
	} else if (!complete_text(w, cell, 0)) {
		cell_as_text(w, cell);
	}
	return true;
}

/* Which columns have a cell that is null, looked up row by row as they may be many;
 * to be freed, NULL: no memory.  A row that has not a cell for each is wrong, and
 * told of later. */
static bool *
columns_with_null(struct json_object *columns, struct json_object *rows)
{
	const size_t n = jsonin_length(columns), n_rows = jsonin_length(rows);
	bool *nothing = calloc(n + 1, sizeof(*nothing));
	struct json_object *row;
	const char *type;
	size_t i, j;

	for (i = 0; nothing != NULL && i < n_rows; i++) {
		row = jsonin_at(rows, i);
		if (jsonin_length(row) != n)
			continue;
		for (j = 0; j < n; j++) {
			type = jsonin_string(jsonin_at(columns, j), "type");
			nothing[j] = nothing[j] ||
			    (type != NULL &&
				cell_nothing(type, jsonin_at(row, j)));
		}
	}
	return nothing;
}

/* Writes a column: as its form is, but for `required` where a cell is null. */
static bool
column_write(struct writing *w, struct json_object *column, bool nothing)
{
	struct json_object *mended;
	struct json_object_iter at;
	bool done;

	if (!json_object_is_type(column, json_type_object))
		return complete_wrong(
		    w, "columns", "have one that is no object");
	if (!nothing)
		return complete_object(w, &form_column, column);
	/* A copy, whose members are shared. */
	mended = json_object_new_object();
	json_object_object_foreachC(column, at) if (mended != NULL &&
	    !jsoncopy_put(mended, at.key, json_object_get(at.val)))
	{
		json_object_put(mended);
		mended = NULL;
	}
	if (mended == NULL ||
	    !jsoncopy_put(mended, "required", json_object_new_boolean(false)))
		jsonout_starve(&w->json);
	done = mended != NULL && complete_object(w, &form_column, mended);
	json_object_put(mended);
	return done;
}

static bool
table_columns(
    struct writing *w, struct json_object *columns, struct json_object *rows)
{
	bool *nothing, good = true;
	size_t i;

	if (!json_object_is_type(columns, json_type_array))
		return complete_wrong(w, "columns", "is no list");
	if ((nothing = columns_with_null(columns, rows)) == NULL)
		jsonout_starve(&w->json);
	jsonout_karray(&w->json, "columns");
	w->path[w->depth++] = "columns";
	for (i = 0; good && nothing != NULL && i < jsonin_length(columns); i++)
		good = column_write(w, jsonin_at(columns, i), nothing[i]);
	w->depth--;
	free(nothing);
	if (good)
		jsonout_end_array(&w->json);
	return good;
}

static bool
table_row(
    struct writing *w, struct json_object *columns, struct json_object *row)
{
	size_t i, n = jsonin_length(columns);

	if (!json_object_is_type(row, json_type_array) ||
	    jsonin_length(row) != n)
		return complete_wrong(
		    w, "rows", "have one that has not a cell for each column");
	jsonout_array(&w->json);
	for (i = 0; i < n; i++)
		if (!cell_write(w, jsonin_string(jsonin_at(columns, i), "type"),
			jsonin_at(row, i)))
			return false;
	jsonout_end_array(&w->json);
	return true;
}

static bool
table_rows(
    struct writing *w, struct json_object *columns, struct json_object *rows)
{
	size_t i;

	if (!json_object_is_type(rows, json_type_array))
		return complete_wrong(w, "rows", "is no list");
	jsonout_karray(&w->json, "rows");
	for (i = 0; i < jsonin_length(rows); i++)
		if (jsonin_at(rows, i) != NULL &&
		    !table_row(w, columns, jsonin_at(rows, i)))
			return false;
	jsonout_end_array(&w->json);
	return true;
}

/* Writes all members of a table; w->path has its name. */
static bool
table_write(struct writing *w, struct json_object *table)
{
	static const struct form_member count = { .name = "row_count",
		.kind = FORM_INTEGER };
	struct json_object *columns = jsonin_member(table, "columns");
	struct json_object *rows = jsonin_member(table, "rows");
	struct json_object *rows_said = jsonin_member(table, count.name);
	struct json_object_iter at;

	jsonout_object(&w->json);
	if (!table_columns(w, columns, rows))
		return false;
	if (rows_said != NULL) {
		jsonout_key(&w->json, count.name);
		if (!complete_value(w, &count, table, rows_said))
			return false;
	}
	if (!table_rows(w, columns, rows))
		return false;
	jsonout_end_object(&w->json);
	json_object_object_foreachC(table, at)
	{
		if (at.val != NULL && strcmp(at.key, "columns") != 0 &&
		    strcmp(at.key, "rows") != 0 &&
		    strcmp(at.key, count.name) != 0)
			complete_unknown(w, at.key);
	}
	return true;
}

bool
complete_table(struct writing *w, const char *name, struct json_object *table)
{
	bool done;

	if (!json_object_is_type(table, json_type_object))
		return complete_wrong(w, name, "is no object");
	w->path[w->depth++] = name;
	done = table_write(w, table);
	w->depth--;
	return done;
}
