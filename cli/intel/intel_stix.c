/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/uuid.h"
#include "cli/intel/intel_stix.h"
#include "ctim/ctim.h"
#include "json/jsonout.h"
#include "store/store.h"

#define PATTERN_MAX 16384 /* bytes of a pattern, or of what an id is of */

/* The path of each type in a pattern; NULL: STIX has no word for it. */
static const char *const bundle_paths[OBSERVABLE_TYPES] = {
	[OBSERVABLE_IP] = "ipv4-addr:value",
	[OBSERVABLE_IPV6] = "ipv6-addr:value",
	[OBSERVABLE_DOMAIN] = "domain-name:value",
	[OBSERVABLE_URL] = "url:value",
	[OBSERVABLE_EMAIL] = "email-addr:value",
	[OBSERVABLE_MD5] = "file:hashes.MD5",
	[OBSERVABLE_SHA1] = "file:hashes.'SHA-1'",
	[OBSERVABLE_SHA256] = "file:hashes.'SHA-256'",
	[OBSERVABLE_HOSTNAME] = "domain-name:value", /* the nearest word */
	[OBSERVABLE_FILE_NAME] = "file:name",
	[OBSERVABLE_MUTEX] = "mutex:name",
	[OBSERVABLE_MAC_ADDRESS] = "mac-addr:value",
	[OBSERVABLE_REGISTRY_KEY] = "windows-registry-key:key",
	[OBSERVABLE_EMAIL_SUBJECT] = "email-message:subject",
	[OBSERVABLE_EMAIL_MESSAGEID] = "email-message:message_id",
	[OBSERVABLE_PROCESS_ARGS] = "process:command_line",
	[OBSERVABLE_CERTIFICATE_ISSUER] = "x509-certificate:issuer",
	[OBSERVABLE_CERTIFICATE_SERIAL] = "x509-certificate:serial_number",
	[OBSERVABLE_USER] = "user-account:user_id"
};

static const char *const bundle_markings[] = {
	[CTIM_WHITE] =
	    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
	[CTIM_GREEN] =
	    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
	[CTIM_AMBER] =
	    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
	[CTIM_RED] = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
};

static const char *const bundle_kinds[] = { [CTIM_CLEAN] = "benign",
	[CTIM_MALICIOUS] = "malicious-activity",
	[CTIM_SUSPICIOUS] = "anomalous-activity",
	[CTIM_COMMON] = "benign",
	[CTIM_UNKNOWN] = "unknown" };

/* Within the bands that `intel import` reads; -1: not given. */
static const int bundle_confidence[] = { [CTIM_SEVERITY_UNKNOWN] = -1,
	[CTIM_SEVERITY_NONE] = 0,
	[CTIM_SEVERITY_INFO] = 10,
	[CTIM_SEVERITY_LOW] = 15,
	[CTIM_SEVERITY_MEDIUM] = 50,
	[CTIM_SEVERITY_HIGH] = 85 };

/* An id of a kind that is the same for the same text: version 5. */
static const char *
bundle_id(char id[CTIM_ID_MAX + 16], const char *kind, const char *text)
{
	char ours[CTIM_ID_MAX];

	ctim_id_of(ours, CTIM_INDICATOR, text);
	snprintf(id, CTIM_ID_MAX + 16, "%s--%s", kind,
	    ours + strlen(ours) - (UUID_STR_LEN - 1));
	return id;
}

/* The pattern; quotes and backslashes of the value are escaped. */
static void
bundle_pattern(struct buf *b, const struct record *r)
{
	const char *s;

	buf_addf(b, "[%s = '", bundle_paths[r->type]);
	for (s = r->value; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_adds(b, "']");
}

static void
bundle_time(struct jsonout *out, const char *key, int64_t t)
{
	char text[RFC3339_MAX];

	rfc3339_text(text, t);
	jsonout_kstring(out, key, text);
}

static void
bundle_strings(struct jsonout *out, const char *key, const char *one)
{
	jsonout_key(out, key);
	jsonout_array(out);
	jsonout_string(out, one);
	jsonout_end_array(out);
}

/* An indicator holds from when it was first seen; STIX wants the end behind the
 * start, and what ended before that is as good as revoked. */
static void
bundle_validity(struct jsonout *out, const struct record *r)
{
	int64_t from = r->first_seen != 0 ? r->first_seen : r->imported;

	if (r->expires != 0 && from >= r->expires)
		from = r->expires - 1;
	bundle_time(out, "valid_from", from);
	if (r->expires != 0)
		bundle_time(out, "valid_until", r->expires);
}

static void
bundle_reference(struct jsonout *out, const struct record *r)
{
	if (r->url == NULL)
		return;
	jsonout_key(out, "external_references");
	jsonout_array(out);
	jsonout_object(out);
	jsonout_kstring(out, "source_name", r->source.title);
	jsonout_kstring(out, "url", r->url);
	jsonout_end_object(out);
	jsonout_end_array(out);
}

static void
bundle_indicator(struct jsonout *out, const struct record *r, struct buf *text)
{
	char id[CTIM_ID_MAX + 16];

	buf_addf(text, "%s|%s|%s", r->source.name, observable_name(r->type),
	    r->value);
	jsonout_object(out);
	jsonout_kstring(out, "type", "indicator");
	jsonout_kstring(out, "spec_version", "2.1");
	jsonout_kstring(out, "id", bundle_id(id, "indicator", text->data));
	bundle_time(out, "created", r->imported);
	bundle_time(out, "modified", r->imported);
	jsonout_kstring(out, "name", r->value);
	jsonout_kstring(out, "description", r->reason);
	bundle_strings(out, "indicator_types", bundle_kinds[r->disposition]);
	buf_reset(text);
	bundle_pattern(text, r);
	jsonout_kstring(out, "pattern", text->data);
	jsonout_kstring(out, "pattern_type", "stix");
	bundle_validity(out, r);
	if (bundle_confidence[r->confidence] != -1)
		jsonout_kint(
		    out, "confidence", bundle_confidence[r->confidence]);
	bundle_strings(out, "labels", r->source.name);
	bundle_strings(out, "object_marking_refs", bundle_markings[r->tlp]);
	bundle_reference(out, r);
	jsonout_end_object(out);
}

void
intel_stix_begin(struct intel_stix *s, struct buf *b)
{
	char id[UUID_STR_LEN];

	*s = (struct intel_stix){ 0 };
	uuid4(id);
	buf_addf(b, "{\"type\":\"bundle\",\"id\":\"bundle--%s\"", id);
}

int
intel_stix_record(struct intel_stix *s, struct buf *b, const struct record *r)
{
	struct jsonout out;
	struct buf text;

	if (bundle_paths[r->type] == NULL) {
		s->foreign++;
		return 0;
	}
	buf_init(&text, PATTERN_MAX);
	/* A list in STIX is not empty: without records there is none. */
	buf_adds(b, s->n++ == 0 ? ",\"objects\":[\n" : ",\n");
	jsonout_init(&out, b);
	bundle_indicator(&out, r, &text);
	buf_free(&text);
	if (r->below)
		s->below++;
	return jsonout_done(&out);
}

void
intel_stix_end(const struct intel_stix *s, struct buf *b)
{
	buf_adds(b, s->n == 0 ? "}\n" : "\n]}\n");
}

void
intel_stix_say(const struct intel_stix *s)
{
	if (s->below != 0)
		fprintf(stderr,
		    "%" PRIu64 " names also mean all below them, which the "
		    "bundle does not say; csv and json do\n",
		    s->below);
	if (s->foreign != 0)
		fprintf(stderr,
		    "%" PRIu64 " records are left out, as STIX has no word for "
		    "their types; csv and json have them\n",
		    s->foreign);
}
