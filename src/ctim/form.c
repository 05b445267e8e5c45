/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ctim/form.h"

static const char *const form_confidences[] = { "High", "Info", "Low", "Medium",
	"None", "Unknown", NULL };
static const char *const form_severities[] = { "Critical", "High", "Info",
	"Low", "Medium", "None", "Unknown", NULL };
static const char *const form_tlps[] = { "amber", "green", "red", "white",
	NULL };
static const char *const form_operators[] = { "and", "not", "or", NULL };
static const char *const form_indicator_types[] = { "Anonymization", "C2",
	"Compromised PKI Certificate", "Domain Watchlist", "Exfiltration",
	"File Hash Watchlist", "Host Characteristics", "IMEI Watchlist",
	"IMSI Watchlist", "IP Watchlist", "Login Name", "Malicious E-mail",
	"Malware Artifacts", "Private Threat Feed", "URL Watchlist", NULL };
static const char *const form_column_types[] = { "integer", "markdown",
	"number", "observable", "string", "url", NULL };

/* Without a value, an observable is none, and so is what speaks of it. */
static const char *const form_has_value[] = { "value", NULL };
static const char *const form_has_ends[] = { "source", "related", NULL };
static const char *const form_has_observables[] = { "observables", NULL };

static const struct form_member form_external_members[] = {
	{ .name = "description", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "external_id", .kind = FORM_TEXT },
	{ .name = "hashes", .kind = FORM_TEXT, .list = true },
	{ .name = "source_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "url", .kind = FORM_URI }, { .name = NULL }
};
static const struct form form_external = { .members = form_external_members };

static const struct form_member form_observable_members[] = {
	{ .name = "type", .kind = FORM_OBSERVABLE, .made = FORM_NEEDED },
	{ .name = "value", .kind = FORM_VALUE, .made = FORM_NEEDED },
	{ .name = NULL }
};
const struct form form_observable = { .members = form_observable_members,
	.value = form_has_value };

static const struct form_member form_relation_members[] = {
	{ .name = "origin", .kind = FORM_TEXT, .made = FORM_MADE_SOURCE },
	{ .name = "origin_uri", .kind = FORM_URI },
	{ .name = "related",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .form = &form_observable },
	{ .name = "relation", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "relation_info", .kind = FORM_ANY },
	{ .name = "source",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .form = &form_observable },
	{ .name = NULL }
};
static const struct form form_relation = { .members = form_relation_members,
	.value = form_has_ends };

static const struct form_member form_target_members[] = {
	{ .name = "observables",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .list = true,
	    .form = &form_observable },
	{ .name = "observed_time", .kind = FORM_WHEN, .made = FORM_MADE_WHEN },
	{ .name = "os", .kind = FORM_TEXT },
	{ .name = "type", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = NULL }
};
static const struct form form_target = { .members = form_target_members,
	.value = form_has_observables };

static const struct form_member form_sensor_members[] = {
	{ .name = "observables",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .list = true,
	    .form = &form_observable },
	{ .name = "os", .kind = FORM_TEXT },
	{ .name = "type", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = NULL }
};
static const struct form form_sensor = { .members = form_sensor_members,
	.value = form_has_observables };

static const struct form_member form_column_members[] = {
	{ .name = "description", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "name", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "required", .kind = FORM_YESNO },
	{ .name = "short_description", .kind = FORM_TEXT },
	{ .name = "type",
	    .kind = FORM_WORD,
	    .made = FORM_NEEDED,
	    .words = form_column_types },
	{ .name = NULL }
};
const struct form form_column = { .members = form_column_members };

static const struct form_member form_phase_members[] = {
	{ .name = "kill_chain_name", .kind = FORM_TERM, .made = FORM_NEEDED },
	{ .name = "phase_name", .kind = FORM_PHASE, .made = FORM_NEEDED },
	{ .name = NULL }
};
static const struct form form_phase = { .members = form_phase_members };

static const struct form_member form_composite_members[] = {
	{ .name = "indicator_ids",
	    .kind = FORM_ID,
	    .made = FORM_NEEDED,
	    .list = true },
	{ .name = "operator",
	    .kind = FORM_WORD,
	    .made = FORM_NEEDED,
	    .words = form_operators },
	{ .name = NULL }
};
static const struct form form_composite = { .members = form_composite_members };

static const struct form_member form_related_members[] = {
	{ .name = "confidence", .kind = FORM_WORD, .words = form_confidences },
	{ .name = "judgement_id", .kind = FORM_ID, .made = FORM_NEEDED },
	{ .name = "relationship", .kind = FORM_TEXT },
	{ .name = "source", .kind = FORM_TEXT }, { .name = NULL }
};
static const struct form form_related = { .members = form_related_members };

/* --- entities */

static const struct form_member form_sightings[] = {
	{ .name = "activity_interval", .kind = FORM_WHEN },
	{ .name = "confidence",
	    .kind = FORM_WORD,
	    .made = FORM_NEEDED,
	    .words = form_confidences },
	{ .name = "context", .kind = FORM_OBJECT, .form = &form_context },
	{ .name = "count", .kind = FORM_COUNT, .made = FORM_MADE_ONE },
	{ .name = "data", .kind = FORM_TABLE },
	{ .name = "description", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "detection_interval", .kind = FORM_WHEN },
	{ .name = "external_ids", .kind = FORM_TEXT, .list = true },
	{ .name = "external_references",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_external },
	{ .name = "internal", .kind = FORM_YESNO },
	{ .name = "language", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "modification_interval", .kind = FORM_WHEN },
	{ .name = "observables",
	    .kind = FORM_OBJECT,
	    .made = FORM_MADE_ASKED,
	    .list = true,
	    .form = &form_observable },
	{ .name = "observed_time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "relations",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_relation },
	{ .name = "resolution", .kind = FORM_TEXT },
	{ .name = "revision", .kind = FORM_COUNT },
	{ .name = "schema_version",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SCHEMA },
	{ .name = "sensor", .kind = FORM_TEXT },
	{ .name = "sensor_coordinates",
	    .kind = FORM_OBJECT,
	    .form = &form_sensor },
	{ .name = "severity", .kind = FORM_WORD, .words = form_severities },
	{ .name = "short_description", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "source",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SOURCE,
	    .max = CTIM_MEDIUM },
	{ .name = "source_uri", .kind = FORM_URI },
	{ .name = "targets",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_target },
	{ .name = "timestamp", .kind = FORM_TIME },
	{ .name = "title", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "tlp", .kind = FORM_WORD, .words = form_tlps },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};

static const struct form_member form_indicators[] = {
	{ .name = "composite_indicator_expression",
	    .kind = FORM_OBJECT,
	    .form = &form_composite },
	{ .name = "confidence", .kind = FORM_WORD, .words = form_confidences },
	{ .name = "description", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "external_ids", .kind = FORM_TEXT, .list = true },
	{ .name = "external_references",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_external },
	{ .name = "indicator_type",
	    .kind = FORM_WORD,
	    .list = true,
	    .words = form_indicator_types },
	{ .name = "kill_chain_phases",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_phase },
	{ .name = "language", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "likely_impact", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "negate", .kind = FORM_YESNO },
	{ .name = "producer",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SOURCE,
	    .max = CTIM_SHORT },
	{ .name = "revision", .kind = FORM_COUNT },
	{ .name = "schema_version",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SCHEMA },
	{ .name = "severity", .kind = FORM_WORD, .words = form_severities },
	{ .name = "short_description", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "source", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "source_uri", .kind = FORM_URI },
	{ .name = "specification", .kind = FORM_SPECIFICATION },
	{ .name = "tags", .kind = FORM_TEXT, .list = true, .max = CTIM_SHORT },
	{ .name = "test_mechanisms",
	    .kind = FORM_TEXT,
	    .list = true,
	    .max = CTIM_MEDIUM },
	{ .name = "timestamp", .kind = FORM_TIME },
	{ .name = "title", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "tlp", .kind = FORM_WORD, .words = form_tlps },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = "valid_time", .kind = FORM_PERIOD, .made = FORM_MADE_EMPTY },
	{ .name = NULL }
};

static const struct form_member form_judgements[] = {
	{ .name = "confidence",
	    .kind = FORM_WORD,
	    .made = FORM_NEEDED,
	    .words = form_confidences },
	{ .name = "disposition",
	    .kind = FORM_DISPOSITION,
	    .made = FORM_NEEDED },
	{ .name = "disposition_name", .kind = FORM_DISPOSITION_NAME },
	{ .name = "external_ids", .kind = FORM_TEXT, .list = true },
	{ .name = "external_references",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_external },
	{ .name = "language", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "observable",
	    .kind = FORM_OBJECT,
	    .made = FORM_MADE_ASKED,
	    .form = &form_observable },
	{ .name = "priority", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "reason", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "reason_uri", .kind = FORM_URI },
	{ .name = "revision", .kind = FORM_COUNT },
	{ .name = "schema_version",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SCHEMA },
	{ .name = "severity",
	    .kind = FORM_WORD,
	    .made = FORM_NEEDED,
	    .words = form_severities },
	{ .name = "source",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SOURCE,
	    .max = CTIM_MEDIUM },
	{ .name = "source_uri", .kind = FORM_URI },
	{ .name = "timestamp", .kind = FORM_TIME },
	{ .name = "tlp", .kind = FORM_WORD, .words = form_tlps },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = "valid_time", .kind = FORM_PERIOD, .made = FORM_NEEDED },
	{ .name = NULL }
};

static const struct form_member form_verdicts[] = { { .name = "disposition",
							.kind =
							    FORM_DISPOSITION,
							.made = FORM_NEEDED },
	{ .name = "disposition_name", .kind = FORM_DISPOSITION_NAME },
	{ .name = "judgement_id", .kind = FORM_END },
	{ .name = "observable",
	    .kind = FORM_OBJECT,
	    .made = FORM_MADE_ASKED,
	    .form = &form_observable },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = "valid_time", .kind = FORM_PERIOD, .made = FORM_NEEDED },
	{ .name = NULL } };

static const struct form_member form_relationships[] = {
	{ .name = "description", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "external_ids", .kind = FORM_TEXT, .list = true },
	{ .name = "external_references",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_external },
	{ .name = "language", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "relationship_type", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "revision", .kind = FORM_COUNT },
	{ .name = "schema_version",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_SCHEMA },
	{ .name = "short_description", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "source", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "source_ref", .kind = FORM_END, .made = FORM_NEEDED },
	{ .name = "source_uri", .kind = FORM_URI },
	{ .name = "target_ref",
	    .kind = FORM_END,
	    .made = FORM_NEEDED,
	    .max = 1 },
	{ .name = "timestamp", .kind = FORM_TIME },
	{ .name = "title", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "tlp", .kind = FORM_WORD, .words = form_tlps },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};

const struct form form_entities[CTIM_KINDS] = {
	[CTIM_SIGHTING] = { .members = form_sightings, .type = "sighting" },
	[CTIM_INDICATOR] = { .members = form_indicators, .type = "indicator" },
	[CTIM_JUDGEMENT] = { .members = form_judgements, .type = "judgement" },
	[CTIM_VERDICT] = { .members = form_verdicts, .type = "verdict" },
	[CTIM_RELATIONSHIP] = { .members = form_relationships,
	    .type = "relationship" }
};

static const struct form_member form_judgement_specification[] = {
	{ .name = "judgements",
	    .kind = FORM_ID,
	    .made = FORM_NEEDED,
	    .list = true },
	{ .name = "required_judgements",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .list = true,
	    .form = &form_related },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};

static const struct form_member form_threat_brain_specification[] = {
	{ .name = "query", .kind = FORM_TEXT },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = "variables",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .list = true },
	{ .name = NULL }
};

static const struct form_member form_snort_specification[] = {
	{ .name = "snort_sig", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};

static const struct form_member form_sioc_specification[] = {
	{ .name = "SIOC", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};

static const struct form_member form_open_ioc_specification[] = {
	{ .name = "open_IOC", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};

const struct form form_specifications[] = {
	{ .members = form_judgement_specification, .type = "Judgement" },
	{ .members = form_threat_brain_specification, .type = "ThreatBrain" },
	{ .members = form_snort_specification, .type = "Snort" },
	{ .members = form_sioc_specification, .type = "SIOC" },
	{ .members = form_open_ioc_specification, .type = "OpenIOC" },
	{ .members = NULL }
};

const char form_known_chain[] = "lockheed-martin-cyber-kill-chain";
const char *const form_known_phases[] = { "actions-on-objective",
	"command-and-control", "delivery", "exploitation", "installation",
	"reconnaissance", "weaponization", NULL };

/* What a map of references writes (relay API, "reference"). */
static const struct form_member form_references[] = { { .name = "categories",
							  .kind = FORM_TEXT,
							  .made =
							      FORM_MADE_SOURCE,
							  .list = true,
							  .max = CTIM_SHORT },
	{ .name = "description",
	    .kind = FORM_TEXT,
	    .made = FORM_MADE_TITLE,
	    .max = CTIM_MARKDOWN },
	{ .name = "id", .kind = FORM_VALUE, .made = FORM_NEEDED },
	{ .name = "title",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "url", .kind = FORM_URI, .made = FORM_NEEDED },
	{ .name = NULL } };
const struct form form_reference = { .members = form_references };

const struct form_member *
form_find(const struct form *form, const char *name)
{
	const struct form_member *m;

	for (m = form->members; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}
